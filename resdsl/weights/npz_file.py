"""Checkpoints as numpy's archives of arrays; arrays of objects, which are pickles, are refused."""

from __future__ import annotations

import zipfile
import zlib
from math import prod
from typing import IO, Any, Final

from resdsl.weights.archive import DAMAGE
from resdsl.weights.checkpoint import Checkpoint, Stored, unreadable


def open_npz(path: str, archive: zipfile.ZipFile) -> Checkpoint:
    """The arrays of an archive, by their names; only what is asked for is inflated. Raises ResError."""
    tensors: dict[str, Stored] = {}
    for member in archive.infolist():
        key = member.filename.removesuffix(".npy")
        try:
            with archive.open(member) as file:
                shape, dtype = _header(file)
                n_bytes = file.tell() + prod(shape) * dtype.itemsize
        except (*DAMAGE, *_OF_HEADERS, zlib.error) as error:
            raise unreadable(path, f"is a damaged archive of arrays: {error}") from None
        if dtype.hasobject:
            raise unreadable(path, f"holds objects in `{key}`, and nothing in a checkpoint is run")
        if n_bytes != member.file_size:
            raise unreadable(path, f"has {member.file_size:,} bytes for `{key}`, which takes {n_bytes:,}")
        tensors[key] = Stored(shape, str(dtype))

    def read(key: str) -> Any:
        from numpy.lib import format as npy

        try:
            with archive.open(f"{key}.npy") as file:
                return npy.read_array(file, allow_pickle=False)
        except (*DAMAGE, zlib.error) as error:
            raise unreadable(path, f"is a damaged archive of arrays: {error}") from None

    return Checkpoint(path, tensors, read)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], Any]:
    """The shape and type that an array begins with."""
    from numpy.lib import format as npy

    version = npy.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = npy.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, _, dtype = npy.read_array_header_2_0(file)
    else:
        raise ValueError(f"version {version} of the format is for arrays of records")
    return shape, dtype


_OF_HEADERS: Final = (SyntaxError, TypeError, RecursionError, MemoryError, LookupError)
"""What the text of a header raises, which numpy reads as a literal of Python."""
