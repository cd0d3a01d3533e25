"""Finds the residual structure of a trace: what is in series, what in parallel, and where shortcuts come together.

A value that every path from u to v passes cuts the layers between them in two. Between two neighbouring cuts there is
one layer, or a region whose paths part at the one and meet at the other. A region that ends in an addition of two
paths is a junction: the longer path is f, the other the shortcut.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from resdsl.integrations.importer.trace import Trace
from resdsl.ops import Add


@dataclass(frozen=True, slots=True)
class Single:
    """One layer, which takes the value before it."""

    exit: int


@dataclass(frozen=True, slots=True)
class Region:
    """Layers between two values that are no junction: a gate, an inception."""

    entry: int
    values: tuple[int, ...]

    @property
    def exit(self) -> int:
        """The value that leaves."""
        return self.values[-1]


@dataclass(frozen=True, slots=True)
class Junction:
    """`exit = f(entry) + shortcut(entry)`; an empty shortcut is the identity."""

    entry: int
    f: tuple[Item, ...]
    shortcut: tuple[Single | Region, ...]
    exit: int


Item: TypeAlias = "Single | Region | Junction"


def find_structure(trace: Trace) -> tuple[Item, ...]:
    """The whole network as items in series."""
    return _Finder(trace).series(0, trace.output)


class _Finder:
    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    def series(self, entry: int, end: int) -> tuple[Item, ...]:
        """What lies between two values, every path between which begins at the one and ends at the other."""
        inside = self.trace.between(entry, end)
        return tuple(self._item(first, last, inside) for first, last in pairwise(self._cuts(entry, inside)))

    def _cuts(self, entry: int, inside: list[int]) -> list[int]:
        """The values that every path passes, both ends among them: those that no edge leaps over."""
        place = {value: number for number, value in enumerate([entry, *inside])}
        furthest = 0
        cuts: list[int] = []
        last_use = [0] * len(place)
        for value in inside:
            for source in self.trace.values[value].inputs:
                last_use[place[source]] = place[value]
        for value, number in place.items():
            if furthest <= number:
                cuts.append(value)
            furthest = max(furthest, last_use[number])
        return cuts

    def _item(self, entry: int, end: int, inside: list[int]) -> Item:
        traced = self.trace.values[end]
        if traced.inputs == (entry,):
            return Single(end) if traced.layer.NAME else Region(entry, (end,))  # `0.5 * x` has no name
        if isinstance(traced.op, Add) and (junction := self._junction(entry, end)) is not None:
            return junction
        return Region(entry, tuple(value for value in inside if entry < value <= end))

    def _junction(self, entry: int, end: int) -> Junction | None:
        """The junction that ends at an addition, if its two paths have nothing in common but where they part."""
        left, right = (set(self.trace.between(entry, source)) for source in self.trace.values[end].inputs)
        if left & right or not left | right:
            return None
        one, other = (
            self.series(entry, source) if path else ()
            for source, path in zip(self.trace.values[end].inputs, (left, right), strict=True)
        )
        f, shortcut = (one, other) if self._weight(one) >= self._weight(other) else (other, one)
        plain = tuple(item for item in shortcut if not isinstance(item, Junction))
        return Junction(entry, f, plain, end) if len(plain) == len(shortcut) else None

    def _weight(self, items: tuple[Item, ...]) -> tuple[int, int, int]:
        """How much a path does: its junctions, its weighted layers, all its layers."""
        n_junctions = sum(isinstance(item, Junction) for item in items)
        weighted = [item for item in items if isinstance(item, Single) and self._is_weighted(item.exit)]
        return n_junctions, len(weighted), len(items)

    def _is_weighted(self, value: int) -> bool:
        op = self.trace.values[value].op
        return op is not None and op.is_weighted()
