"""Points, rectangles, and the shapes that writers make of a bent line: its rounded corners, its arrowhead."""

from __future__ import annotations

from itertools import pairwise
from math import hypot

from resdsl.record import record

Point = tuple[float, float]


@record
class Rect:
    """An upright rectangle; y grows downwards, all lengths are pixels at 96 to the inch."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of the lower edge."""
        return self.y + self.height

    @property
    def center(self) -> Point:
        """The middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def overlaps(self, other: Rect, slack: float = 0.01) -> bool:
        """Whether the two share an area, edges that touch aside."""
        return (
            self.x + slack < other.right
            and other.x + slack < self.right
            and self.y + slack < other.bottom
            and other.y + slack < self.bottom
        )

    def contains(self, other: Rect, slack: float = 0.01) -> bool:
        """Whether the other lies inside, edges included."""
        return (
            self.x <= other.x + slack
            and self.y <= other.y + slack
            and other.right <= self.right + slack
            and other.bottom <= self.bottom + slack
        )

    def grown(self, margin: float) -> Rect:
        """The rectangle with `margin` more on every side."""
        return Rect(self.x - margin, self.y - margin, self.width + 2 * margin, self.height + 2 * margin)

    def moved(self, dx: float, dy: float) -> Rect:
        """The rectangle elsewhere."""
        return Rect(self.x + dx, self.y + dy, self.width, self.height)


@record
class Line:
    """Straight to `end`."""

    end: Point


@record
class Bend:
    """A quarter turn to `end` around `corner`."""

    corner: Point
    end: Point


def rounded(points: tuple[Point, ...], radius: float) -> tuple[Line | Bend, ...]:
    """The pieces of a line through `points`, its corners rounded by at most `radius`; it starts at `points[0]`."""
    pieces: list[Line | Bend] = []
    before = points[0]
    for corner, after in pairwise(points[1:]):
        reach = min(radius, _distance(before, corner) / (1 if before == points[0] else 2), _distance(corner, after) / 2)
        pieces += [Line(_towards(corner, before, reach)), Bend(corner, _towards(corner, after, reach))]
        before = corner
    return *pieces, Line(points[-1])


def arrowhead(points: tuple[Point, ...], length: float, breadth: float) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """The line cut back by the arrow's length, and the triangle at its end."""
    tip, tail = points[-1], points[-2]
    base = _towards(tip, tail, length)
    dx, dy = (tip[0] - base[0]) / length, (tip[1] - base[1]) / length
    half = breadth / 2
    triangle = (tip, (base[0] - dy * half, base[1] + dx * half), (base[0] + dy * half, base[1] - dx * half))
    return (*points[:-1], _towards(tip, tail, length * 0.8)), triangle


def _distance(a: Point, b: Point) -> float:
    return hypot(b[0] - a[0], b[1] - a[1])


def _towards(a: Point, b: Point, length: float) -> Point:
    whole = _distance(a, b) or 1.0
    return a[0] + (b[0] - a[0]) * length / whole, a[1] + (b[1] - a[1]) * length / whole
