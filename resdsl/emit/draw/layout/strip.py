"""The strip: one cell for each block, as high as it survives, links nested above; for the deepest nets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from resdsl.emit.draw.fold import EVERYTHING
from resdsl.emit.draw.geometry import Point, Rect
from resdsl.emit.draw.layout.frame import SMALL
from resdsl.emit.draw.layout.heading import MARGIN, heading
from resdsl.emit.draw.layout.legend import kind_entries, lay_legend, level_entries, survival_entries
from resdsl.emit.draw.metrics import broken, line_height, shortened, text_width
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.scene import Area, Badge, Box, Group, Item, Path, Scene, Shape, Text
from resdsl.emit.draw.telling import describe
from resdsl.emit.draw.theme import level_ink, level_width, stage_ink
from resdsl.emit.draw.view import view
from resdsl.emit.draw.viewmodel import Chain, Lane, Net, Stage
from resdsl.emit.draw.wording import count_words, plural, size_words
from resdsl.ir.graph import Graph
from resdsl.record import evolve, record

CELLS = 64.0
"""The height of a cell of a block that always survives."""

CHAIN, GAP, RISE, ARC = 76.0, 12.0, 15.0, 12.0
MIN_CELL, MAX_CELL, MIN_ARC, MIN_SLIT = 0.2, 26.0, 8.0, 3.0
MAX_CAPTION, MAX_LINES, INSET = 96.0, 5, 8.0


@record
class _Place:
    """Where a part stands from left to right.

    Attributes:
        x: the left edge of its box, or of its first cell.
        width: of the box, or of all cells.
        slot: the left edge and the width of the room for its caption.
        cell: the width of one cell; 0 for a chain.
    """

    x: float
    width: float
    slot: tuple[float, float]
    cell: float


Places = dict[str, _Place]
"""The places of all parts, by label."""


def lay_strip(graph: Graph, *, shade: bool = True, width: float = 1000.0) -> Scene:
    """All blocks in one line, from left to right; cells are narrower the more there are."""
    net = view(Reading(graph), EVERYTHING)
    items: list[Item] = []
    y = heading(items, net, MARGIN, width - 2 * MARGIN)
    places, right = _places(net, MARGIN + (30 if net.has_survival and shade else 0), width)
    has_arcs = any(row.look for row in net.rows) and max(place.cell for place in places.values()) >= MIN_ARC
    lift = ARC + 2 if has_arcs else 0.0
    top = y + 8 + RISE * net.n_levels + lift + 8
    bottom = top + CELLS
    if net.has_survival and shade:
        items += _scale(net, top, places[net.stages[0].section.label].x - 6, right)
    for part in net.parts:
        items.append(_chain(part, places, top) if isinstance(part, Chain) else _stage(part, places, top, shade=shade))
    if has_arcs:
        items += (arc for stage in net.stages for arc in _arcs(stage, places[stage.section.label], top))
    items += (_link(lane, places, net, top - lift) for lane in net.lanes)
    y = _captions(items, net, places, bottom + 4)
    width = min(max(right + MARGIN, 360.0), width)
    looks = [lane.look for lane in net.lanes if lane.look]
    looks += [evolve(row.look, on_x="", on_f="") for row in net.rows if row.look and has_arcs]
    entries = [
        *level_entries((net,)),
        *kind_entries(looks),
        *(survival_entries((net,), survival_curve) if shade else []),
    ]
    legend, y = lay_legend(entries, MARGIN, y + 8, width - 2 * MARGIN)
    return Scene(width, y + 12, net.title, describe(net), (*items, *legend))


def _places(net: Net, left: float, width: float) -> tuple[Places, float]:
    """The places of all parts and the right edge of the last; a stage has room for its caption where there is any."""
    room = width - left - MARGIN
    chain = min(CHAIN, room / max(1.0, 1.6 * len(net.parts)))
    room -= chain * (len(net.parts) - len(net.stages)) + GAP * (len(net.parts) - 1)
    counts = [stage.section.n_steps for stage in net.stages]
    wanted = [min(max(map(_caption_width, _caption(stage))), MAX_CAPTION) - GAP for stage in net.stages]
    if sum(wanted) > room / 2:
        wanted = [0.0] * len(wanted)
    cell = _cell_width(counts, wanted, room)
    places: Places = {}
    x = left
    for part in net.parts:
        if isinstance(part, Chain):
            own = slot = chain
        else:
            own = cell * part.section.n_steps
            slot = max(own, wanted[part.number - 1])
        places[part.section.label] = _Place(
            x + (slot - own) / 2, own, (x - GAP / 2, slot + GAP), 0.0 if isinstance(part, Chain) else cell
        )
        x += slot + GAP
    return places, x - GAP


def _cell_width(counts: Sequence[int], least: Sequence[float], room: float) -> float:
    """The widest cell with which stages of so many cells, each at least so wide, fit the room."""
    cell = MAX_CELL
    while cell > MIN_CELL:
        needed = sum(max(count * cell, low) for count, low in zip(counts, least, strict=True))
        if needed <= room:
            break
        cell = max(MIN_CELL, min(cell * 0.98, cell * room / needed))
    return cell


def _stage(stage: Stage, places: Places, top: float, *, shade: bool) -> Group:
    place = places[stage.section.label]
    bar = stage_ink(stage.number).replace("stage", "bar")
    cells: list[Item] = []
    slit = min(1.0, place.cell * 0.18) if place.cell >= MIN_SLIT else -1.0  # narrow ones overlap, or gaps would flicker
    for number, row in enumerate(stage.rows):
        height = CELLS * (row.survival[0] if row.survival and shade else 1.0)
        right = min(place.x + (number + 1) * place.cell - slit, place.x + place.width)
        x = place.x + number * place.cell
        area = Rect(x, top + CELLS - height, right - x, height)
        cells.append(Group(row.key, (Area(_corners(area), bar),), row.tip, row.lines, f"unit#unit.{row.kind}"))
    return Group(stage.section.label, tuple(cells), stage.tip, stage.lines, f"blocks#{stage.section.label}")


def survival_curve(survivals: tuple[float, ...], track: Rect, ink: str) -> list[Shape]:
    """The cells of a stage in little: a track as high as p = 1, filled from the p of the first to that of the last."""
    left, right = (track.bottom - track.height * p for p in (survivals[0], survivals[-1]))
    fill = (track.x, track.bottom), (track.x, left), (track.right, right), (track.right, track.bottom)
    return [Area(_corners(track), "track"), Area(fill, ink.replace("stage", "bar"))]


def _arcs(stage: Stage, place: _Place, top: float) -> Iterator[Path]:
    """The blocks' own shortcuts, each over its cell."""
    for number, row in enumerate(stage.rows):
        if row.look:
            left, low = place.x + number * place.cell + 1.5, top - 3
            right = left + place.cell - 4
            points = (left, low), (left, low - ARC), (right, low - ARC), (right, low)
            yield Path(points, "shortcut", 1.4, row.look.dash, radius=4, role="shortcut")


