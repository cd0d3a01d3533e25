"""Prints a part of a unit: as a chain of layers, or as equations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from resdsl.diagnostics import InternalError
from resdsl.ir.unit import Node, Unit
from resdsl.ops import Add, Affine, Concat, Multiply, Op, Subtract
from resdsl.ops.setting import write_value


@dataclass(frozen=True, slots=True)
class Region:
    """Some nodes of a unit, in order, that take `entry` and hand on `exit`."""

    unit: Unit
    values: tuple[int, ...]
    entry: int
    exit: int

    def node(self, value: int) -> Node:
        """The node that computes a value."""
        return self.unit.nodes[value - len(self.unit.inputs)]


def is_chain(region: Region) -> bool:
    """Whether each layer takes what the one before it makes, and nothing else."""
    before = region.entry
    for value in region.values:
        if region.node(value).inputs != (before,):
            return False
        before = value
    return before == region.exit


def print_equations(region: Region, names: Mapping[int, str]) -> list[str]:
    """The region as equations that end in `y = …`; a value that is used twice has a name of its own."""
    uses = Counter(source for value in region.values for source in region.node(value).inputs)
    printer = _Equations(region, dict(names))
    for value in region.values:
        if uses[value] > 1 and value != region.exit:
            printer.name(value)
    text, _ = printer.expression(region.exit)
    return [*printer.lines, f"y = {text}"]


class _Equations:
    def __init__(self, region: Region, names: dict[int, str]) -> None:
        self.lines: list[str] = []
        self._region = region
        self._names = names

    def name(self, value: int) -> None:
        text, _ = self.expression(value)
        name = f"v{len(self.lines) + 1}"
        self.lines.append(f"{name} = {text}")
        self._names[value] = name

    def expression(self, value: int) -> tuple[str, int]:
        """The text of a value, and how tightly it binds: 0 `->`, 1 sums, 2 products, 3 names."""
        if value in self._names:
            return self._names[value], _NAME
        if value not in self._region.values:
            raise InternalError("a part of a block takes a value that it is not given")
        layers: list[str] = []
        node = self._region.node(value)
        while type(node.op) not in _OPERATORS and value not in self._names:
            layers.append(str(node.op))
            (value,) = node.inputs
            if value in self._names or value not in self._region.values:
                break
            node = self._region.node(value)
        if not layers:
            return self._operation(node)
        text, binds = self.expression(value)
        start = f"({text})" if binds < _NAME else text
        return " -> ".join([start, *reversed(layers)]), _FEED

    def _operation(self, node: Node) -> tuple[str, int]:
        if isinstance(node.op, Concat):
            parts = ", ".join(self.expression(value)[0] for value in node.inputs)
            return f"concat({parts})", _NAME
        if isinstance(node.op, Affine):
            return self._affine(node.op, node.inputs[0])
        sign, binds = _OPERATORS[type(node.op)]
        left, right = (self.expression(value) for value in node.inputs)
        first = left[0] if left[1] >= binds else f"({left[0]})"
        second = right[0] if right[1] > binds else f"({right[0]})"
        return f"{first} {sign} {second}", binds

    def _affine(self, op: Affine, value: int) -> tuple[str, int]:
        text, binds = self.expression(value)
        x = text if binds == _NAME else f"({text})"
        if op.scale == -1 and op.shift:
            return f"{write_value(op.shift)} - {x}", _SUM
        product = x if op.scale == 1 else f"{write_value(op.scale)} * {x}"
        if not op.shift:
            return product, _PRODUCT
        sign = "-" if op.shift < 0 else "+"
        return f"{product} {sign} {write_value(abs(op.shift))}", _SUM


_FEED, _SUM, _PRODUCT, _NAME = range(4)
_OPERATORS: dict[type[Op], tuple[str, int]] = {
    Add: ("+", _SUM),
    Subtract: ("-", _SUM),
    Multiply: ("*", _PRODUCT),
    Affine: ("*", _PRODUCT),
    Concat: ("", _NAME),
}
