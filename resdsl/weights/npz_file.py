"""Checkpoints as numpy's archives of arrays; arrays of objects, which are pickles, are refused."""

from __future__ import annotations

import zipfile
import zlib

from resdsl.weights.checkpoint import Checkpoint, Stored, unreadable


def is_npz(path: str) -> bool:
    """Whether a zip file holds arrays of numpy and nothing else."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
    return bool(names) and all(name.endswith(".npy") for name in names)


def open_npz(path: str) -> Checkpoint:
    """The arrays of a file, by their names. Raises ResError."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except (ValueError, OSError, EOFError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise unreadable(path, f"is a damaged archive of arrays, or holds objects: {error}") from None
    tensors = {key: Stored(tuple(array.shape), str(array.dtype)) for key, array in arrays.items()}
    return Checkpoint(path, "npz", tensors, arrays.__getitem__)
