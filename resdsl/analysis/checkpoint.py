"""Which activations training keeps and which it computes again, so that a deep network fits in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

from resdsl.analysis.cost import cost
from resdsl.analysis.memory import BYTES, DType, memory
from resdsl.ir.graph import Graph
from resdsl.record import record

Groups = Sequence[tuple[int, int]]
"""Steps `(first, beyond)`, in order."""


@record
class Checkpoint:
    """A policy of activation checkpointing (Chen et al. 2016, arXiv:1604.06174, §4).

    Of a group of steps only what enters it is kept; the backward pass computes the rest again when it gets there.

    Attributes:
        groups: the steps that are computed again, `(first, beyond)` each, in order; the others keep what they need.
        saved: bytes of activations that are alive when the loss is computed.
        peak: the most bytes of activations that are alive at once: then, or in the backward pass when a group has been
            computed again and all that comes after it is done. Every block counts as kept. The gradients on their way
            and what one layer needs besides come on top: a few times its largest activation.
        macs: multiply-adds of one sample that are computed a second time.
    """

    groups: tuple[tuple[int, int], ...]
    saved: int
    peak: int
    macs: int


def checkpoint_every(graph: Graph, n_blocks: int, *, batch: int = 1, dtype: DType = "float32") -> Checkpoint:
    """Computes every stage again in groups of that many blocks; a stage's last group may be shorter.

    Raises:
        ValueError: where a group would have no block.
    """
    if n_blocks < 1:
        raise ValueError(f"a group has at least one block, not {n_blocks}")
    return _Sizes(graph, batch, dtype).policy(tuple(_grouped(graph, n_blocks)))


def checkpoint_groups(graph: Graph, groups: Groups, *, batch: int = 1, dtype: DType = "float32") -> Checkpoint:
    """The policy that computes these groups again; see `Checkpoint.groups`.

    Raises:
        ValueError: where they are no groups of steps of this network, in order.
    """
    last = 0
    for first, beyond in groups:
        if not last <= first < beyond <= len(graph.steps):
            raise ValueError(f"`{graph.name}` has no group of steps {first} to {beyond} there")
        last = beyond
    return _Sizes(graph, batch, dtype).policy(tuple((first, beyond) for first, beyond in groups))


def checkpoint_policies(
    graph: Graph, *, batch: int = 1, dtype: DType = "float32", longest: int | None = None
) -> Iterator[Checkpoint]:
    """Nothing computed again, then all blocks in groups of each length that is worth a try, up to the longest."""
    sizes = _Sizes(graph, batch, dtype)
    yield sizes.policy(())
    for n_blocks in _lengths(graph, longest):
        yield sizes.policy(tuple(_grouped(graph, n_blocks)))


def checkpoint_within(
    graph: Graph, n_bytes: int, *, batch: int = 1, dtype: DType = "float32", longest: int | None = None
) -> Checkpoint:
    """The policy that fits activations into so many bytes and computes least a second time.

    It computes groups of equal length again from the first stage on, and keeps everything from some block on: what is
    kept at the end is free again before the first group must be computed.

    Args:
        graph: the network.
        n_bytes: what activations may take.
        batch: samples.
        dtype: of activations.
        longest: the most blocks of a group; None for as many as a stage has.

    Raises:
        ValueError: where no policy fits; the message says what the smallest needs.
    """
    sizes = _Sizes(graph, batch, dtype)
    best: Checkpoint | None = None
    smallest = sizes.until[-1]
    for n_blocks in (0, *_lengths(graph, longest)):
        groups = tuple(_grouped(graph, n_blocks)) if n_blocks else ()
        for count, (saved, peak, macs) in enumerate(sizes.of_first(groups)):
            smallest = min(smallest, peak)
            if peak <= n_bytes:
                best = Checkpoint(groups[:count], saved, peak, macs) if best is None or macs < best.macs else best
                break
    if best is None:
        raise ValueError(f"the activations of a batch of {batch} need at least {smallest:,} bytes, not {n_bytes:,}")
    return best


class _Sizes:
    """What steps take, and what follows from it for a policy."""

    def __init__(self, graph: Graph, batch: int, dtype: DType) -> None:
        self.graph = graph
        self.saved = memory(graph, batch=batch, dtype=dtype).steps
        self.macs = [amount.macs for amount in cost(graph).steps]
        self.values = [graph.shape_of(value).elements * batch * BYTES[dtype] for value in range(len(graph.steps) + 1)]
        self.until = list(accumulate(self.saved, initial=0))
        self.macs_until = list(accumulate(self.macs, initial=0))

    def policy(self, groups: tuple[tuple[int, int], ...]) -> Checkpoint:
        """The policy of these groups."""
        *_, (saved, peak, macs) = self.of_first(groups)
        return Checkpoint(groups, saved, peak, macs)

    def of_first(self, groups: Groups) -> Iterator[tuple[int, int, int]]:
        """Bytes saved, bytes at most and multiply-adds: of no group, of the first one, of the first two, …"""
        saved, again, macs = self.until[-1], 0, 0
        before = kept = 0
        yield saved, saved, macs
        for (first, beyond), enters in zip(groups, self._entering(groups), strict=True):
            inside = self.until[beyond] - self.until[first]
            kept += self.until[first] - self.until[before] + enters
            saved += enters - inside
            again = max(again, kept + inside)
            macs += self.macs_until[beyond] - self.macs_until[first]
            before = beyond
            yield saved, max(saved, again), macs

    def _entering(self, groups: Groups) -> list[int]:
        """For each group the bytes that are kept for it and for no group before it."""
        found: list[int] = []
        seen: set[int] = set()
        for first, beyond in groups:
            enters = set(self.graph.entering(first, beyond)) - seen
            seen |= enters
            found.append(sum(self.values[value] for value in enters))
        return found


def _grouped(graph: Graph, n_blocks: int) -> Iterator[tuple[int, int]]:
    """The blocks of every stage in groups."""
    for section in graph.sections:
        if section.kind == "stage":
            for first in range(section.first, section.last + 1, n_blocks):
                yield first, min(first + n_blocks, section.last + 1)


def _lengths(graph: Graph, longest: int | None) -> Iterator[int]:
    """Lengths of groups that are worth a try: all of them up to 16, then ten for each doubling."""
    most = max((section.n_steps for section in graph.stages()), default=0)
    most = most if longest is None else min(most, longest)
    length = 1
    while length <= most:
        yield length
        length = max(length + 1, length * 15 // 14)
