"""Opens a checkpoint by what stands in it, never by running any of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        form: what it is: `safetensors`, `torch`, `npz` or `caffemodel`.
        tensors: what it holds, by key, in its own order.
        read: the numbers of a tensor, by its key: a torch tensor or a numpy array.
        part: where in the file the tensors stand, for a file that holds more than one state: `state_dict`.
    """

    path: str
    form: str
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
    start = _first_bytes(path)
    if start[8:9] == b"{" or Path(path).suffix == ".safetensors":
        from resdsl.weights.safetensors_file import open_safetensors

        return open_safetensors(str(path))
    if Path(path).suffix == ".caffemodel":
        from resdsl.weights.caffe_file import open_caffemodel

        return open_caffemodel(str(path))
    if start.startswith(b"PK"):
        from resdsl.weights.npz_file import is_npz, open_npz

        if is_npz(str(path)):
            return open_npz(str(path))
    elif not start.startswith(b"\x80"):
        raise unreadable(path, "is no checkpoint", f"{FORMS}; this file begins with {start[:8]!r}")
    from resdsl.weights.torch_file import open_torch

    return open_torch(str(path), part)


def unreadable(path: str | Path, why: str, help: str = "") -> ResError:
    """The error for a file that cannot be taken: `PATH WHY`."""
    return ResError([Diagnostic(Code.FILE_UNREADABLE, f"`{path}` {why}", help=help)])


def _first_bytes(path: str | Path) -> bytes:
    try:
        with Path(path).open("rb") as file:
            start = file.read(9)
    except OSError as error:
        raise unreadable(path, f"cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # a NUL in the name
        raise unreadable(str(path).replace("\0", "?"), f"cannot be read: {error}") from None
    if not start:
        raise unreadable(path, "is empty")
    return start


FORMS = "checkpoints are .safetensors, PyTorch's .pth and .pt, .npz and .caffemodel"
"""What `open_checkpoint` takes, in words."""
