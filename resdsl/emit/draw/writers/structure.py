"""The network itself for Graphviz, without places, and for Mermaid: rows as nodes, shortcuts and links as edges."""

from __future__ import annotations

from collections.abc import Iterator

from resdsl.emit.draw.errors import DrawingError
from resdsl.emit.draw.fold import Detail
from resdsl.emit.draw.layout.frame import several_lines
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.theme import LIGHT, level_ink, level_width, stage_ink
from resdsl.emit.draw.view import view
from resdsl.emit.draw.viewmodel import Chain, Net, Row, Stage
from resdsl.emit.draw.wording import clean, size_words
from resdsl.emit.draw.writers.dot import quote
from resdsl.ir.graph import Graph
from resdsl.record import record

MAX_CHARACTERS, MAX_EDGES = 50_000, 500
"""Where Mermaid stops."""


@record
class _Edge:
    start: str
    end: str
    label: str = ""
    level: int = 0
    dash: str = "solid"


def write_auto_dot(graph: Graph) -> str:
    """A graph that `dot` lays out itself: for people who want to edit it."""
    net = view(Reading(graph), Detail(1, 1))
    lines = [
        f"digraph {quote(net.title)} {{",
        '  graph [rankdir=TB, fontname="Helvetica", nodesep=0.3, ranksep=0.3]',
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=10]',
        '  edge [fontname="Helvetica", fontsize=9]',
    ]
    names = _names(net)
    for part in net.parts:
        if isinstance(part, Chain):
            lines.append(
                f"  {names[part.section.first]} [label={_label(part.words)}, fillcolor={quote(LIGHT.fill('chain'))}]"
            )
            continue
        lines.append(f"  subgraph cluster_{part.number} {{")
        lines.append(
            f"    label={quote(f'{part.section.label}  {size_words(part.output)}')}; style=rounded; color=gray70"
        )
        for row in part.rows:
            colour = quote(LIGHT.fill(stage_ink(part.number)))
            lines.append(f"    {names[row.first]} [label={_label(several_lines(row))}, fillcolor={colour}]")
            lines.append(f'    {names[row.first]}j [label="+", shape=circle, width=0.25, fixedsize=true, style=""]')
        lines.append("  }")
    for edge in _edges(net):
        style = {"solid": "solid", "dotted": "dotted"}.get(edge.dash, "dashed")
        extra = ""
        if edge.level:
            ink = LIGHT.line(level_ink(edge.level)) if edge.level > 0 else LIGHT.line("shortcut")
            width = level_width(edge.level) if edge.level > 0 else 1.2
            extra = f", constraint=false, color={quote(ink)}, penwidth={width:.1f}, style={style}"
        label = f", label={quote(edge.label)}" if edge.label else ""
        lines.append(f"  {edge.start} -> {edge.end} [weight={1 if edge.level else 10}{label}{extra}]")
    return "\n".join([*lines, "}", ""])


def write_mermaid(graph: Graph) -> str:
    """A flow chart that GitHub shows; blocks fold until it is small enough for Mermaid.

    Raises:
        DrawingError: where so many stages and chains stand one after another that no folding makes it small enough.
    """
    reading = Reading(graph)
    for detail in (Detail(1, 1), Detail(1, 0), Detail(0, 0), Detail(1, 0, "kind"), Detail(0, 0, "any")):
        net = view(reading, detail)
        text = _mermaid(net)
        if len(text) <= MAX_CHARACTERS and text.count("-->") + text.count("==>") + text.count("-.->") <= MAX_EDGES:
            return text
    n_parts = len(graph.sections)
    raise DrawingError(
        f"Mermaid takes {MAX_EDGES} edges and {MAX_CHARACTERS:,} characters, too few for these {n_parts} stages and "
        "chains and their links: write .svg or .dot"
    )


def _mermaid(net: Net) -> str:
    names = _names(net)
    lines = ["flowchart TD"]
    for part in net.parts:
        if isinstance(part, Chain):
            lines.append(f'  {names[part.section.first]}["{_mermaid_text("<br/>", part.words)}"]')
            continue
        lines.append(
            f'  subgraph stage{part.number}["{_mermaid_text(" ", (part.section.label, size_words(part.output)))}"]'
        )
        for row in part.rows:
            lines.append(f'    {names[row.first]}["{_mermaid_text("<br/>", several_lines(row))}"]')
            lines.append(f'    {names[row.first]}j(("+"))')
        lines.append("  end")
    styles: list[str] = []
    for number, edge in enumerate(_edges(net)):
        arrow = "-.->" if edge.level and edge.dash != "solid" else "==>" if edge.level > 0 else "-->"
        label = f'|"{_mermaid_text(" ", (edge.label,))}"|' if edge.label else ""
        lines.append(f"  {edge.start} {arrow}{label} {edge.end}")
        if edge.level > 0:
            ink, width = LIGHT.line(level_ink(edge.level)), level_width(edge.level)
            styles.append(f"  linkStyle {number} stroke:{ink},stroke-width:{width:.1f}px")
    return "\n".join([*lines, *styles, ""])


def _names(net: Net) -> dict[int, str]:
    """A short name for each row and chain, by its first step."""
    names: dict[int, str] = {}
    for part in net.parts:
        rows: tuple[Row, ...] = part.rows if isinstance(part, Stage) else ()
        for first in (row.first for row in rows) if rows else (part.section.first,):
            names[first] = f"n{first}"
    return names


def _edges(net: Net) -> Iterator[_Edge]:
    """The spine, each block's own shortcut (level -1), and links."""
    names = _names(net)
    enters: dict[int, str] = {}
    leaves: dict[int, str] = {}
    before = "input"
    for part in net.parts:
        if isinstance(part, Chain):
            name = names[part.section.first]
            enters[part.section.first] = before
            if before != "input":
                yield _Edge(before, name)
            before = name
            continue
        for row in part.rows:
            name = names[row.first]
            enters[row.first] = before
            if before != "input":
                yield _Edge(before, name)
            yield _Edge(name, f"{name}j")
            if row.look and before != "input":
                yield _Edge(before, f"{name}j", row.look.name if row.look.dash != "solid" else "", -1, row.look.dash)
            before = leaves[row.last] = f"{name}j"
    for lane in net.lanes:
        start = enters.get(lane.first, "input")
        if start != "input":
            yield _Edge(start, leaves[lane.last], lane.name, lane.level, lane.look.dash if lane.look else "solid")


def _label(lines: tuple[str, ...]) -> str:
    return '"' + "\\n".join(quote(line)[1:-1] for line in lines) + '"'


def _mermaid_text(separator: str, lines: tuple[str, ...]) -> str:
    """Text between quotes, with everything that Mermaid or HTML reads as numeric entities."""
    safe = (
        "".join(c if c.isalnum() or c in " ,.×·/+=–…[]()" else f"#{ord(c)};" for c in clean(line)) for line in lines
    )
    return separator.join(safe)
