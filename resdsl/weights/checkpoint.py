"""Opens a checkpoint by what stands in it, never by running any of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from resdsl.diagnostics import Code, Diagnostic, ResError


@dataclass(frozen=True, slots=True)
class Stored:
    """One tensor of a checkpoint: its dimensions, and the type of its numbers as the file names it."""

    dims: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint that was opened.

    Attributes:
        path: the file, as it was named.
        tensors: what it holds, by key, in its own order.
        read: the numbers of a tensor, by its key: a torch tensor or a numpy array.
        part: where in the file the tensors stand, for a file that holds more than one state: `state_dict`.
    """

    path: str
    tensors: Mapping[str, Stored]
    read: Callable[[str], Any]
    part: str = ""


def open_checkpoint(path: str | Path, part: str | None = None) -> Checkpoint:
    """Reads what tensors a file holds: a `.safetensors`, a PyTorch file of weights, an `.npz`, a `.caffemodel`.

    Args:
        path: the file.
        part: which state is meant, where a PyTorch file holds several: `model`, `ema.state_dict`.

    Raises:
        ResError: where the file cannot be read, is damaged, holds no tensors, or only opens by running what is in it.
    """
    checkpoint = _open(str(path), _first_bytes(path), part)
    check_names(checkpoint.path, checkpoint.tensors)
    return checkpoint


def _open(path: str, start: bytes, part: str | None) -> Checkpoint:
    if start[8:9] == b"{" or path.endswith(".safetensors"):
        from resdsl.weights.safetensors_file import open_safetensors

        return open_safetensors(path)
    if path.endswith(".caffemodel"):
        from resdsl.weights.caffe_file import open_caffemodel

        return open_caffemodel(path)
    if start.startswith(b"PK\3\4"):
        from resdsl.weights.archive import holds_arrays, open_archive

        archive = open_archive(path)
        if holds_arrays(archive):
            from resdsl.weights.npz_file import open_npz

            return open_npz(path, archive)
        from resdsl.weights.torch_file import open_torch

        return open_torch(path, archive, part)
    if start.startswith(b"\x80"):
        from resdsl.weights.torch_file import open_old_torch

        return open_old_torch(path, part)
    raise unreadable(path, "is no checkpoint", f"{FORMS}; this file begins with {start[:8]!r}")


def check_names(path: str | Path, names: Iterable[str]) -> None:
    """Raises ResError where a name in a file is longer than names are, or has characters that a terminal would obey."""
    for name in names:
        if len(name) > _LONGEST_NAME:
            raise unreadable(path, f"has a name of {len(name):,} characters; at most {_LONGEST_NAME:,} are read")
        if not name.isprintable():
            raise unreadable(path, f"has the name `{name}`, and names have printable characters alone")


def unreadable(path: str | Path, why: str, help: str = "") -> ResError:
    """The error for a file that cannot be taken: `PATH WHY`; what a terminal would obey is written out."""
    return ResError([Diagnostic(Code.FILE_UNREADABLE, _printable(f"`{path}` {why}"), help=_printable(help))])


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _first_bytes(path: str | Path) -> bytes:
    try:
        if Path(path).is_fifo():  # to open one waits until somebody writes there
            raise unreadable(path, "is no file that can be read twice")
        with Path(path).open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise unreadable(path, f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # a NUL in the name
        raise unreadable(path, f"cannot be read: {error}") from None
    if not start:
        raise unreadable(path, "is empty")
    return start


_LONGEST_NAME: Final = 1024

FORMS = "checkpoints are .safetensors, PyTorch's .pth and .pt, .npz and .caffemodel"
"""What `open_checkpoint` takes, in words."""
