"""Collects mistakes: each is told once, and nothing that follows from a mistake already told is."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import TypeVar

from resdsl.diagnostics import Code, Diagnostic, Fix, InternalError, Note
from resdsl.record import field, state
from resdsl.source import Span

_T = TypeVar("_T")


class Mistake(Exception):  # noqa: N818 - the word of the project
    """One mistake, on its way to the nearest place that can go on without it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic)
        self.diagnostic = diagnostic


class Echo(Exception):  # noqa: N818 - the word of the project
    """Something that cannot be computed because of a mistake that is already told; says nothing itself."""


def mistake(
    code: Code,
    message: str,
    span: Span | None,
    *,
    label: str = "",
    notes: tuple[Note, ...] = (),
    help: str = "",
    fixes: tuple[Fix, ...] = (),
) -> Mistake:
    """The mistake, to be raised."""
    return Mistake(Diagnostic(code, message, span, label=label, notes=notes, help=help, fixes=fixes))


def sure(value: object, kind: type[_T]) -> _T:
    """The value, which an earlier phase has made of this type."""
    if isinstance(value, kind):
        return value
    raise InternalError(f"a {kind} is promised here, not {value!r}")


@state
class Problems:
    """What was found so far; `found` holds errors and warnings in the order of finding."""

    found: list[Diagnostic] = field(factory=list[Diagnostic])
    _told: set[Diagnostic] = field(factory=set[Diagnostic])

    def __post_init__(self) -> None:
        """Knows what it starts with."""
        self._told.update(self.found)

    @contextmanager
    def collect(self) -> Generator[None]:
        """Goes on after the block when a mistake, or an echo of one, ends it early."""
        try:
            yield
        except Mistake as raised:
            self.add(raised.diagnostic)
        except Echo:
            return

    def add(self, diagnostic: Diagnostic) -> None:
        """Keeps a diagnostic, unless it is told already."""
        if diagnostic not in self._told:
            self._told.add(diagnostic)
            self.found.append(diagnostic)

    def add_unless_told(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keeps those that tell of no place of which the same kind of thing is told already.

        Networks that derive from one another meet the same mistake, each with shapes and values of its own.
        """
        told = {(d.code, d.span) for d in self.found if d.span is not None}
        for diagnostic in diagnostics:
            if (diagnostic.code, diagnostic.span) not in told:
                self.add(diagnostic)

    def warn(
        self,
        code: Code,
        message: str,
        span: Span | None,
        *,
        notes: tuple[Note, ...] = (),
        help: str = "",
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        """Keeps a warning."""
        self.add(Diagnostic(code, message, span, notes=notes, help=help, fixes=fixes, severity="warning"))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors alone, in file order."""
        return tuple(sorted((d for d in self.found if d.severity == "error"), key=_place))

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings alone, in file order."""
        return tuple(sorted((d for d in self.found if d.severity == "warning"), key=_place))


def _place(diagnostic: Diagnostic) -> tuple[str, int]:
    span = diagnostic.span
    return (span.source.name, span.start) if span else ("", -1)
