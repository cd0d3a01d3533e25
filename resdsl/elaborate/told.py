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
        return any(span.holds(told.span) for span in spans for told in self.diagnostics)

    def heed(self, *parts: ast.Syntax | None) -> None:
        """Raises Echo where a mistake lies within one of these parts: what they compute cannot be known."""
        if self.lies_in(*parts):
            raise Echo

    @property
    def places(self) -> tuple[Span, ...]:
        """Where the mistakes are."""
        return tuple(told.span for told in self.diagnostics if told.span is not None)

    def leaves_statements(self, found: Found) -> bool:
        """Whether it is known which statements hold for a network, whose bases are all there.

        Not so where one drops what is not there, nor where one is lost whose name cannot be read, and is needed.
        """
        for definition in _lineage(found) if self.diagnostics else ():
            if not all(_is_placed(lost, definition) for lost in definition.lost):
                return False
            kept = (s for s in definition.statements if not isinstance(s, ast.Drop))
            parts = [part.span for part in (*definition.parameters, *kept, *definition.lost)]
            lists = [definition.lost_list]
            if isinstance(definition, ast.Derived):
                lists += [definition.base.span, definition.lost_arguments]
            parts += [part for part in lists if part is not None]
            for told in self.diagnostics:
                inside = told.span is not None and definition.span.holds(told.span)
                elsewhere = told.code is not Code.SYNTAX_UNCLOSED and not any(part.holds(told.span) for part in parts)
                if inside and (told.code in _OF_STRUCTURE or elsewhere):
                    return False
        return bool(self.diagnostics)

    def leaves_all(self, found: Found) -> bool:
        """Whether nothing of a network is unknown: of two statements the first holds, and none needs an expectation."""
        statements = (statement for definition in _lineage(found) for statement in definition.statements)
        expects = [statement.span for statement in statements if isinstance(statement, ast.Expect)]
        return all(
            told.code is Code.NETWORK_REPEATED or any(expect.holds(told.span) for expect in expects)
            for told in self.diagnostics
        )


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


def lost_name(lost: ast.Lost) -> str:
    """What a lost `let` gave a value, or the label of a lost stage, link or chain; empty where that cannot be read."""
    named = _NAMED.match(lost.span.text)
    return named.group(1) if named is not None else ""


def lost_names(definition: ast.AnyDefinition) -> set[str]:
    """What lost lets and equations may have given values."""
    return {name for lost in definition.lost for name in _GIVEN.findall(lost.span.text)}


def may_be_any(lost: ast.Lost) -> bool:
    """Whether a lost statement may have had any label."""
    return lost.word not in _WITHOUT_LABEL and not lost_name(lost)


def _is_placed(lost: ast.Lost, definition: ast.Network | ast.Derived) -> bool:
    """Whether it is known what stands without a lost statement: a value, or a section of an unknown shape."""
    if lost.word == "let":
        return bool(lost_name(lost))
    is_new = lost.word in ("", "stage", "layers") and isinstance(definition, ast.Network)
    return lost.word in _WITHOUT_LABEL or is_new or bool(lost_name(lost))


NOTHING = Told()

_NAMED = re.compile(r"\s*(?:let\s+(?=\w+\s*=)|stage\s+|layers\s+|link\s+)([A-Za-z_][A-Za-z0-9_]*)")

_GIVEN = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*=(?!=)")

_WITHOUT_LABEL = frozenset(
    "about act cite expect head init input keys let levels norm require shortcut stem survive tap".split()
)

_OF_STRUCTURE = frozenset({Code.NETWORK_DROP, Code.NAME_CYCLE})
