"""The strip: one cell for each block, as high as it survives, links nested above; for the deepest nets."""

from __future__ import annotations

from resdsl.emit.draw.fold import EVERYTHING
from resdsl.emit.draw.geometry import Point, Rect
from resdsl.emit.draw.layout.frame import SMALL
from resdsl.emit.draw.layout.heading import MARGIN, heading
from resdsl.emit.draw.layout.legend import kind_entries, lay_legend, level_entries, survival_entries
from resdsl.emit.draw.layout.net import chain_lines
from resdsl.emit.draw.metrics import line_height, shortened, text_width, wrapped
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.scene import Area, Badge, Box, Group, Item, Path, Scene, Text
from resdsl.emit.draw.telling import describe
from resdsl.emit.draw.theme import level_ink, level_width, stage_ink
from resdsl.emit.draw.view import view
from resdsl.emit.draw.viewmodel import Chain, Lane, Net, Stage
from resdsl.emit.draw.wording import count_words, plural, size_words
from resdsl.ir.graph import Graph

WIDTH = 1000.0
CELLS = 64.0
"""The height of a cell of a block that always survives."""

CHAIN, GAP, RISE = 64.0, 12.0, 15.0
MIN_CELL, MAX_CELL = 0.5, 26.0


def lay_strip(graph: Graph, *, shade: bool = True) -> Scene:
    """All blocks in one line, from left to right; cells are narrower the more there are."""
    net = view(Reading(graph), EVERYTHING)
    items: list[Item] = []
    y = heading(items, net.title, net.facts, MARGIN, WIDTH - 2 * MARGIN)
    levels = net.n_levels
    top = y + 8 + RISE * levels + 8
    places, right = _places(net, MARGIN + (30 if net.has_survival and shade else 0))
    bottom = top + CELLS
    if net.has_survival and shade:
        items += _scale(net, top, places[net.stages[0].section.label][0].x - 6, right)
    for part in net.parts:
        items.append(_chain(part, places, top) if isinstance(part, Chain) else _stage(part, places, top, shade=shade))
    items += (_link(lane, places, net, top) for lane in net.lanes)
    y = _captions(items, net, places, bottom + 4)
    width = min(max(right + MARGIN, 360.0), WIDTH)
    looks = [lane.look for lane in net.lanes if lane.look]
    entries = [*level_entries((net,)), *kind_entries(looks), *(survival_entries((net,)) if shade else [])]
    legend, y = lay_legend(entries, MARGIN, y + 8, width - 2 * MARGIN)
    return Scene(width, y + 12, net.title, describe(net), (*items, *legend))


Places = dict[str, tuple[Rect, float]]
"""Where each part stands, by label: its rectangle, without a height, and the width of one cell."""


def _places(net: Net, left: float) -> tuple[Places, float]:
    n_blocks = sum(stage.section.n_steps for stage in net.stages)
    n_chains = len(net.parts) - len(net.stages)
    room = WIDTH - left - MARGIN - CHAIN * n_chains - GAP * (len(net.parts) - 1)
    cell = max(MIN_CELL, min(MAX_CELL, room / max(n_blocks, 1)))
    places: Places = {}
    x = left
    for part in net.parts:
        width = CHAIN if isinstance(part, Chain) else cell * part.section.n_steps
        places[part.section.label] = Rect(x, 0, width, 0), cell
        x += width + GAP
    return places, x - GAP


def _stage(stage: Stage, places: Places, top: float, *, shade: bool) -> Group:
    place, cell = places[stage.section.label]
    bar = stage_ink(stage.number).replace("stage", "bar")
    cells: list[Item] = []
    slit = min(1.0, cell * 0.18)
    for number, row in enumerate(stage.rows):
        height = CELLS * (row.survival[0] if row.survival and shade else 1.0)
        area = Rect(place.x + number * cell, top + CELLS - height, cell - slit, height)
        cells.append(Group(row.key, (Area(_corners(area), bar),), row.tip, row.lines, f"unit#unit.{row.kind}"))
    return Group(stage.section.label, tuple(cells), stage.tip, stage.lines, f"blocks#{stage.section.label}")


