"""Where the sections of a network stand in its module."""

from __future__ import annotations

from collections.abc import Mapping

from resdsl.emit.names import module_names
from resdsl.ir.graph import Graph


def section_paths(graph: Graph) -> Mapping[str, tuple[str, ...]]:
    """For each section's label, the paths of its modules: one of its own, or those of its layers (`conv1`, `bn1`)."""
    names = module_names(graph, graph.keys)
    found: dict[str, tuple[str, ...]] = {}
    for section in graph.sections:
        place = names[section.first]
        own = place.path.rpartition(".")[0] if section.kind == "stage" else place.path
        layers = dict.fromkeys(place.key(number).partition(".")[0] for number in place.nodes)
        found[section.label] = (own,) if own else tuple(layers)
    return found
