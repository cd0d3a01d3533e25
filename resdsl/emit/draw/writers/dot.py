"""Scene to Graphviz, pinned: `dot -Tpdf net.dot` gives this very picture, in every version since 2.40."""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot
from typing import assert_never

from resdsl.emit.draw.geometry import Bend, Line, Point, Rect
from resdsl.emit.draw.scene import Area, Badge, Box, Card, Dash, Dot, Path, Pill, Scene, Shape, Text
from resdsl.emit.draw.theme import THEMES, Theme
from resdsl.emit.draw.truetype import read_font
from resdsl.emit.draw.wording import clean
from resdsl.emit.draw.writers.marks import LineMark, RectMark, WordsMark, dash_lengths, shape_marks

POINT = 0.75


def write_dot(scene: Scene, theme: str = "light") -> str:
    """A graph with `layout=nop2`: every node has its place, every edge its curve, so no engine moves anything."""
    page = _Page(scene, THEMES[theme])
    width, height = _number(scene.width * POINT), _number(scene.height * POINT)
    head = (
        f"graph {quote(scene.title)} {{\n"
        f'  graph [layout=nop2, bb="0,0,{width},{height}", bgcolor={quote(page.theme.background)}, pad=0,'
        " margin=0, outputorder=edgesfirst, splines=true]\n"
        '  node [label="", fixedsize=true, shape=box, style=filled, penwidth=0.8,'
        f' fontname="{_FAMILY}"]\n'
        '  edge [arrowhead=none, dir=none, fontname="Helvetica,Arial,Liberation Sans,sans-serif"]'
    )
    return "\n".join([head, *page.lines(), "}", ""])


def quote(words: str) -> str:
    r"""A quoted string of the dot language that is only text: `\\N` and its kin are not expanded."""
    return '"' + clean(words).replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Page:
    def __init__(self, scene: Scene, theme: Theme) -> None:
        self.theme = theme
        self._scene = scene
        self._count = 0

    def lines(self) -> Iterator[str]:
        """Cards are clusters, which are painted first; then edges, then nodes over them."""
        corners = (0.0, 0.0), (self._scene.width, self._scene.height)
        yield from (self._anchor(corner)[1] for corner in corners)  # the page keeps its size
        theme = self.theme
        for shape, faded in self._scene.shades():
            self.theme = theme.faded if faded else theme
            yield from self._shape(shape)

    def _shape(self, shape: Shape) -> Iterator[str]:
        match shape:
            case Card():
                yield self._cluster(shape)
            case Box():
                for mark in shape_marks(shape):
                    if isinstance(mark, RectMark):
                        yield self._rect(mark.rect, self.theme.fill(mark.fill), self.theme.line(mark.line), mark.dash)
            case Pill(rect, sign):
                yield self._rect(rect, self.theme.fill("junction"), self.theme.line("outline"), "solid")
                x, y = rect.center
                yield self._words(WordsMark(x, y + 4, sign, 12, "middle", bold=False, italic=False, ink="text"))
            case Dot(x, y, ink, radius):
                yield self._disc(x, y, radius, self.theme.paint(ink), self.theme.paint(ink))
            case Badge(x, y, words, ink, radius):
                yield self._disc(x, y, radius, self.theme.fill("badge"), self.theme.line(ink))
                yield self._words(WordsMark(x, y + 3.4, words, 9.5, "middle", bold=False, italic=False, ink="text"))
            case Area(points, ink):
                yield from self._areas(points, self.theme.paint(ink))
            case Text(x, y, words, size, anchor, bold, italic, ink):
                yield self._words(WordsMark(x, y, words, size, anchor, bold, italic, ink))
            case Path():
                yield self._path(shape)
            case _:
                assert_never(shape)

    def _cluster(self, card: Card) -> str:
        """A cluster with its box; the node inside is there because an empty one is not painted."""
        low, high = self._at((card.rect.x, card.rect.bottom)), self._at((card.rect.right, card.rect.y))
        style = "filled,rounded" if card.dash == "solid" else "filled,rounded,dashed"
        colours = f'fillcolor="{self.theme.fill(card.ink)}", color="{self.theme.line(card.ink)}"'
        anchor = self._anchor(card.rect.center)[1].strip()
        graph = f'graph [bb="{low},{high}", style="{style}", {colours}, label=""]'
        return f"  subgraph cluster_{self._name()} {{ {graph} {anchor} }}"

    def _rect(self, rect: Rect, fill: str, line: str, dash: Dash) -> str:
        style = "filled,rounded" if dash == "solid" else "filled,rounded,dashed"
        x, y = rect.center
        size = f"width={_number(rect.width / 96)}, height={_number(rect.height / 96)}"
        return self._node(f'pos="{self._at((x, y))}", {size}, style="{style}", fillcolor="{fill}", color="{line}"')

    def _disc(self, x: float, y: float, radius: float, fill: str, line: str) -> str:
        size = f"width={_number(radius / 48)}, height={_number(radius / 48)}"
        return self._node(f'pos="{self._at((x, y))}", shape=ellipse, {size}, fillcolor="{fill}", color="{line}"')

    def _areas(self, points: tuple[Point, ...], fill: str) -> Iterator[str]:
        """Nodes are no free polygons: what is no rectangle is cut into level strips, as long as it is there."""
        ys, left = sorted({y for _, y in points}), min(x for x, _ in points)
        n_strips = 1 if len(points) == 4 and len(ys) == 2 == len({x for x, _ in points}) else 24
        step = (ys[-1] - ys[0]) / n_strips
        for number in range(n_strips):
            y = ys[0] + step * (number + 0.5)
            rect = Rect(left, y - step / 2, right_at(points, y) - left, step)
            size = f"width={_number(rect.width / 96)}, height={_number(rect.height / 96)}"
            place = (
                f'pos="{self._at(rect.center)}", {size}, style=filled, fillcolor="{fill}", color="{fill}", penwidth=0'
            )
            yield self._node(place)

    def _words(self, words: WordsMark) -> str:
        """A node without a shape; its text is centred, so it stands where the middle of the text belongs."""
        shown = clean(words.text)
        name, font = _FONTS["bold" if words.bold else "italic" if words.italic else "regular"]
        width = read_font(name).width(shown, words.size)
        middle = words.x + {"start": 0.5, "middle": 0.0, "end": -0.5}[words.anchor] * width
        size = f"fixedsize=shape, width={_number(width / 96)}, height={_number(words.size / 96)}"
        place = f'pos="{self._at((middle, words.y - words.size * 0.36))}", {size}'
        colour = f'fontcolor="{self.theme.line(words.ink)}", fontsize={_number(words.size * POINT)}, fontname="{font}"'
        return self._node(f'shape=none, style="", margin=0, {place}, label={quote(shown)}, {colour}')

    def _path(self, path: Path) -> str:
        mark = next(mark for mark in shape_marks(path) if isinstance(mark, LineMark))
        splines = [" ".join(map(self._at, points)) for points in _strokes(mark)]
        if path.arrow:
            splines[-1] = f"e,{self._at(path.points[-1])} {splines[-1]}"
        style = path.dash if path.dash in {"solid", "dashed", "dotted"} else "solid"
        ends = (
            f"dir={'forward' if path.arrow else 'none'}, arrowhead={'normal' if path.arrow else 'none'}, arrowsize=0.5"
        )
        start, end = self._anchor(path.points[0]), self._anchor(path.points[-1])
        colour = self.theme.line(path.ink)
        pen = f'color="{colour}", penwidth={_number(path.width * POINT)}, style={style}, {ends}'
        line = f'pos="{";".join(splines)}", {pen}'
        return f"{start[1]}\n{end[1]}\n  {start[0]} -- {end[0]} [{line}]"

    def _anchor(self, point: Point) -> tuple[str, str]:
        """An invisible node where an edge begins or ends."""
        name = self._name()
        return name, f'  {name} [pos="{self._at(point)}", shape=point, style=invis, width=0.01, height=0.01]'

    def _node(self, attributes: str) -> str:
        return f"  {self._name()} [{attributes}]"

    def _name(self) -> str:
        self._count += 1
        return f"n{self._count}"

    def _at(self, point: Point) -> str:
        return f"{_number(point[0] * POINT)},{_number((self._scene.height - point[1]) * POINT)}"