def _chain(chain: Chain, places: Places, top: float) -> Group:
    place, _ = places[chain.section.label]
    words = [piece for line in chain_lines(chain) for piece in wrapped(line, SMALL, place.width - 6)][:4]
    height = max(30.0, len(words) * 12 + 12)
    rect = Rect(place.x, top + CELLS - height, place.width, height)
    items: list[Item] = [Box(rect, "chain")]
    y = rect.center[1] - len(words) * 6 + 9
    for line in words:
        items.append(Text(rect.center[0], y, shortened(line, SMALL, rect.width - 6), SMALL, "middle", room=rect))
        y += 12
    return Group(chain.section.label, tuple(items), chain.tip, chain.lines, f"layers#layers.{chain.section.label}.1")


def _link(lane: Lane, places: Places, net: Net, top: float) -> Group:
    """Up from the left edge of the first block, along its lane, down to the right edge of the last."""
    start, end = _edge(lane.first, places, net, 0), _edge(lane.last, places, net, 1)
    depth = net.n_levels - lane.level
    inset = min(3.5 * (lane.level - 1), (end - start) * 0.2)
    lift = top - 5
    y = lift - 9 - RISE * depth
    points: tuple[Point, ...] = ((start + inset, lift), (start + inset, y), (end - inset, y), (end - inset, lift))
    width = min(level_width(lane.level), max(0.8, (end - start) / 3))
    ink = level_ink(lane.level)
    dash = lane.look.dash if lane.look else "solid"
    room = end - start > 14
    items: list[Item] = [Path(points, ink, width, dash, arrow=room, radius=6, role="link", level=lane.level)]
    if lane.look and lane.look.on_x and end - start > 30:
        items.append(Badge((start + end) / 2, y, lane.look.on_x, ink))
    return Group(lane.key, tuple(items), (f"link {lane.name}, level {lane.level}",), lane.lines)


def _edge(step: int, places: Places, net: Net, side: int) -> float:
    part = next(part for part in net.parts if part.section.first <= step <= part.section.last)
    place, cell = places[part.section.label]
    if isinstance(part, Chain):
        return place.x + side * place.width
    return place.x + (step - part.section.first + side) * cell


def _scale(net: Net, top: float, left: float, right: float) -> list[Item]:
    """Lines at p = 1, 3/4, 1/2 and 1/4, as far as blocks go."""
    least = min(p for row in net.rows for p in row.survivals or (1.0,))
    items: list[Item] = []
    for p in (1.0, 0.75, 0.5, 0.25):
        y = top + CELLS * (1 - p)
        items.append(Path(((left, y), (right, y)), "grid", 1, "dashed", role="grid"))
        if p == 1 or least <= p + 0.2:
            words = f"p {p:g}"
            room = Rect(MARGIN, y - 6, text_width(words, 9), 12)
            items.append(Text(MARGIN, y + 3, words, 9, ink="muted", room=room))
    return items


def _captions(items: list[Item], net: Net, places: Places, y: float) -> float:
    """Names and numbers below the stages, on as many lines as the widest needs; returns where they end."""
    lowest = y
    for part in net.parts:
        place, _ = places[part.section.label]
        label = part.section.label.replace("_", " ")
        facts = [] if isinstance(part, Chain) else [plural(part.section.n_steps, "block"), size_words(part.output)]
        facts += [] if isinstance(part, Chain) else [f"{count_words(part.params)} params"]
        at = y
        for words, size, bold in ((label, 11.0, True), *((fact, SMALL, False) for fact in facts)):
            room = Rect(place.x - GAP / 2, at, place.width + GAP, line_height(size))
            at += line_height(size)
            shown = shortened(words, size, room.width, bold=bold)
            if len(shown) > 2 or shown == words:
                ink = "text" if bold else "muted"
                items.append(Text(place.center[0], at - 3, shown, size, "middle", bold, ink=ink, room=room))
        lowest = max(lowest, at)
    return lowest


def _corners(area: Rect) -> tuple[Point, ...]:
    return (area.x, area.y), (area.right, area.y), (area.right, area.bottom), (area.x, area.bottom)
