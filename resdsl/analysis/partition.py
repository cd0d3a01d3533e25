"""Where to cut a network into stages of a pipeline, so that the one with most to compute has as little as it can."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from resdsl.analysis.cost import cost
from resdsl.ir.cut import cut_places
from resdsl.ir.graph import Graph
from resdsl.record import record


@record
class Partition:
    """A network in stages that follow each other.

    Attributes:
        cuts: the steps that begin a stage, but the first.
        macs: multiply-adds of one sample, by stage.
    """

    cuts: tuple[int, ...]
    macs: tuple[int, ...]

    @property
    def balance(self) -> float:
        """How much longer the slowest stage takes than it would if all were equal: 1 is perfect."""
        return max(self.macs) * len(self.macs) / sum(self.macs) if sum(self.macs) else 1.0


def partition(graph: Graph, n_stages: int) -> Partition:
    """The cut into so many stages whose largest has the fewest multiply-adds; no link crosses a cut.

    Raises:
        ValueError: where the network cannot be cut into so many; the message says into how many it can, and what is in
            the way.
    """
    places = cut_places(graph)
    if not 1 <= n_stages <= len(places) + 1:
        raise ValueError(_refusal(graph, n_stages, len(places) + 1))
    until = list(accumulate((amount.macs for amount in cost(graph).steps), initial=0))
    bounds = [0, *places, len(graph.steps)]
    pieces = [until[beyond] - until[first] for first, beyond in pairwise(bounds)]
    low, high = max(pieces), sum(pieces)
    while low < high:  # the smallest capacity with which n stages are enough; all are whole numbers
        middle = (low + high) // 2
        if len(_filled(pieces, middle)) < n_stages:
            high = middle
        else:
            low = middle + 1
    chosen = _filled(pieces, low)
    chosen = sorted([*chosen, *(index for index in _further(pieces, chosen, n_stages - 1 - len(chosen)))])
    cuts = tuple(bounds[index] for index in chosen)
    macs = tuple(until[beyond] - until[first] for first, beyond in pairwise((0, *cuts, len(graph.steps))))
    return Partition(cuts, macs)


def _filled(pieces: Sequence[int], capacity: int) -> list[int]:
    """The pieces that begin a stage, but the first, where each stage takes as many as it can."""
    begins: list[int] = []
    held = 0
    for index, piece in enumerate(pieces):
        if held + piece > capacity:
            begins.append(index)
            held = 0
        held += piece
    return begins


def _further(pieces: Sequence[int], chosen: Sequence[int], n_more: int) -> list[int]:
    """Cuts besides, which split the stages of most pieces: any do, as none makes a stage larger."""
    found: list[int] = []
    for _ in range(n_more):
        bounds = sorted([0, *chosen, *found, len(pieces)])
        first, beyond = max(pairwise(bounds), key=lambda pair: pair[1] - pair[0])
        found.append((first + beyond) // 2)
    return found


def _refusal(graph: Graph, n_stages: int, n_most: int) -> str:
    message = f"`{graph.name}` can be cut into at most {n_most} stages, not {n_stages}"
    if graph.taps:
        return f"{message}: it returns features of several stages"
    if graph.links:
        names = ", ".join(dict.fromkeys(f"`{link.name}`" for link in graph.links))
        return f"{message}: links cross every other place ({names})"
    return message
