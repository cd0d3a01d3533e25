"""The inside of a unit as a picture: its layers on a grid, and the wires between them."""

from __future__ import annotations

from collections.abc import Callable

from resdsl.emit.draw.geometry import Point, Rect
from resdsl.emit.draw.layout.grid import Grid, arrange
from resdsl.emit.draw.looks import block_look
from resdsl.emit.draw.metrics import shortened, text_width
from resdsl.emit.draw.scene import Box, Dot, Group, Item, Path, Pill, Text
from resdsl.emit.draw.wording import clean, kind_words, layer_ink, size_words, times
from resdsl.ir.unit import Node, Unit
from resdsl.ops.base import Op
from resdsl.record import record

HEAD, LEAD, GAP, TAIL, CHANNEL = 16.0, 20.0, 18.0, 32.0, 24.0
TEXT, SMALL = 11.0, 9.5
MIN_BOX, MAX_BOX = 74.0, 200.0
PILL = 17.0


@record
class Panel:
    """A unit drawn with its upper left corner at (0, 0).

    Attributes:
        items: its shapes.
        width: of all of it.
        height: of all of it.
        trunk: the x of the line on which x comes in.
    """

    items: tuple[Item, ...]
    width: float
    height: float
    trunk: float


def lay_panel(unit: Unit, key: str, words: Callable[[Op], str], *, shapes: bool) -> Panel:
    """The unit's layers, each called by `words`; with `shapes`, each box also says what leaves it.

    The keys of its groups begin with `key`.
    """
    return _Drawing(unit, arrange(unit), key, words, shapes=shapes).panel()


