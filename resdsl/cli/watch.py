"""Does something again whenever a file has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from time import sleep
from typing import NoReturn

import click

Stamps = dict[Path, tuple[int, int]]
"""When each file was written, and its size; what is not there has none."""


def repeat(do: Callable[[], Iterable[Path]], also: Callable[[], Iterable[Path]]) -> NoReturn:
    """Does it now and after each change, until Ctrl-C.

    Args:
        do: what is done; gives the files that it has looked at.
        also: further files, looked for anew each time: those that are new count as changed.
    """
    while True:
        before = _stamps(also())  # taken before the files are read: what is written meanwhile is seen next
        files = list(do())
        before = {**_stamps(files), **before}
        while _stamps((*files, *also())) == before:
            sleep(_EVERY)
        click.clear()


def _stamps(files: Iterable[Path]) -> Stamps:
    stamps: Stamps = {}
    for file in files:
        try:
            about = file.stat()
        except OSError:
            continue
        stamps[file] = about.st_mtime_ns, about.st_size
    return stamps


_EVERY = 0.2  # seconds
