"""What is told about the place under a cursor: blocks with their shapes and costs, names with their definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from resdsl.diagnostics import ResError
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.problems import Echo, Mistake, Problems
from resdsl.elaborate.scope import Scope, write
from resdsl.elaborate.statements import gather
from resdsl.emit.draw.wording import count_words
from resdsl.ir.graph import Graph
from resdsl.lsp.document import Version
from resdsl.lsp.facts import (
    Alike,
    alike,
    link_params,
    links_of,
    place_words,
    seen_words,
    shortcut_params,
    steps_of,
    survival_words,
)
from resdsl.lsp.meanings import definition_text, documentation, keyword_form, keyword_words, signature
from resdsl.lsp.symbols import DEFINED, Symbol
from resdsl.record import record
from resdsl.source import Span
from resdsl.syntax import ast
from resdsl.syntax.table import load_table


@record
class Hover:
    """Markdown about a place."""

    span: Span
    text: str


def hover(version: Version, offset: int) -> Hover | None:
    """What is told about a place; None where there is nothing to tell."""
    occurrence = version.table.at(offset)
    if occurrence is None:
        return _hover_keyword(version, offset)
    symbol = occurrence.symbol
    parts = [_code(_head(symbol)), documentation(symbol)]
    found = version.network_at(offset)
    if symbol.kind in ("parameter", "let") and found is not None:
        parts.append(_value(found, symbol))
    if symbol.kind == "network" and (own := _own_network(version, symbol)) is not None:
        parts.append(_network(version, own))
    if found is not None:
        parts += _in_network(version, found, symbol, offset)
    text = "\n\n".join(part for part in parts if part)
    return Hover(occurrence.span, text) if text else None


def _head(symbol: Symbol) -> str:
    if symbol.kind == "file":
        return f'use "{symbol.name}"'
    if symbol.kind in ("word", "scheme", "init", "option", "subject"):
        return symbol.name
    if symbol.kind in DEFINED and symbol.found is not None:
        return definition_text(symbol.found)
    return signature(symbol)


def _hover_keyword(version: Version, offset: int) -> Hover | None:
    keywords = load_table().keywords
    for token in version.lexed.tokens:
        if token.start <= offset <= token.end and keywords.get(token.text) == token.kind:
            span = Span(version.source, token.start, token.end)
            parts = [_code(keyword_form(token.text)) if keyword_form(token.text) else f"**{token.text}**"]
            parts.append(keyword_words(token.text))
            found = version.network_at(offset)
            if found is not None and token.kind in ("STEM", "HEAD"):
                parts += _section(version, found, offset)
            return Hover(span, "\n\n".join(parts))
    return None


# ---------------------------------------------------------------- in a network


def _in_network(version: Version, found: Found, symbol: Symbol, offset: int) -> Iterator[str]:
    """What the network's graph knows of the place."""
    statement = _statement_at(found, offset)
    match statement:
        case ast.Stage():
            run = next((r for r in statement.runs if r.span.start <= offset <= r.span.end), None)
            if run is not None and _is_in(run.kinds, offset):
                yield from _shortcuts(version, found, run.span)
            elif run is not None and _is_in(run.block, offset) and symbol.kind in ("block", "parameter"):
                yield from _blocks(version, found, run.span)
            elif symbol.kind == "stage":
                yield from _blocks(version, found, statement.span)
            elif symbol.kind == "shortcut":
                yield from _shortcuts(version, found, statement.span)
        case ast.Shortcut():
            yield from _shortcuts(version, found, found.definition.span)
        case ast.Link() | ast.Levels():
            if symbol.kind in ("link", "shortcut"):
                yield from _links(version, found, statement)
        case ast.Stem() | ast.Head() | ast.Layers() if symbol.kind in ("op", "layer", "layers"):
            yield from _section(version, found, offset)
        case _:
            pass


def _section(version: Version, found: Found, offset: int) -> Iterator[str]:
    statement = _statement_at(found, offset)
    if statement is not None:
        yield from _blocks(version, found, statement.span)


def _blocks(version: Version, found: Found, span: Span) -> Iterator[str]:
    placed = steps_of(version, found, span)
    if placed is None or placed[0].graph is None or not placed[1]:
        return
    groups = alike(placed[0].graph, placed[1])
    survives = any(group.survival is not None for group in groups)
    columns = ["", "in", "out", "shortcut", "params", "MACs", "sees", *(["p_l"] if survives else [])]
    rows = [_row(group, survives=survives) for group in groups[:MOST_ROWS]]
    if len(groups) > MOST_ROWS:
        rows.append([f"and {len(groups) - MOST_ROWS} more", *[""] * (len(columns) - 1)])
    if not any(group.step.unit.is_block for group in groups):
        del columns[3]
        for row in rows:
            del row[3]
    yield _table(columns, rows)


