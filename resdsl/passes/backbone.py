"""Cuts a network down to what its features need: taps set, and what follows the last of them taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from resdsl.diagnostics import Code, Diagnostic, ResError, nearest
from resdsl.ir.graph import Graph, Link
from resdsl.record import evolve


def cut_backbone(graph: Graph, labels: Sequence[str]) -> Graph:
    """The network that gives the outputs of these sections, and computes nothing beyond the last of them.

    A link that ends beyond it is gone; every block keeps its survival probability, every layer its name.

    Args:
        graph: the network.
        labels: of sections, in any order: stages, the stem, layers.

    Raises:
        ResError: where there is no section of that name.
    """
    known = [section.label for section in graph.sections]
    for label in labels:
        if label not in known:
            near = nearest(label, known)
            help = f"did you mean `{near}`?" if near else f"its sections: {', '.join(known)}"
            message = f"the network `{graph.name}` has no section `{label}`"
            raise ResError([Diagnostic(Code.NETWORK_LABEL, message, graph.span, help=help)])
    n_sections = 1 + max(known.index(label) for label in labels)
    sections = graph.sections[:n_sections]
    steps = graph.steps[: sections[-1].last + 1]
    return evolve(
        graph,
        steps=steps,
        sections=sections,
        links=tuple(_renumbered(graph, len(steps))),
        survival=graph.survival if any(step.survival is not None for step in steps) else None,
        taps=tuple(label for label in known if label in labels),
    )


def _renumbered(graph: Graph, n_steps: int) -> Iterator[Link]:
    """The links within the first steps; their levels count what still goes around them."""
    gone = [link for link in graph.links if link.last >= n_steps]
    for link in graph.links:
        if link.last < n_steps:
            yield evolve(link, level=link.level - sum(other.first <= link.first for other in gone))
