"""The kinds of units of a network: blocks that differ in nothing but channels and sizes count as one kind."""

from __future__ import annotations

from collections.abc import Hashable

from resdsl.emit.draw.wording import kind_of_layer, layer_words
from resdsl.ir.graph import Graph
from resdsl.ir.unit import Unit
from resdsl.record import record


@record
class UnitKind:
    """Blocks of one wiring.

    Attributes:
        number: among the kinds, from 1.
        unit: the first of them.
        same_widths: whether all have the same channels, so that pictures may say them.
        steps: the steps of the spine that are of this kind.
    """

    number: int
    unit: Unit
    same_widths: bool
    steps: tuple[int, ...]


def unit_kinds(graph: Graph) -> tuple[UnitKind, ...]:
    """The kinds of blocks, in the order of first use."""
    key_of = {id(unit): _wiring(unit) for unit in {id(step.unit): step.unit for step in graph.blocks}.values()}
    steps: dict[Hashable, list[int]] = {}
    for position, step in enumerate(graph.steps):
        if step.unit.is_block:
            steps.setdefault(key_of[id(step.unit)], []).append(position)
    kinds: list[UnitKind] = []
    for number, places in enumerate(steps.values(), start=1):
        units = {id(unit): unit for unit in (graph.steps[place].unit for place in places)}
        widths = {tuple(layer_words(node.op) for node in unit.nodes) for unit in units.values()}
        kinds.append(UnitKind(number, graph.steps[places[0]].unit, len(widths) == 1, tuple(places)))
    return tuple(kinds)


def _wiring(unit: Unit) -> Hashable:
    nodes = tuple((kind_of_layer(node.op), node.inputs, node.part, node.group) for node in unit.nodes)
    return unit.definition, unit.shortcut, unit.links, nodes, unit.output


def places_words(graph: Graph, steps: tuple[int, ...]) -> str:
    """Where steps stand: `s1[1–17], s2[2–17]`."""
    runs: list[tuple[str, int, int]] = []
    for position in steps:
        step = graph.steps[position]
        if runs and runs[-1][0] == step.section and runs[-1][2] == step.place - 1:
            runs[-1] = step.section, runs[-1][1], step.place
        else:
            runs.append((step.section, step.place, step.place))
    return ", ".join(
        f"{label}[{first}]" if first == last else f"{label}[{first}–{last}]" for label, first, last in runs
    )
