"""What a SPEC on the command line stands for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import click

from resdsl.compiler import read, read_recovering
from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.elaborate.definitions import Loader, as_text
from resdsl.elaborate.problems import Problems, mistake
from resdsl.limits import DEFAULT
from resdsl.program import ReadProgram
from resdsl.record import record
from resdsl.source import Source


def read_spec(spec: str, *, loader: Loader | None = None) -> ReadProgram:
    """The program of a SPEC: a file, a name of the library, `-`, or the text itself.

    Specs that are read with one loader share the files that they use. Raises ResError.
    """
    return read(_place(spec), loader=loader)


def read_spec_recovering(spec: str, *, loader: Loader | None = None) -> ReadProgram:
    """The same, and what of it could be understood where not all could be. Raises ResError where there is no text."""
    return read_recovering(_place(spec), loader=loader)


def new_loader() -> Loader:
    """A loader for several specs."""
    return Loader(Problems(), DEFAULT)


def spec_file(spec: str) -> Path | None:
    """The file that a SPEC is; None for a name of the library, for `-`, and for a text, which may be of any length."""
    return Path(spec) if spec != "-" and _is(spec, Path.is_file) else None


def spec_folder(spec: str) -> Path | None:
    """The folder that a SPEC is; None for anything else."""
    return Path(spec) if _is(spec, Path.is_dir) else None


def beside(spec: str) -> Path:
    """Where what is made of a SPEC goes: beside the file; into the working folder where it is none."""
    file = spec_file(spec)
    return file.parent if file is not None else Path()


@record
class Expanded:
    """What specs stand for: `specs` without folders, and a message for each link in these that leads out of its folder.

    Who wrote the folder has not been asked to read, or to change, what such a link leads to.
    """

    specs: tuple[str, ...]
    refused: tuple[Diagnostic, ...]


def expand_folders(specs: Iterable[str]) -> Expanded:
    """The specs, each folder replaced by the files below it, sorted by path."""
    expanded: list[str] = []
    refused: list[Diagnostic] = []
    for spec in specs:
        folder = spec_folder(spec)
        if folder is None:
            expanded.append(spec)
            continue
        files = sorted(path for path in folder.rglob("*") if path.suffix in _SUFFIXES and path.is_file())
        if not files:
            raise click.UsageError(f"no .res file in `{spec}`")
        root = folder.resolve()
        for path in files:
            if path.resolve().is_relative_to(root):
                expanded.append(str(path))
            else:
                message = f"`{path}` is a link that leads out of `{spec}`"
                refused.append(Diagnostic(Code.FILE_UNREADABLE, message, help="name what it leads to"))
    return Expanded(tuple(expanded), tuple(refused))


def read_stdin() -> Source:
    """The text of standard input, read as a file is. Raises ResError where it is none, or larger than a file may be."""
    data = sys.stdin.buffer.read(DEFAULT.file_bytes + 1)
    problems = Problems()
    with problems.collect():
        if len(data) > DEFAULT.file_bytes:
            message = f"standard input has more than {DEFAULT.file_bytes:,} bytes, which a file may have"
            raise mistake(Code.LIMIT_SOURCE, message, None)
        return Source("<stdin>", as_text(data, "standard input"))
    raise ResError(problems.errors)


def _is(spec: str, what: Callable[[Path], bool]) -> bool:
    try:
        return what(Path(spec))
    except OSError:  # a text is longer than the system lets a name be
        return False


def _place(spec: str) -> Source | Path | str:
    """Where a SPEC is read; what is the path of a file is no text, whatever it looks like."""
    return read_stdin() if spec == "-" else spec_file(spec) or spec


_SUFFIXES: Final = frozenset({".res", ".resdsl"})
