"""Zip archives, as PyTorch and numpy write checkpoints."""

from __future__ import annotations

import struct
import zipfile
from collections import Counter
from typing import Final

from resdsl.weights.checkpoint import unreadable


def open_archive(path: str) -> zipfile.ZipFile:
    """An archive of which every member has a name of its own.

    Raises:
        ResError: where the file is damaged, or names a member twice: readers would differ in which one they take.
    """
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGE as error:
        raise unreadable(path, f"is a damaged archive: {error}") from None
    names = Counter(archive.namelist())
    name, count = names.most_common(1)[0] if names else ("", 0)
    if count > 1:
        raise unreadable(path, f"has {count} members `{name}`")
    return archive


def holds_arrays(archive: zipfile.ZipFile) -> bool:
    """Whether it has arrays of numpy and nothing else."""
    names = archive.namelist()
    return bool(names) and all(name.endswith(".npy") for name in names)


DAMAGE: Final = (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, struct.error)
"""What zipfile raises on changed bytes."""