def _row(group: Alike, *, survives: bool) -> list[str]:
    unit = group.step.unit
    kinds = [unit.shortcut, *(f"{name}: {kind}" for name, kind in zip(unit.links, unit.link_kinds, strict=True))]
    row = [
        group.label,
        str(group.entering),
        str(group.leaving),
        ", ".join(kinds),
        f"{group.n_params:,}",
        count_words(group.macs),
        seen_words(group.seen()),
    ]
    return [*row, survival_words(group.survival)] if survives else row


def _shortcuts(version: Version, found: Found, span: Span) -> Iterator[str]:
    """Which kind stands where, and what it costs there."""
    placed = steps_of(version, found, span)
    if placed is None or placed[0].graph is None:
        return
    graph = placed[0].graph
    blocks = [number for number in placed[1] or range(len(graph.steps)) if graph.steps[number].unit.is_block]
    by_kind: dict[str, list[int]] = {}
    for number in blocks:
        by_kind.setdefault(graph.steps[number].unit.shortcut, []).append(number)
    rows = [
        [f"`{kind}`", _places(graph, numbers), f"{sum(shortcut_params(graph.steps[n]) for n in numbers):,}"]
        for kind, numbers in by_kind.items()
    ]
    if rows:
        yield _table(["here", "around", "params"], rows)


def _places(graph: Graph, numbers: list[int]) -> str:
    runs: list[str] = []
    for _, same in groupby(enumerate(numbers), key=lambda pair: (pair[1] - pair[0], graph.steps[pair[1]].section)):
        group = [number for _, number in same]
        runs.append(Alike(graph, group[0], group[-1]).label)
    shown = ", ".join(runs[:MOST_ROWS])
    return f"{shown} and {len(runs) - MOST_ROWS} more" if len(runs) > MOST_ROWS else shown


def _links(version: Version, found: Found, statement: ast.Link | ast.Levels) -> Iterator[str]:
    outcome = version.outcome(found)
    graph = outcome.graph if outcome is not None else None
    if graph is None:
        return
    links = links_of(graph, statement.name) if isinstance(statement, ast.Link) else list(graph.links)
    rows = [
        [
            f"`{link.kind}`",
            f"{place_words(graph, link.first)}…{place_words(graph, link.last)}",
            str(graph.shape_of(link.source)),
            str(graph.steps[link.last].unit.output_shape),
            str(link.level),
            f"{link_params(graph, link):,}",
        ]
        for link in links[:MOST_ROWS]
    ]
    if rows:
        yield _table(["here", "around", "in", "out", "level", "params"], rows)


def _own_network(version: Version, symbol: Symbol) -> Found | None:
    return next((found for found in version.networks if found.definition.name_span == symbol.span), None)


def _network(version: Version, found: Found) -> str:
    outcome = version.outcome(found)
    graph = outcome.graph if outcome is not None else None
    if graph is None:
        return ""
    values = ", ".join(f"{name} = {value}" for name, value in graph.parameters)
    return f"{outcome.words if outcome else ''}\n\n{graph.input} in, {graph.output} out" + (
        f"; with {values}" if values else ""
    )


def _value(found: Found, symbol: Symbol) -> str:
    """What a parameter or `let` is worth with the network's defaults."""
    problems = Problems()
    try:
        statements = gather(found, {}, problems)
    except (Mistake, Echo, ResError):
        return ""
    entries = [*statements.singles.values(), *statements.sections, *statements.links, *statements.expects]
    scope: Scope | None = entries[0][1] if entries else None
    while scope is not None:
        if symbol.name in scope.names and (symbol.found is None or scope.module is symbol.found.module):
            return f"= `{write(scope.names[symbol.name])}` here, with the network's defaults"
        scope = scope.parent
    return ""


def _statement_at(found: Found, offset: int) -> ast.Syntax | None:
    definition = found.definition
    if not isinstance(definition, ast.Network | ast.Derived):
        return None
    return next((s for s in definition.statements if s.span.start <= offset <= s.span.end), None)


def _is_in(node: ast.Syntax | None, offset: int) -> bool:
    return node is not None and node.span.start <= offset <= node.span.end


def _code(text: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}resdsl\n{text}\n{fence}"


def _table(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


MOST_ROWS = 8
