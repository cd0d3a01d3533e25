"""The table as a picture, with brackets as in He et al. 2016, Table 1."""

from __future__ import annotations

from collections.abc import Sequence

from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.layout.heading import MARGIN
from resdsl.emit.draw.layout.rows import survival_bar
from resdsl.emit.draw.metrics import broken, shortened, text_width
from resdsl.emit.draw.scene import Item, Path, Scene, Text
from resdsl.emit.draw.tabulate import Cell, Matrix, Table, tabulate
from resdsl.emit.draw.theme import stage_ink
from resdsl.emit.draw.wording import plural
from resdsl.ir.graph import Graph
from resdsl.record import evolve

SIZE, LINE, PAD, BRACKET = 11.0, 15.0, 10.0, 5.0
BAR = Rect(0, 1, 70, 8)
"""A bar of survival, from the end of the words above it."""

MAX_WIDTH = 1000.0
WIDEST = (1000.0, 180.0, 150.0, 120.0, 96.0, 80.0)
"""How wide the words of a column may be, in the order in which these are tried."""


def lay_table(graphs: Sequence[Graph], *, shade: bool = False) -> Scene:
    """A table of one or more networks; where it would be wider than a page, words are broken into more lines."""
    table = tabulate(graphs, shade=shade)
    pages = (_Page(_narrowed(table, width)).scene() for width in WIDEST)
    return next((scene for scene in pages if scene.width <= MAX_WIDTH), _Page(_narrowed(table, WIDEST[-1])).scene())


def _narrowed(table: Table, width: float) -> Table:
    """The table with no words wider than `width`: chains broken between layers, names cut."""
    rows = tuple(
        (
            _cut(label, width),
            _cut(size, width),
            tuple(tuple(_narrow_matrix(matrix, width) for matrix in cell) for cell in cells),
        )
        for label, size, cells in table.rows
    )
    heads = tuple(_cut(name, width, bold=True) for name in table.nets)
    return Table(table.title, heads, rows, table.sums)


def _narrow_matrix(matrix: Matrix, width: float) -> Matrix:
    if matrix.count:
        room = width - 2 * BRACKET - 10 - _text(f"× {matrix.count}")
        return Matrix(tuple(_cut(layer, room) for layer in matrix.layers), matrix.count)
    return evolve(matrix, layers=tuple(line for layer in matrix.layers for line in broken(layer, SIZE, width)))


def _cut(words: str, width: float, *, bold: bool = False) -> str:
    return shortened(words, SIZE, width, bold=bold)


class _Page:
    def __init__(self, table: Table) -> None:
        self._table = table
        self._items: list[Item] = []
        heads = ["layer", "output", *table.nets]
        widths = [_text(head, bold=True) for head in heads]
        for label, size, cells in table.rows:
            for number, width in enumerate((_text(label), _text(size), *map(_cell_width, cells))):
                widths[number] = max(widths[number], width)
        for label, sums in table.sums:
            for number, width in enumerate((_text(label), 0.0, *map(_text, sums))):
                widths[number] = max(widths[number], width)
        self._widths = [width + 2 * PAD for width in widths]
        self._width = sum(self._widths)
        self._heads = heads

    def scene(self) -> Scene:
        """Rules above and below the head, between rows, and at the end."""
        y = 16.0
        self._rule(y, 1.4)
        y = self._row(y, [Matrix((head,)) for head in self._heads], bold=True)
        self._rule(y, 1.0)
        for label, size, cells in self._table.rows:
            y = self._cells(y, [(Matrix((label,)),), (Matrix((size,)),), *cells])
            self._rule(y, 0.6)
        for label, sums in self._table.sums:
            y = self._row(y, [Matrix((label,)), Matrix(("",)), *(Matrix((text,)) for text in sums)])
        self._rule(y, 1.4)
        told = f"Table of {plural(len(self._table.nets), 'network')}: {self._table.title}."
        return Scene(self._width + 2 * MARGIN, y + 16, self._table.title, told, tuple(self._items))

    def _row(self, y: float, cells: list[Matrix], *, bold: bool = False) -> float:
        return self._cells(y, [(cell,) for cell in cells], bold=bold)

    def _cells(self, y: float, cells: Sequence[Cell], *, bold: bool = False) -> float:
        heights = [sum(map(_matrix_height, cell)) + 5 * max(0, len(cell) - 1) for cell in cells]
        height = max(heights) + 10
        x = MARGIN
        for width, cell, own in zip(self._widths, cells, heights, strict=True):
            at = y + (height - own) / 2
            for matrix in cell:
                self._matrix(matrix, x + width / 2, at, bold=bold)
                at += _matrix_height(matrix) + 5
            x += width
        return y + height

    def _matrix(self, matrix: Matrix, x: float, y: float, *, bold: bool) -> None:
        inner = max(_text(layer, bold=bold) for layer in matrix.layers)
        height = len(matrix.layers) * LINE
        factor = f"× {matrix.count}" if matrix.count else ""
        left = x - (inner + (2 * BRACKET + 6 + _text(factor) if factor else 0)) / 2
        middle = left + inner / 2 + (BRACKET if factor else 0)
        for number, layer in enumerate(matrix.layers):
            room = Rect(middle - inner / 2, y + number * LINE, inner, LINE)
            self._items.append(Text(middle, y + number * LINE + 11, layer, SIZE, "middle", bold, room=room))
        if matrix.survivals:
            track = Rect(x - BAR.width / 2, y + height + BAR.y, BAR.width, BAR.height)
            self._items += survival_bar(matrix.survivals, track, stage_ink(1))
        if not factor:
            return
        right = left + inner + 2 * BRACKET
        for edge, turn in ((left, 4.0), (right, -4.0)):
            points = (edge + turn, y), (edge, y), (edge, y + height - 1), (edge + turn, y + height - 1)
            self._items.append(Path(points, "text", 1, radius=0, role="grid"))
        room = Rect(right + 5, y, _text(factor), height)
        self._items.append(Text(right + 5, y + height / 2 + 3.5, factor, SIZE, room=room))

    def _rule(self, y: float, width: float) -> None:
        self._items.append(Path(((MARGIN, y), (MARGIN + self._width, y)), "text", width, role="grid"))


def _text(words: str, *, bold: bool = False) -> float:
    return text_width(words, SIZE, bold=bold)


def _cell_width(cell: Cell) -> float:
    return max((_matrix_width(matrix) for matrix in cell), default=0)


def _matrix_height(matrix: Matrix) -> float:
    return len(matrix.layers) * LINE + (BAR.bottom if matrix.survivals else 0)


def _matrix_width(matrix: Matrix) -> float:
    inner = max(_text(layer) for layer in matrix.layers)
    inner = max(inner, BAR.width) if matrix.survivals else inner
    return inner + (2 * BRACKET + 10 + _text(f"× {matrix.count}") if matrix.count else 0)