def _strokes(mark: LineMark) -> Iterator[list[Point]]:
    """A line as Bézier splines: one, or, for dashes that Graphviz has not, one for each stroke."""
    pieces = list(_curves(mark))
    if mark.dash not in {"long", "dashdot"}:
        yield [mark.start, *(point for curve in pieces for point in curve[1:])]
        return
    lengths = dash_lengths(mark.dash, mark.width)
    for curve, piece in zip(pieces, mark.pieces, strict=True):
        start, end = curve[0], curve[-1]
        whole = hypot(end[0] - start[0], end[1] - start[1])
        if isinstance(piece, Bend) or whole <= lengths[0]:
            yield curve
            continue
        n_rounds = max(1, round(whole / sum(lengths)))
        pattern = (*lengths * n_rounds, lengths[0])
        unit, at = 1 / sum(pattern), 0.0
        for number, length in enumerate(pattern):
            if number % 2 == 0:
                yield _straight(_between(start, end, at), _between(start, end, at + length * unit))
            at += length * unit


def _curves(mark: LineMark) -> Iterator[list[Point]]:
    """Four control points for each piece of a line."""
    start = mark.start
    for piece in mark.pieces:
        if isinstance(piece, Line):
            yield _straight(start, piece.end)
        else:
            yield [start, _between(start, piece.corner, 2 / 3), _between(piece.end, piece.corner, 2 / 3), piece.end]
        start = piece.end


def _straight(start: Point, end: Point) -> list[Point]:
    return [start, _between(start, end, 1 / 3), _between(start, end, 2 / 3), end]


def right_at(points: tuple[Point, ...], y: float) -> float:
    """The largest x of a polygon at y."""
    xs: list[float] = []
    for (x1, y1), (x2, y2) in zip(points, (*points[1:], points[0]), strict=True):
        if min(y1, y2) <= y <= max(y1, y2):
            xs.append(max(x1, x2) if y1 == y2 else x1 + (x2 - x1) * (y - y1) / (y2 - y1))
    return max(xs)


def _between(a: Point, b: Point, part: float) -> Point:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


_FAMILY = "Helvetica,Arial,Liberation Sans,sans-serif"
_FONTS = {
    "regular": ("Arimo-Regular", _FAMILY),
    "bold": ("Arimo-Bold", "Helvetica-Bold"),
    "italic": ("Arimo-Italic", "Helvetica-Oblique"),
}
"""The font whose widths count, and the fonts that Graphviz is to look for."""
