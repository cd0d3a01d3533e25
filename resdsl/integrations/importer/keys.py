"""Keys of values: two values have equal keys when equal layers, wired alike, compute them from the same.

Where weights start from, where a vector is flattened, and in which order more than two summands are added make no
difference: weights are copied, and the numbers are compared afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from resdsl.ops import Add, Flatten, Op, Survive
from resdsl.ops.setting import Setting


@dataclass(slots=True)
class Keys:
    """The keys of the values of one graph.

    Attributes:
        read: the layer of a value, and the values that it takes.
        given: the keys of the values that the graph starts from.
        uses: how many layers take each value; a sum that one other sum alone takes is a part of that.
    """

    read: Callable[[int], tuple[Op | None, Sequence[int]]]
    given: Mapping[int, str]
    uses: Mapping[int, int]
    found: dict[int, str] = field(default_factory=dict[int, str])

    def key(self, value: int) -> str:
        """The key of a value; of its sources first, without recursion: networks are deep."""
        pending = [value]
        while pending:
            at = pending[-1]
            missing = [source for source in self._sources(at) if not self._known(source)]
            if missing:
                pending += missing
                continue
            pending.pop()
            if not self._known(at):
                self.found[at] = self._make(at)
        return self._known(value)

    def sources(self, value: int) -> list[int]:
        """What a value is computed from, a sum of sums as one sum; by their keys where order means nothing."""
        op, _ = self.read(value)
        sources = self._sources(value)
        return sorted(sources, key=self.key) if op is not None and op.is_commutative() else sources

    def through(self, value: int) -> int:
        """The value itself, or what is flattened in it, or survives as it."""
        while value not in self.given and isinstance((read := self.read(value))[0], SEEN_THROUGH):
            value = read[1][0]
        return value

    def _known(self, value: int) -> str:
        return self.given.get(value) or self.found.get(value, "")

    def _sources(self, value: int) -> list[int]:
        if value in self.given:
            return []
        op, inputs = self.read(value)
        inputs = [self.through(source) for source in inputs]
        return self._summands(inputs) if isinstance(op, Add) else inputs

    def _summands(self, inputs: list[int]) -> list[int]:
        found: list[int] = []
        pending = inputs[::-1]
        while pending:
            value = pending.pop()
            op, more = self.read(value)
            if value not in self.given and isinstance(op, Add) and self.uses.get(value, 0) < 2:
                pending += [self.through(source) for source in more]
            else:
                found.append(value)
        return found

    def _make(self, value: int) -> str:
        op, _ = self.read(value)
        if op is None:
            return ""
        if isinstance(op, SEEN_THROUGH):
            return self.key(self.through(value))
        keys = [self._known(source) for source in self._sources(value)]
        if op.is_commutative():
            keys.sort()
        return sha256(repr((bare(op), keys)).encode()).hexdigest()[:24]


SEEN_THROUGH = Flatten | Survive
"""What computes nothing in evaluation."""


def bare(op: Op) -> Hashable:
    """A layer without what its weights start from."""
    return (op.NAME or op.LABEL, *(_bare(setting, getattr(op, setting.name)) for setting in op.SETTINGS))


def _bare(setting: Setting, value: object) -> object:
    if setting.type == "bias":
        return value is not None
    return None if setting.name == "init" else value
