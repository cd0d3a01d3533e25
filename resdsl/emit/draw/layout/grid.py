"""Rows and columns for the layers of a unit: x runs down a trunk on the left, the residual branch right of it."""

from __future__ import annotations

from resdsl.emit.draw.looks import block_look
from resdsl.ir.unit import Node, Unit
from resdsl.record import record

LINK, TRUNK, GATE, RESIDUAL, SIDE = range(5)
"""The streams from left to right: links that end here, x, gates made of x, the branch f, branches inside a branch."""

Stream = tuple[int, int]
"""One of these, and a number among its columns."""


@record
class Grid:
    """Where the values of a unit stand: its inputs, then its nodes.

    Attributes:
        column: of each value, from 0.
        row: of each value; inputs stand in row 0.
        follows: the input that a node continues in its own column, right above it; -1 where it begins a branch.
        trunk: the column of x.
        n_columns: how many there are.
        n_rows: how many there are.
    """

    column: tuple[int, ...]
    row: tuple[int, ...]
    follows: tuple[int, ...]
    trunk: int
    n_columns: int
    n_rows: int


def arrange(unit: Unit) -> Grid:
    """Each node below its inputs, in the column of the input that it continues, or in one of its own."""
    return _Arranging(unit).done()


class _Arranging:
    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._n_inputs = len(unit.inputs)
        links: list[Stream] = [(LINK, -number) for number in range(1, self._n_inputs)]
        self._streams: list[Stream] = [(TRUNK, 0), *links]
        self._rows = [0] * self._n_inputs
        self._follows = [-1] * self._n_inputs
        self._tips: dict[Stream, int] = {stream: value for value, stream in enumerate(self._streams)}
        self._users: dict[int, list[int]] = {}
        for value, node in enumerate(unit.nodes, start=self._n_inputs):
            for source in node.inputs:
                self._users.setdefault(source, []).append(value)
        self._is_plain = block_look(unit) is None
        self._shares_before = self._before_is_shared()

    def done(self) -> Grid:
        for value, node in enumerate(self._unit.nodes, start=self._n_inputs):
            main = self._main(node)
            stream, follows = self._place(value, node, main)
            above = [self._rows[source] for source in node.inputs]
            above += [self._rows[self._tips[stream]]] if stream in self._tips else []
            self._rows.append(max(above) + 1)
            self._streams.append(stream)
            self._follows.append(follows)
            self._tips[stream] = value
        columns = {stream: number for number, stream in enumerate(sorted(set(self._streams)))}
        return Grid(
            column=tuple(columns[stream] for stream in self._streams),
            row=tuple(self._rows),
            follows=tuple(self._follows),
            trunk=columns[TRUNK, 0],
            n_columns=len(columns),
            n_rows=max(self._rows) + 1,
        )

    def _main(self, node: Node) -> int:
        """The input that a node continues: of several the one nearest to the trunk, the latest of these."""
        return min(node.inputs, key=lambda value: (_NEARNESS[self._stream(value)], -value))

    def _stream(self, value: int) -> int:
        return self._streams[value][0] if value < len(self._streams) else SIDE

    def _place(self, value: int, node: Node, main: int) -> tuple[Stream, int]:
        """The stream of a node, and the input right above it there."""
        current = self._streams[main]
        leaves_trunk = node.part == "residual" or (node.part == "before" and not self._shares_before)
        if current[0] == TRUNK and leaves_trunk and not self._is_plain:
            return (RESIDUAL, 0), -1
        if self._tips[current] == main and not self._is_branch(value, main):
            return current, main
        of = GATE if node.part in {"shortcut", "link"} and current[0] in {TRUNK, GATE, LINK} else SIDE
        number = 0
        while not self._is_free((of, number)):
            number += 1
        return (of, number), -1

    def _is_branch(self, value: int, main: int) -> bool:
        """Whether another layer takes the value past this one, as a gate's product does."""
        nodes = self._unit.nodes
        later = [user for user in self._users[main] if user > value]
        takers = [nodes[user - self._n_inputs] for user in later]
        part = nodes[value - self._n_inputs].part
        return any(taker.part == part and len(taker.inputs) > 1 and self._main_is(taker, main) for taker in takers)

    def _main_is(self, node: Node, value: int) -> bool:
        return all(_NEARNESS[self._stream(other)] >= _NEARNESS[self._stream(value)] for other in node.inputs)

    def _is_free(self, stream: Stream) -> bool:
        """Whether nothing stands in the stream that is still to be used."""
        tip = self._tips.get(stream)
        return tip is None or all(user < len(self._streams) for user in self._users.get(tip, []))

    def _before_is_shared(self) -> bool:
        """Whether the shortcut takes what `before` makes of x, and not x itself."""
        before = [value for value, node in enumerate(self._unit.nodes, start=self._n_inputs) if node.part == "before"]
        return any(node.part == "shortcut" and before[-1:] and before[-1] in node.inputs for node in self._unit.nodes)


_NEARNESS = {TRUNK: 0, RESIDUAL: 1, SIDE: 2, GATE: 3, LINK: 4}
