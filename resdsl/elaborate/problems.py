"""Collects mistakes: each is told once, and nothing that follows from a mistake already told is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Final, TypeVar

from resdsl.diagnostics import Code, Diagnostic, Fix, InternalError, Note
from resdsl.record import field, state
from resdsl.shape import Shape
from resdsl.source import Span
from resdsl.syntax import ast

_T = TypeVar("_T")


class Mistake(Exception):  # noqa: N818 - the word of the project
    """One mistake, on its way to the nearest place that can go on without it.

    `leaves` is what is known, nevertheless, of the shape that leaves the layer which is wrong; `beside` tells what
    else is wrong in the same expression.
    """

    def __init__(
        self, diagnostic: Diagnostic, leaves: Shape | None = None, beside: tuple[Diagnostic, ...] = ()
    ) -> None:
        super().__init__(diagnostic)
        self.diagnostic = diagnostic
        self.leaves = leaves
        self.beside = beside

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All that is to be told."""
        return (self.diagnostic, *self.beside)

    def told_as(self, tell: Callable[[Diagnostic], Diagnostic]) -> Mistake:
        """The same in other words."""
        return Mistake(tell(self.diagnostic), self.leaves, tuple(map(tell, self.beside)))

    def and_others(self, others: Iterable[Mistake]) -> Mistake:
        """This one and those found beside it."""
        beside = tuple(diagnostic for other in others for diagnostic in other.diagnostics)
        return Mistake(self.diagnostic, self.leaves, self.beside + beside)

    @property
    def is_final(self) -> bool:
        """Whether nothing more is looked at: the network is too large to be looked at."""
        return self.diagnostic.code in (Code.LIMIT_NODES, Code.LIMIT_WORK)


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
class Echoes:
    """How many echoes were met: where no mistake is told that they could be echoes of, one is missing."""

    number: int = 0


@state
class Problems:
    """What was found so far; `found` holds errors and warnings in the order of finding.

    Left out are those at the places in `told`, whose mistakes are told elsewhere, and those of the codes in `silent`.
    The `echoes` are counted with those of the lists within this one.
    """

    found: list[Diagnostic] = field(factory=list[Diagnostic])
    told: tuple[Span, ...] = ()
    silent: frozenset[Code] = frozenset()
    echoes: Echoes = field(factory=Echoes)
    _told: set[Diagnostic] = field(factory=set[Diagnostic])
    _places: set[tuple[Code, Span]] = field(factory=set)  # pyright: ignore[reportUnknownVariableType]

    def __post_init__(self) -> None:
        """Knows what it starts with."""
        self._told.update(self.found)
        self._places.update((d.code, d.span) for d in self.found if d.span is not None)

    def heed(self, part: ast.Syntax) -> None:
        """Raises Echo where a mistake is told within a part of the program: what is computed of it cannot be known."""
        if self.told and any(part.span.holds(told) for told in self.told):
            raise Echo

    def heed_brackets(self, part: ast.Syntax) -> None:
        """Raises Echo where a bracket within a part of the program is never closed: what it was to hold is a guess."""
        if self.told and any(part.span.holds(told) and told.text in ("(", "[") for told in self.told):
            raise Echo

    def inner(self) -> Problems:
        """Another list, for what is told in other words later or not at all."""
        return Problems(told=self.told, silent=self.silent, echoes=self.echoes)

    @contextmanager
    def collect(self) -> Generator[None]:
        """Goes on after the block when a mistake, or an echo of one, ends it early."""
        try:
            yield
        except Mistake as raised:
            self.add_all(raised)
        except Echo:
            self.echoes.number += 1

    def go_on(self) -> GoOn:
        """The same, but for a mistake after which nothing more is looked at."""
        return GoOn(self)

    def add(self, diagnostic: Diagnostic) -> None:
        """Keeps a diagnostic, unless it is told already."""
        span = diagnostic.span
        if diagnostic.code in self.silent or (span and any(span.meets(told) for told in self.told)):
            return
        if diagnostic not in self._told:
            self._told.add(diagnostic)
            self.found.append(diagnostic)
            if span is not None:
                self._places.add((diagnostic.code, span))

    def add_all(self, raised: Mistake) -> None:
        """Keeps what a mistake tells."""
        for diagnostic in raised.diagnostics:
            self.add(diagnostic)

    def add_unless_told(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keeps those that tell of no place of which the same kind of thing is told already.

        Networks that derive from one another meet the same mistake, each with shapes and values of its own.
        """
        for diagnostic in [d for d in diagnostics if (d.code, d.span) not in self._places]:
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
    def has_errors(self) -> bool:
        """Whether anything is wrong, told here or elsewhere."""
        return bool(self.told) or any(diagnostic.severity == "error" for diagnostic in self.found)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors alone, in file order."""
        return tuple(sorted((d for d in self.found if d.severity == "error"), key=_place))

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings alone, in file order."""
        return tuple(sorted((d for d in self.found if d.severity == "warning"), key=_place))


class GoOn:
    """Goes on after the block when a mistake, or an echo of one, ends it early; a class, for it is entered often."""

    __slots__ = ("_problems",)

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def __enter__(self) -> None:
        """Nothing is wrong yet."""

    def __exit__(self, kind: object, raised: BaseException | None, trace: object) -> bool:
        """Tells the mistake, unless nothing more is looked at after it."""
        if isinstance(raised, Mistake) and not raised.is_final:
            self._problems.add_all(raised)
            return True
        if isinstance(raised, Echo):
            self._problems.echoes.number += 1
            return True
        return False


class Beside:
    """Collects what is wrong with parts that are looked at one beside another, each within `with`.

    After a hundred mistakes the parts that are left are not looked at.
    """

    __slots__ = ("_echoes", "_found", "_n_told")

    def __init__(self) -> None:
        self._found: list[Mistake] = []
        self._n_told = 0
        self._echoes = False

    def __enter__(self) -> None:
        """Nothing is wrong yet."""

    def __exit__(self, kind: object, raised: BaseException | None, trace: object) -> bool:
        """Goes on with the next part, unless nothing more is looked at."""
        if isinstance(raised, Mistake) and not raised.is_final:
            self._found.append(raised)
            self._n_told += len(raised.diagnostics)
            if self._n_told > _MOST_BESIDE:
                self.check()
            return True
        self._echoes |= isinstance(raised, Echo)
        return isinstance(raised, Echo)

    def check(self) -> None:
        """Raises the mistakes as one; or Echo, where a part is not known for what is told elsewhere."""
        if self._found:
            raise self._found[0].and_others(self._found[1:])
        if self._echoes:
            raise Echo


def _place(diagnostic: Diagnostic) -> tuple[str, int]:
    span = diagnostic.span
    return (span.source.name, span.start) if span else ("", -1)


ENOUGH: Final = 10
"""So many times as many mistakes as are shown: the first in the file need not be the first that are found."""

_MOST_BESIDE: Final = 100
