"""Cuts a network into networks that follow each other, each on the output of the one before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from resdsl.ir.graph import Graph, Link
from resdsl.record import evolve


def cut_places(graph: Graph) -> tuple[int, ...]:
    """The steps before which the network can be cut: only one value crosses there, and no link does.

    Of a network that returns features none: they leave from different places.
    """
    if graph.taps:
        return ()
    # oldest[c]: the oldest value that step c or one after it takes
    oldest = list(accumulate((min(step.inputs) for step in reversed(graph.steps)), min))[::-1]
    return tuple(place for place in range(1, len(graph.steps)) if oldest[place] >= place)


def cut_graph(graph: Graph, cuts: Sequence[int]) -> tuple[Graph, ...]:
    """The networks between the cuts: they compute, one after another, what the whole does.

    Sections, links and survival probabilities stay as they are; a block's place in its section counts anew where the
    section is cut. The tensors of their states, one network after another, are those of the whole in its order.

    Args:
        graph: the network.
        cuts: the steps that begin a network, but the first, in ascending order; some of `cut_places`.

    Raises:
        ValueError: where it cannot be cut there.
    """
    possible = set(cut_places(graph))
    for cut in cuts:
        if cut not in possible:
            raise ValueError(f"`{graph.name}` cannot be cut before step {cut}: more than one value crosses there")
    bounds = [0, *cuts, len(graph.steps)]
    if any(first >= beyond for first, beyond in pairwise(bounds)):
        raise ValueError(f"cuts stand in ascending order, each once; got {list(cuts)}")
    return tuple(_between(graph, first, beyond) for first, beyond in pairwise(bounds))


def _between(graph: Graph, first: int, beyond: int) -> Graph:
    sections = [
        evolve(section, first=max(section.first, first) - first, last=min(section.last, beyond - 1) - first)
        for section in graph.sections
        if section.first < beyond and section.last >= first
    ]
    before = {section.label: max(first - section.first, 0) for section in graph.sections}
    steps = tuple(
        evolve(
            step, inputs=tuple(value - first for value in step.inputs), place=max(1, step.place - before[step.section])
        )
        for step in graph.steps[first:beyond]
    )
    return evolve(
        graph,
        input=graph.shape_of(first),
        steps=steps,
        sections=tuple(sections),
        links=tuple(_links(graph, first, beyond)),
        survival=graph.survival if any(step.survival is not None for step in steps) else None,
        keys="native",  # other schemes know whole networks
        recipe="",
        spec="",
    )


def _links(graph: Graph, first: int, beyond: int) -> Iterator[Link]:
    gone = [link for link in graph.links if not first <= link.first < beyond]
    for link in graph.links:
        if first <= link.first < beyond:
            level = link.level - sum(other.first <= link.first and other.last >= link.last for other in gone)
            yield evolve(
                link, level=level, first=link.first - first, last=link.last - first, source=link.source - first
            )
