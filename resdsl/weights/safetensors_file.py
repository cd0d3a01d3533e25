"""Checkpoints in the safetensors form: a header that says all, then numbers; nothing in it can run."""

from __future__ import annotations

import re
from typing import Any

from resdsl.weights.checkpoint import Checkpoint, Stored, unreadable


def open_safetensors(path: str) -> Checkpoint:
    """The tensors of a file; only its header is read, and torch is not needed. Raises ResError."""
    header = _open(path, "numpy")
    tensors: dict[str, Stored] = {}
    for key in sorted(header.keys(), key=_natural):  # the file has them by size
        about = header.get_slice(key)
        tensors[key] = Stored(tuple(about.get_shape()), str(about.get_dtype()).lower())
    values: list[Any] = []

    def read(key: str) -> Any:
        if not values:
            values.append(_open(path, "pt"))
        return values[0].get_tensor(key)

    return Checkpoint(path, "safetensors", tensors, read)


def _natural(key: str) -> list[tuple[int, str]]:
    """Sorts numbers in names as numbers: `layer2` before `layer10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", key)]


def _open(path: str, framework: str) -> Any:
    try:
        from safetensors import SafetensorError, safe_open
    except ModuleNotFoundError:
        help = "pip install 'resdsl[weights]'"
        raise unreadable(path, "needs the package safetensors, which is not installed", help) from None
    try:
        return safe_open(path, framework=framework)
    except SafetensorError as error:
        raise unreadable(path, f"is a damaged safetensors file: {str(error).rpartition(': ')[2]}") from None
    except OSError as error:
        raise unreadable(path, f"cannot be read: {error.strerror or error}") from None
