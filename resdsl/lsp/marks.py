"""What an editor shows between the lines: a network's counts above it, the shapes that leave its sections."""

from __future__ import annotations

from collections.abc import Iterator

from resdsl.elaborate.definitions import Found
from resdsl.lsp.document import Version
from resdsl.lsp.facts import leaving, sections_of
from resdsl.record import record
from resdsl.source import Span
from resdsl.syntax import ast


@record
class Mark:
    """A text at a place."""

    span: Span
    text: str


def counts(version: Version, found: Found) -> str:
    """`1.73 M params · 253 M MACs · depth 110`; what is in the way, where the network has mistakes."""
    outcome = version.outcome(found)
    if outcome is None or outcome.graph is None:
        n_errors = sum(d.severity == "error" for d in outcome.diagnostics) if outcome is not None else 0
        return f"{n_errors} mistake{'s' if n_errors != 1 else ''}" if n_errors else "not yet whole"
    return outcome.words


def shape_marks(version: Version, first_line: int, last_line: int) -> Iterator[Mark]:
    """At the end of each stem, stage, chain and head within some lines (from 1), its output's shape: `→ 64x8x8`."""
    for found in version.networks:
        for statement in sections_of(found):
            end = _end(statement)
            if first_line <= version.source.position(end)[0] <= last_line:
                outcome = version.outcome(found)
                shape = leaving(outcome, statement) if outcome is not None else None
                if shape is not None:
                    yield Mark(Span(version.source, end, end), f"→ {shape}")


def _end(statement: ast.Stem | ast.Head | ast.Stage | ast.Layers) -> int:
    """The end of what places layers: of a stage, its last run."""
    return statement.runs[-1].span.end if isinstance(statement, ast.Stage) else statement.chain.span.end
