"""Counts the work of elaboration, so that no program takes longer than its caller allows.

A step is about what a sum of two numbers costs, some two millionths of a second. What costs more counts for more.

Most of what a large network takes follows from how many blocks and links it has. That is foreseen, by arithmetic on
these counts, and refused before it is begun. Of what nothing foretells, as lists that are added up again and again, a
program may take a sixteenth of its steps; that ends as quickly.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Final

from resdsl.diagnostics import Code, Diagnostic
from resdsl.elaborate.problems import Echo, Mistake, mistake
from resdsl.limits import Limits
from resdsl.record import state
from resdsl.source import Span

USED_FILE: Final = 100
"""A `use` that is followed, without the names that it brings."""
NETWORK: Final = 650
"""A network, without what is in it."""
PLACED_STEP: Final = 8
"""A block or a chain of layers that is put on the spine."""
PLACED_LAYER: Final = 50
"""A layer that is put into a unit."""
NEW_UNIT: Final = 130
"""A block that is not like one before it, without its layers."""
LINK: Final = 40
"""A link between two blocks."""
GATHERED: Final = 4
"""A statement of a network, of its base's too."""
LISTED: Final = 8
"""So many items of a list are looked at in one step."""
COMPARISONS: Final = 8_000
"""So many times a misspelt name is compared with one that it may mean; who misspells more gets less help."""


@state
class Work:
    """What is left of the steps that a program may take: of all, and of those that were not foreseen.

    `comparisons` are those that misspelt names may still take.
    """

    limits: Limits
    left: int
    unforeseen: int
    comparisons: int = COMPARISONS
    refusal: Diagnostic | None = None

    @property
    def is_done(self) -> bool:
        """Whether more were wanted than may be taken: `refusal` tells it."""
        return self.refusal is not None


@state
class Taken:
    """The steps that something took, and how many of these were not foreseen: fewer than none where more were."""

    steps: int = 0
    unforeseen: int = 0


@contextmanager
def metered(limits: Limits, text: str = "") -> Generator[Work]:
    """What is elaborated meanwhile counts together; where something is counted already, as a part of that.

    Of what is not foreseen, a long text may take a step more for each of its characters.
    """
    with counted(_RUNNING.get() or begin_work(limits, text)) as work:
        yield work


def begin_work(limits: Limits, text: str = "") -> Work:
    """What a program may take that has not begun."""
    return Work(limits, limits.work, n_unforeseen(limits) + len(text))


@contextmanager
def counted(work: Work) -> Generator[Work]:
    """What is elaborated meanwhile counts as a part of this work, of which a part may be done."""
    token = _RUNNING.set(work)
    try:
        yield work
    finally:
        _RUNNING.reset(token)


@contextmanager
def weighed(taken: Taken) -> Generator[None]:
    """The steps of what is elaborated meanwhile are added to what is taken, if they are counted."""
    work = _RUNNING.get()
    if work is None:
        yield
        return
    left, unforeseen = work.left, work.unforeseen
    yield
    taken.steps += left - work.left
    taken.unforeseen += unforeseen - work.unforeseen


def take_again(taken: Taken, work: Work, span: Span | None) -> None:
    """Counts what was taken once for what need not be done again; where that is too much, the work is done."""
    work.unforeseen += taken.steps - taken.unforeseen
    with counted(work), suppress(Mistake, Echo):
        spend(taken.steps, span)


def spend(steps: int, span: Span | None) -> None:
    """Counts steps before they are taken.

    Raises Mistake where no more are allowed, and Echo where that is told already.
    """
    work = _RUNNING.get()
    if work is None:
        return
    if work.is_done:
        raise Echo
    work.left -= steps
    work.unforeseen -= steps
    if work.left < 0:
        raise _refused(work, _TOO_MUCH.format(work.limits.work), span)
    if work.unforeseen < 0:
        raise _refused(work, _TOO_MUCH_UNFORESEEN.format(n_unforeseen(work.limits)), span)


def n_compared(n_candidates: int) -> int:
    """With how many of so many candidates a misspelt name may be compared: those of a program are counted together."""
    work = _RUNNING.get()
    if work is None:
        return n_candidates
    n_candidates = min(n_candidates, work.comparisons)
    work.comparisons -= n_candidates
    return n_candidates


def foresee(steps: int, span: Span | None, *, at_most: int = 0) -> None:
    """Says how many steps will be taken at least, before any of them is; twice as many may be, or `at_most`.

    Raises Mistake where they are more than are left, and Echo where that is told already. None is counted yet.
    """
    work = _RUNNING.get()
    if work is None:
        return
    if work.is_done:
        raise Echo
    work.unforeseen += max(2 * steps, at_most)
    if steps > work.left:
        raise _refused(work, _TOO_MUCH.format(work.limits.work), span)


def n_left() -> int:
    """How many steps may still be taken; the difference of two such numbers is what was taken between."""
    work = _RUNNING.get()
    return work.left if work is not None else 0


def n_unforeseen(limits: Limits) -> int:
    """How many of its steps a program may take that nothing foretells."""
    return max(limits.work // _PART, min(limits.work, _LEAST))


def _refused(work: Work, message: str, span: Span | None) -> Mistake:
    help = "check the networks of this file in several files, or raise the limit: `Limits(work=…)`"
    refused = mistake(Code.LIMIT_WORK, message, span, help=help)
    work.refusal = refused.diagnostic
    return refused


_TOO_MUCH: Final = "elaborating this takes more than {:,} steps; the caller allows no more"
_TOO_MUCH_UNFORESEEN: Final = (
    "computing the values of this file takes more than {:,} steps; the caller allows no more beside those for layers"
)
_PART: Final = 16
_LEAST: Final = 20_000
_RUNNING: ContextVar[Work | None] = ContextVar("work", default=None)
