"""Counts the work of elaboration, so that no program takes longer than its caller allows.

A step is about what a sum of two numbers costs, some two millionths of a second. What costs more counts for more.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from resdsl.diagnostics import Code
from resdsl.elaborate.problems import Echo, Mistake, mistake
from resdsl.limits import Limits
from resdsl.record import state
from resdsl.source import Span

USED_FILE: Final = 100
"""A `use` that is followed, without the names that it brings."""
NETWORK: Final = 500
"""A network, without what is in it."""
PLACED_STEP: Final = 8
"""A block or a chain of layers that is put on the spine."""
PLACED_LAYER: Final = 40
"""A layer that is put into a unit."""
NEW_UNIT: Final = 100
"""A block that is not like one before it, without its layers."""
LINK: Final = 40
"""A link between two blocks."""


@state
class Work:
    """What is left of the steps that a program may take."""

    limits: Limits
    left: int

    @property
    def is_done(self) -> bool:
        """Whether more were wanted than may be taken, as is told then."""
        return self.left < 0


@contextmanager
def metered(limits: Limits) -> Generator[Work]:
    """What is elaborated meanwhile counts together; where something is counted already, as a part of that."""
    running = _RUNNING.get()
    if running is not None:
        yield running
        return
    token = _RUNNING.set(work := Work(limits, limits.work))
    try:
        yield work
    finally:
        _RUNNING.reset(token)


def spend(steps: int, span: Span | None) -> None:
    """Counts steps before they are taken.

    Raises Mistake where no more are allowed, and Echo where that is told already.
    """
    work = _RUNNING.get()
    if work is None:
        return
    if work.left < 0:
        raise Echo
    work.left -= steps
    if work.left < 0:
        raise _too_much(work, span)


def foresee(steps: int, span: Span | None) -> None:
    """Raises Mistake where as many steps as these are more than are left; counts none."""
    work = _RUNNING.get()
    if work is not None and steps > work.left:
        raise _too_much(work, span)


def _too_much(work: Work, span: Span | None) -> Mistake:
    message = f"elaborating this takes more than {work.limits.work:,} steps; the caller allows no more"
    help = "check the networks of this file in several files, or raise the limit: `Limits(work=…)`"
    return mistake(Code.LIMIT_WORK, message, span, help=help)


_RUNNING: ContextVar[Work | None] = ContextVar("work", default=None)
