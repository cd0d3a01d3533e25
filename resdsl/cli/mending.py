"""Files mended by `resdsl check --fix`, or what that would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from resdsl.cli.difference import difference
from resdsl.cli.formats import count
from resdsl.cli.line_ends import with_line_ends
from resdsl.cli.mend import mend
from resdsl.cli.specs import new_loader, read_stdin, spec_file, spec_folder
from resdsl.diagnostics import Diagnostic
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.emit.write import write_file
from resdsl.source import Source, Span


def mend_files(specs: Sequence[str], *, write: bool) -> int:
    """Mends files, or prints what that would change; how many change. One that cannot be read is left alone.

    A file shows more mistakes once those in a file that it uses are mended: all are looked at until none changes. Only
    then are they written.
    """
    before: dict[str, Source] = {}
    texts: dict[Path, str] = {}
    n_fixes, is_new = 0, True
    while is_new:
        is_new = False
        for spec in specs:
            loader = _Loader(texts)
            with loader.problems.collect():
                source = loader.read(Path(spec).resolve())
                before.setdefault(spec, source)
                mended = mend(source, loader)
                n_fixes += mended.n_fixes
                is_new |= mended.text != source.text and len(specs) > 1
                texts[Path(spec).resolve()] = mended.text
    changed = [spec for spec, source in before.items() if texts[Path(spec).resolve()] != source.text]
    for spec in changed:
        raw = Path(spec).read_bytes().decode()
        text = with_line_ends(texts[Path(spec).resolve()], raw)
        if write:
            write_file(spec, text)
        else:
            click.echo(difference(spec, raw, text, "mended"), nl=False)
    if changed:
        could = "" if write else "can be "
        click.echo(f"{count(n_fixes, 'mistake')} {could}mended in {count(len(changed), 'file')}", err=True)
    return len(changed)


def mend_stdin(*, write: bool) -> tuple[Diagnostic, ...]:
    """Prints standard input mended, or what that would change; what is still wrong."""
    source = read_stdin()
    mended = mend(source, new_loader())
    shown = mended.text if write else difference("<stdin>", source.text, mended.text, "mended")
    click.echo(shown, nl=False)
    return mended.checked.diagnostics


def refuse_what_is_no_file(specs: Sequence[str]) -> None:
    """Raises UsageError for what cannot be changed: names of the library, texts, standard input beside files."""
    for spec in specs:
        if spec == "-" and len(specs) > 1:
            raise click.UsageError("standard input is mended alone, or not at all")
        if spec != "-" and spec_file(spec) is None and spec_folder(spec) is None:
            raise click.UsageError(f"only files can be mended, and `{spec[:40]}` is none")


class _Loader(Loader):
    """Reads files as they are once mended."""

    def __init__(self, texts: Mapping[Path, str]) -> None:
        super().__init__(Problems())
        self._texts = texts

    def read(self, path: Path, span: Span | None = None) -> Source:
        source = super().read(path, span)
        return Source(source.name, self._texts.get(path, source.text), path)
