"""Times that are promised hold for an ordinary machine; a slower or busier one is given as much more as it needs."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

ADDITIONS = 100_000
ORDINARY = 0.01
"""Seconds in which an ordinary machine of 2020 makes so many additions in Python 3.11."""


@dataclass
class Taken:
    """What something took: seconds of the processor of an ordinary machine and, if it was looked at, bytes at most."""

    seconds: float = 0.0
    peak: int = 0


@contextmanager
def timed() -> Iterator[Taken]:
    """Times what is done inside; garbage is not looked for in what was alive before, such as other tests' networks."""
    taken = Taken()
    before = _pace()
    gc.freeze()
    start = time.process_time()
    try:
        yield taken
    finally:
        seconds = time.process_time() - start
        gc.unfreeze()
        taken.seconds = seconds / max(1.0, before, _pace())


@contextmanager
def measured() -> Iterator[Taken]:
    """Times what is done inside and looks at its memory, which makes it slower."""
    with timed() as taken:
        tracemalloc.start()
        try:
            yield taken
        finally:
            taken.peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()


def _pace() -> float:
    """How many times longer than an ordinary machine this one takes now."""
    start = time.process_time()
    total = 0
    for number in range(ADDITIONS):
        total += number * number
    return (time.process_time() - start) / ORDINARY