def _chain(chain: Chain, places: Places, top: float) -> Group:
    place = places[chain.section.label]
    words = [line for layers in chain.words for line in broken(layers, SMALL, place.width - 6)]
    words = words if len(words) <= MAX_LINES else [*words[: MAX_LINES - 1], "…"]
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
    inset = min(INSET * (lane.level - 1), (end - start) * 0.2)
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
    place = places[part.section.label]
    if isinstance(part, Chain):
        return place.x + side * place.width
    return place.x + (step - part.section.first + side) * place.cell


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
        left, width = places[part.section.label].slot
        at = y
        for words, size, bold in _caption(part):
            room = Rect(left, at, width, line_height(size))
            at += line_height(size)
            shown = shortened(words, size, room.width, bold=bold)
            if len(shown) > 2 or shown == words:
                ink = "text" if bold else "muted"
                items.append(Text(room.center[0], at - 3, shown, size, "middle", bold, ink=ink, room=room))
        lowest = max(lowest, at)
    return lowest


def _caption(part: Chain | Stage) -> list[tuple[str, float, bool]]:
    """What stands below a part: text, size, weight."""
    facts: list[str] = []
    if isinstance(part, Stage):
        facts = [plural(part.section.n_steps, "block"), size_words(part.output), f"{count_words(part.params)} params"]
    return [(part.section.label.replace("_", " "), 11.0, True), *((fact, SMALL, False) for fact in facts)]


def _caption_width(line: tuple[str, float, bool]) -> float:
    words, size, bold = line
    return text_width(words, size, bold=bold) + 2


def _corners(area: Rect) -> tuple[Point, ...]:
    return (area.x, area.y), (area.right, area.y), (area.right, area.bottom), (area.x, area.bottom)
