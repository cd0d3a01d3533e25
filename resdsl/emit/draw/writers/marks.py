"""Shapes broken down to what every page description language knows: rectangles, discs, lines, areas, words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from resdsl.emit.draw.geometry import Bend, Line, Point, Rect, arrowhead, rounded
from resdsl.emit.draw.scene import Anchor, Area, Badge, Box, Card, Dash, Dot, Path, Pill, Scene, Shape, Text
from resdsl.record import record

COPY = 3.0
"""How far each card of a stack stands out to the right and above."""


@record
class RectMark:
    """A rectangle with round corners, filled and outlined."""

    rect: Rect
    radius: float
    fill: str
    line: str
    width: float
    dash: Dash = "solid"


@record
class DiscMark:
    """A disc, filled, and outlined where `line` is a role."""

    x: float
    y: float
    radius: float
    fill: str
    line: str = ""
    width: float = 0.0


@record
class LineMark:
    """A line with rounded corners."""

    start: Point
    pieces: tuple[Line | Bend, ...]
    line: str
    width: float
    dash: Dash = "solid"


@record
class AreaMark:
    """A filled polygon."""

    points: tuple[Point, ...]
    fill: str


@record
class WordsMark:
    """One line of text on the base line `y`."""

    x: float
    y: float
    text: str
    size: float
    anchor: Anchor
    bold: bool
    italic: bool
    ink: str


Mark = RectMark | DiscMark | LineMark | AreaMark | WordsMark


def marks(scene: Scene) -> Iterator[tuple[Mark, bool]]:
    """All marks in painting order, each with whether it is faded."""
    return ((mark, faded) for shape, faded in scene.shades() for mark in shape_marks(shape))


def shape_marks(shape: Shape) -> Iterator[Mark]:
    """The marks of one shape."""
    match shape:
        case Box(rect, ink, copies, radius, dash):
            for copy in range(copies, -1, -1):
                yield RectMark(rect.moved(COPY * copy, -COPY * copy), radius, ink, "outline", 1.1, dash)
        case Card(rect, ink, radius, dash):
            yield RectMark(rect, radius, ink, ink, 1.0, dash)
        case Pill():
            yield from _pill(shape)
        case Dot(x, y, ink, radius):
            yield DiscMark(x, y, radius, ink)
        case Badge(x, y, text, ink, radius):
            yield DiscMark(x, y, radius, "badge", ink, 1.3)
            yield WordsMark(x, y + 3.4, text, 9.5, "middle", bold=False, italic=False, ink="text")
        case Area(points, ink):
            yield AreaMark(points, ink)
        case Text(x, y, text, size, anchor, bold, italic, ink):
            yield WordsMark(x, y, text, size, anchor, bold, italic, ink)
        case Path():
            yield from _path(shape)
        case _:
            assert_never(shape)


def _pill(pill: Pill) -> Iterator[Mark]:
    yield RectMark(pill.rect, min(pill.rect.width, pill.rect.height) / 2, "junction", "outline", 1.2)
    x, y = pill.rect.center
    strokes = SIGNS.get(pill.sign)
    if strokes is None:
        yield WordsMark(x, y + 3.4, pill.sign, 9.5, "middle", bold=False, italic=False, ink="text")
        return
    for (x1, y1), (x2, y2) in strokes:
        yield LineMark((x + x1, y + y1), (Line((x + x2, y + y2)),), "text", 1.4)


def _path(path: Path) -> Iterator[Mark]:
    points = path.points
    if path.arrow:
        length = 5.2 + path.width
        points, triangle = arrowhead(points, length, length * 0.8)
        yield AreaMark(triangle, path.ink)
    yield LineMark(points[0], rounded(points, path.radius), path.ink, path.width, path.dash)


def dash_lengths(dash: Dash, width: float) -> tuple[float, ...]:
    """The lengths of strokes and gaps, in pixels; a dot is a stroke of almost no length with round ends."""
    unit = 1 + width / 3
    return tuple(length * unit for length in DASHES[dash])


DASHES: dict[Dash, tuple[float, ...]] = {
    "solid": (),
    "dashed": (3.2, 2.2),
    "long": (6.5, 2.2),
    "dotted": (0.1, 2.4),
    "dashdot": (5, 2, 0.9, 2),
}

SIGNS: dict[str, tuple[tuple[Point, Point], ...]] = {
    "+": (((-3.5, 0), (3.5, 0)), ((0, -3.5), (0, 3.5))),
    "×": (((-2.7, -2.7), (2.7, 2.7)), ((2.7, -2.7), (-2.7, 2.7))),
    "−": (((-3.5, 0), (3.5, 0)),),
}
"""The strokes of junctions' signs, around their middle."""
