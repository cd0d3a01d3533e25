"""Watches one input after another: what it raises, how long it takes, and how much memory."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import thread_time
from traceback import extract_tb, format_exception
from types import FrameType

from tests.fuzz.entry import Entry

SECONDS = 2.0
"""Of the processor, for one input; thirty times as long on the clock, for what waits."""
MOST_GROWTH = 2**28
"""What one input may add to the peak of the process's memory, in bytes."""


class HangError(BaseException):
    """An input takes too long; no handler of what is tested may take it for a mistake of the user."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an input.

    Attributes:
        accepted: whether it was taken rather than refused.
        seconds: of the processor.
        fault: where it was neither, what happened, in a line that is the same for the same mistake.
        told: the traceback.
    """

    accepted: bool
    seconds: float
    fault: str = ""
    told: str = ""


def watch(entry: Entry, data: bytes) -> Outcome:
    """Does with an input what the entry does, and looks on."""
    before, start = peak(), thread_time()
    try:
        with _limited():
            accepted = entry.take(data)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  that is what is looked for
        return Outcome(False, thread_time() - start, _signature(error), "".join(format_exception(error)))
    seconds, now = thread_time() - start, peak()
    fault = ""
    if seconds > SECONDS:
        fault = f"took {seconds:.1f} s"
    elif now - before > MOST_GROWTH:
        fault = f"memory grew by {(now - before) >> 20} MiB"
    return Outcome(accepted, seconds, fault)


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    return getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@contextmanager
def _limited() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_PROF, SECONDS, 0.1)  # again, as a callback of Python's own may lose the first
    signal.setitimer(signal.ITIMER_REAL, 30 * SECONDS, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def listen() -> Iterator[None]:
    """Makes the clocks heard, in the main thread; afterwards all is as it was."""
    before = [(number, signal.signal(number, _hang)) for number in (signal.SIGPROF, signal.SIGALRM)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _hang(_number: int, _frame: FrameType | None) -> None:
    raise HangError(f"more than {SECONDS:g} s of the processor, or waits")


def _signature(error: BaseException) -> str:
    """The exception and the innermost place in resdsl that it came through."""
    while isinstance(error, AssertionError) and error.__cause__ is not None:
        error = error.__cause__
    frames = extract_tb(error.__traceback__)
    own = [f for f in frames if "/resdsl/" in f.filename] or frames
    place = f"{Path(own[-1].filename).name}:{own[-1].name}" if own else "nowhere"
    return f"{type(error).__name__} in {place}"
