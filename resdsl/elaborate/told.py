"""What is told already of a network with mistakes, so that all else of it can be looked at without an echo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from resdsl.diagnostics import Code, Diagnostic
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.problems import Echo
from resdsl.record import field, record
from resdsl.source import Span
from resdsl.syntax import ast


@record
class Told:
    """The mistakes of text and names that are told already; nothing, for a network that has none.

    `lost` are the statements that could not be understood, by their keywords.
    """

    diagnostics: tuple[Diagnostic, ...] = field(default=())
    lost: frozenset[str] = field(default=frozenset())

    def __bool__(self) -> bool:
        return bool(self.diagnostics)

    def lies_in(self, *parts: ast.Syntax | None) -> bool:
        """Whether a mistake lies within one of these parts of a program."""
        spans = [part.span for part in parts if part is not None] if self.diagnostics else ()
        return any(_holds(span, told.span) for span in spans for told in self.diagnostics)

    def heed(self, *parts: ast.Syntax | None) -> None:
        """Raises Echo where a mistake lies within one of these parts: what they compute cannot be known."""
        if self.lies_in(*parts):
            raise Echo

    def leaves_shapes(self) -> bool:
        """Whether no statement is lost that decides on shapes before the head."""
        return self.lost <= _WITHOUT_SHAPES

    def leaves_statements(self, found: Found) -> bool:
        """Whether it is known which statements hold for a network, whose bases are all there.

        Not so where one stands twice, drops what is not there, or where the arguments of a base are wrong; nor where
        one is lost that may have had a label or a name.
        """
        for definition in _lineage(found) if self.diagnostics else ():
            if not definition.lost_words <= WITHOUT_LABEL or "" in map(lost_name, definition.lost):
                return False
            kept = (s for s in definition.statements if not isinstance(s, ast.Drop))
            parts = [*definition.parameters, *kept, *definition.lost]
            for told in self.diagnostics:
                inside = told.span is not None and _holds(definition.span, told.span)
                if inside and (told.code in _OF_STRUCTURE or not any(_holds(p.span, told.span) for p in parts)):
                    return False
        return bool(self.diagnostics)


def tell(found: Found, diagnostics: Iterable[Diagnostic]) -> Told:
    """What is told of a network by these mistakes."""
    lost = (word for definition in _lineage(found) for word in definition.lost_words)
    return Told(tuple(diagnostics), frozenset(lost))


def _lineage(found: Found) -> Iterator[ast.Network | ast.Derived]:
    """A network's definition, that of its base, and so on."""
    here: Found | None = found
    while here is not None and isinstance(here.definition, ast.Network | ast.Derived):
        yield here.definition
        base = here.definition.base.name if isinstance(here.definition, ast.Derived) else None
        here = here.module.find("network", base) if base is not None else None


def lost_name(lost: ast.Lost) -> str | None:
    """What a lost `let` gave a value; empty where that cannot be read, None for another statement."""
    if lost.word != "let":
        return None
    named = _NAMED.match(lost.span.text)
    return named.group(1) if named is not None else ""


NOTHING = Told()

_NAMED = re.compile(r"\s*let\s+([A-Za-z_][A-Za-z0-9_]*)\s*=")

_WITHOUT_SHAPES = frozenset("about cite expect head init keys let levels require survive tap".split())

WITHOUT_LABEL = _WITHOUT_SHAPES | frozenset("act input norm shortcut stem".split())
"""The statements that can be lost without a doubt about any label or link; what a `let` names is poisoned."""

_OF_STRUCTURE = frozenset({Code.NETWORK_REPEATED, Code.NETWORK_DROP, Code.NAME_TAKEN, Code.NAME_CYCLE})


def _holds(outer: Span, inner: Span | None) -> bool:
    return inner is not None and outer.source is inner.source and outer.start <= inner.start and inner.end <= outer.end
