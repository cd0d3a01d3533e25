"""Times that are promised hold for an ordinary machine; a slower or busier one is given as much more as it needs."""

from __future__ import annotations

import functools
import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

ADDITIONS = 100_000
ORDINARY = 0.01
"""Seconds in which an ordinary machine of 2020 makes so many additions in Python 3.11."""


TRIES = 5

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Taken:
    """What something took: seconds of the processor of an ordinary machine and, if it was looked at, bytes at most."""

    seconds: float = 0.0
    peak: int = 0


@contextmanager
def timed() -> Iterator[Taken]:
    """Times what is done inside; garbage is not looked for in what was alive before, such as other tests' networks.

    What follows each line, such as a count of coverage, does not follow it here.
    """
    taken = Taken()
    tracer = sys.gettrace()
    sys.settrace(None)
    before = _pace()
    gc.freeze()
    start = time.process_time()
    try:
        yield taken
    finally:
        seconds = time.process_time() - start
        gc.unfreeze()
        sys.settrace(tracer)
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


def in_time(test: Callable[P, R]) -> Callable[P, R]:
    """A test of time, made again where it fails: what else a machine does lengthens times, and never shortens one."""

    @functools.wraps(test)
    def again(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(TRIES - 1):
            try:
                return test(*args, **kwargs)
            except AssertionError:
                time.sleep(0.1)
        return test(*args, **kwargs)

    return again


def _pace() -> float:
    """How many times longer than an ordinary machine this one takes now."""
    start = time.process_time()
    total = 0
    for number in range(ADDITIONS):
        total += number * number
    return (time.process_time() - start) / ORDINARY
