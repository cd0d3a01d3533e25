"""Checkpoints in the safetensors form: a header that says all, then numbers; nothing in it can run."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, Final

from resdsl.weights.checkpoint import Checkpoint, Stored, unreadable


def open_safetensors(path: str) -> Checkpoint:
    """The tensors of a file; only its header is read, and torch is not needed. Raises ResError."""
    header = _header(path)
    tensors: dict[str, Stored] = {}
    for key in sorted(header, key=_natural):  # the file has them by size
        tensors[key] = Stored(tuple(header[key]["shape"]), header[key]["dtype"].lower())
    values: list[Any] = []

    def read(key: str) -> Any:
        if not values:
            values.append(_open(path, "pt"))
        return values[0].get_tensor(key)

    return Checkpoint(path, tensors, read)


def in_order(content: bytes) -> bytes:
    """The same file, what it says of itself in the order of names: the package writes that in any order (0.8)."""
    start = 8 + int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8:start])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return b"".join((content[:8], text.ljust(start - 8), memoryview(content)[start:]))


def _header(path: str) -> dict[str, Any]:
    """What the file says of each tensor. The package checks all of it but this: that no name stands there twice."""
    with open(path, "rb") as file:  # noqa: PTH123
        size = int.from_bytes(file.read(8), "little")
        if size > _LARGEST_HEADER:
            raise unreadable(path, f"has a header of {size:,} bytes, and at most {_LARGEST_HEADER:,} are read")
        text = file.read(size)
    _open(path, "numpy")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            [(name, count)] = Counter(name for name, _ in pairs).most_common(1)
            raise unreadable(path, f"has `{name}` {count} times in its header")
        return found

    header: dict[str, Any] = json.loads(text, object_pairs_hook=once)
    header.pop("__metadata__", None)
    return header


def _natural(key: str) -> list[tuple[int, str]]:
    """Sorts numbers in names as numbers: `layer2` before `layer10`."""
    parts = re.split(r"0*(\d+)", key)
    return [(len(part) if part.isdecimal() else 0, part) for part in parts]  # of two numbers the longer is larger


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


_LARGEST_HEADER: Final = 16 * 1024 * 1024
"""Bytes: more than a hundred thousand tensors take."""