class _Drawing:
    def __init__(self, unit: Unit, grid: Grid, key: str, words: Callable[[Op], str], *, shapes: bool) -> None:
        self._unit, self._grid, self._key, self._words, self._shapes = unit, grid, key, words, shapes
        self._n_inputs = len(unit.inputs)
        self._values = range(self._n_inputs, self._n_inputs + len(unit.nodes))
        self._box = 36.0 if shapes else 24.0
        self._has_trunk = unit.is_block and block_look(unit) is not None
        self._tracks: dict[tuple[str, int], list[int]] = {}
        self._widths = [self._column_width(column) for column in range(grid.n_columns)]
        self._x: list[float] = []
        at = 2.0
        for width in self._widths:
            self._x.append(at + width / 2)
            at += width + CHANNEL
        self._width = at - CHANNEL + (10 if grid.n_columns > 1 else 2)
        self._tops = self._row_tops()
        self._height = self._top(grid.n_rows - 1) + self._row_height(grid.n_rows - 1) + TAIL

    def panel(self) -> Panel:
        """Trunk, wires, boxes, names, in this order of painting."""
        items = self._trunk()
        for value in self._values:
            for source in dict.fromkeys(self._node(value).inputs):
                items += self._wire(source, value)
        items += (self._layer(value) for value in self._values)
        items += self._names()
        return Panel(tuple(items), self._width, self._height, self._x[self._grid.trunk])

    # ------------------------------------------------------------ places

    def _node(self, value: int) -> Node:
        return self._unit.nodes[value - self._n_inputs]

    def _column_width(self, column: int) -> float:
        nodes = [self._node(value) for value in self._values if self._grid.column[value] == column]
        texts = [text_width(line, TEXT) for node in nodes if not _is_junction(node) for line in self._lines(node)]
        if not texts:
            return PILL + 14
        return max(MIN_BOX, min(MAX_BOX, max(texts) + 14))

    def _lines(self, node: Node) -> list[str]:
        shape = [size_words(node.shape)] if self._shapes else []
        return [self._words(node.op), *shape]

    def _row_height(self, row: int) -> float:
        """Of a box; of a junction in a row that has nothing else."""
        nodes = (self._node(value) for value in self._values if self._grid.row[value] == row)
        return self._box if not all(map(_is_junction, nodes)) else PILL

    def _row_tops(self) -> list[float]:
        tops = [HEAD, HEAD + LEAD]
        for row in range(1, self._grid.n_rows):
            tops.append(tops[-1] + self._row_height(row) + GAP)
        return tops

    def _top(self, row: int) -> float:
        return self._tops[row]

    def _rect(self, value: int) -> Rect:
        """A layer's box, a junction's pill, or the point where an input enters."""
        column = self._grid.column[value]
        x, y = self._x[column], self._top(self._grid.row[value])
        if value < self._n_inputs:
            return Rect(x, HEAD, 0, 0)
        if _is_junction(self._node(value)):
            return Rect(x - PILL / 2, y + (self._row_height(self._grid.row[value]) - PILL) / 2, PILL, PILL)
        return Rect(x - self._widths[column] / 2, y, self._widths[column], self._box)

    def _below(self, row: int, source: int) -> float:
        """A y in the gap below a row; wires of one source share it, others have their own."""
        bottom = self._top(row) + self._row_height(row) if row else HEAD
        return bottom + 6 + 4 * self._track("gap", row, source, 3)

    def _right_of(self, column: int, source: int) -> float:
        """An x in the channel right of a column."""
        return self._x[column] + self._widths[column] / 2 + 7 + 5 * self._track("channel", column, source, 3)

    def _track(self, kind: str, number: int, source: int, n_tracks: int) -> int:
        taken = self._tracks.setdefault((kind, number), [])
        if source not in taken:
            taken.append(source)
        return taken.index(source) % n_tracks

    # ------------------------------------------------------------ wires

    def _trunk(self) -> list[Item]:
        """The thick grey line of the papers: x from the top to the last layer that continues it, or out."""
        if not self._has_trunk:
            return []
        x, end = self._x[self._grid.trunk], 0
        for value in self._values:
            end = value if self._grid.follows[value] == end else end
        is_out = end == self._unit.output
        low = self._height - TAIL + 16 if is_out else self._rect(end).y
        return [Path(((x, HEAD), (x, low)), "trunk", 3.2, arrow=True, role="spine")]

    def _wire(self, source: int, value: int) -> list[Item]:
        """From a value to a layer: straight down where it continues, else along free tracks."""
        start, end = self._rect(source), self._rect(value)
        if self._grid.follows[value] == source:
            if self._has_trunk and self._grid.column[value] == self._grid.trunk:
                return []
            return [Path(((start.center[0], start.bottom), (end.center[0], end.y)), arrow=True)]
        points = self._route(source, value, start, end)
        wire = Path(points, arrow=True, radius=6)
        return [wire, Dot(*points[0], "spine", 2)] if self._goes_on(source) else [wire]

    def _goes_on(self, source: int) -> bool:
        """Whether something stands below a value in its own column that continues it."""
        return any(self._grid.follows[value] == source for value in self._values)

    def _route(self, source: int, value: int, start: Rect, end: Rect) -> tuple[Point, ...]:
        of, to = self._grid.column[source], self._grid.column[value]
        x, y = start.center[0], start.bottom
        leave = self._below(self._grid.row[source], source)
        if _is_junction(self._node(value)):
            side, height = (end.x if to > of else end.right), end.center[1]
            if not self._goes_on(source):
                return (x, y), (x, height), (side, height)
            lane = self._right_of(to - 1 if to > of else to, source)
            return (x, leave), (lane, leave), (lane, height), (side, height)
        target = end.center[0]
        if self._grid.row[value] == self._grid.row[source] + 1:
            return (x, leave), (target, leave), (target, end.y)
        above = self._below(self._grid.row[value] - 1, source)
        if not self._goes_on(source):
            return (x, y), (x, above), (target, above), (target, end.y)
        lane = self._right_of(to - 1 if to > of else to, source)
        return (x, leave), (lane, leave), (lane, above), (target, above), (target, end.y)

    # ------------------------------------------------------------ layers

    def _layer(self, value: int) -> Group:
        node, rect = self._node(value), self._rect(value)
        if _is_junction(node):
            items: list[Item] = [Pill(rect, SIGNS[node.op.LABEL])]
        else:
            drops = node.part == "survive"
            items = [Box(rect, "random" if drops else layer_ink(node.op), dash="dashed" if drops else "solid")]
            base = rect.center[1] + TEXT * 0.36 - (6 if self._shapes else 0)
            for number, line in enumerate(self._lines(node)):
                size, ink = (SMALL, "muted") if number else (TEXT, "text")
                shown = shortened(line, size, rect.width - 6)
                items.append(Text(rect.center[0], base, shown, size, "middle", ink=ink, room=rect))
                base += 13
        return Group(f"{self._key}.{value}", tuple(items), self._tip(node))

    def _tip(self, node: Node) -> tuple[str, ...]:
        inputs = self._unit.input_shapes(node)
        params, macs = node.op.n_params(*inputs), node.op.macs(*inputs)
        tip = [str(node.op), f"{', '.join(times(str(shape)) for shape in inputs)} → {times(str(node.shape))}"]
        tip += [f"{params:,} params" + (f" · {macs:,} MACs" if macs else "")] if params else []
        tip += [f"part of {node.group}"] if node.group else []
        return tuple(map(clean, tip))

    def _names(self) -> list[Item]:
        """What enters and what leaves, by name and shape."""
        items: list[Item] = []
        for value, name in enumerate(["x", *map(kind_words, self._unit.links)]):
            items.append(self._name(name, self._x[self._grid.column[value]], 0))
        output = self._rect(self._unit.output)
        x = output.center[0]
        if not self._has_trunk or self._grid.column[self._unit.output] != self._grid.trunk:
            items.append(Path(((x, output.bottom), (x, self._height - TAIL + 16)), arrow=True))
        items.append(self._name("y", x, self._height - 14))
        return items

    def _name(self, name: str, x: float, y: float) -> Text:
        width = text_width(name, 10.5)
        return Text(x, y + 10, name, 10.5, "middle", italic=True, room=Rect(x - width / 2, y, width, 13))


def _is_junction(node: Node) -> bool:
    return node.op.LABEL in SIGNS


SIGNS: dict[str, str] = {"add": "+", "subtract": "−", "multiply": "×", "concat": "c"}
"""How operators between tensors are drawn."""
