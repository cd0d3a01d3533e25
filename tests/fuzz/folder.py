"""The folder that inputs write files to; it goes when the process ends."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory


def folder() -> Path:
    """An empty folder of this process; who writes to it empties it."""
    return Path(_made().name)


@cache
def _made() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="resdsl-fuzz-")
