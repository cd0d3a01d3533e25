"""What there is to say about a network at a glance, as plain data: `show` and `list` write it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from resdsl.analysis.cost import Cost, cost
from resdsl.analysis.depth import Depth, depth
from resdsl.analysis.receptive import ReceptiveField, receptive_field
from resdsl.ir.graph import Graph, Link, Section, Step
from resdsl.ir.unit import Node, Unit


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring blocks of a stage that are alike: one block, the same weighted layers but for their channels.

    Attributes:
        definition: the block's name.
        layers: its weighted layers on the main path, as the papers' tables have them: `3x3, 64`; where channels differ
            from block to block, `3x3, 16…64`. A composite layer stands by its name.
        count: how many blocks.
    """

    definition: str
    layers: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class SectionSummary:
    """A row of the table.

    Attributes:
        chain: the layers of a stem, head or chain, each as `.res` writes it; empty for a stage.
        runs: the blocks of a stage; empty for a chain.
        shortcuts: the kinds of the blocks' shortcuts in order, each with how many neighbours have it.
        survival: p_l of each block; empty where no schedule applies.
    """

    section: Section
    shape: str
    size: str
    channels: int
    chain: tuple[str, ...]
    runs: tuple[Run, ...]
    shortcuts: tuple[tuple[str, int], ...]
    survival: tuple[float, ...]
    params: int
    macs: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A network at a glance."""

    graph: Graph
    sections: tuple[SectionSummary, ...]
    cost: Cost
    depth: Depth
    receptive: ReceptiveField

    def place(self, step: int) -> str:
        """How the language writes a step: `s1[3]` for a block, `stem` for a chain."""
        section = next(s for s in self.graph.sections if s.first <= step <= s.last)
        return f"{section.label}[{step - section.first + 1}]" if section.kind == "stage" else section.label

    def span(self, link: Link) -> tuple[str, str]:
        """The first and the last block that a link goes around."""
        return self.place(link.first), self.place(link.last)


def summarise(graph: Graph) -> Summary:
    """Asks the analyses once, and folds the spine."""
    costs = cost(graph)
    sections = tuple(_summarise_section(graph, section, costs) for section in graph.sections)
    return Summary(graph, sections, costs, depth(graph), receptive_field(graph))


def _summarise_section(graph: Graph, section: Section, costs: Cost) -> SectionSummary:
    steps = graph.steps[section.first : section.last + 1]
    shape = graph.shape_of(section.last + 1)
    is_stage = section.kind == "stage"
    amount = costs.sections[section.label]
    return SectionSummary(
        section,
        shape=str(shape),
        size=shape.size,
        channels=shape.channels,
        chain=() if is_stage else tuple(str(node.op) for step in steps for node in step.unit.nodes),
        runs=tuple(_runs(steps)) if is_stage else (),
        shortcuts=tuple((kind, len(list(same))) for kind, same in groupby(step.unit.shortcut for step in steps))
        if is_stage
        else (),
        survival=tuple(step.survival for step in steps if step.survival is not None),
        params=amount.params,
        macs=amount.macs,
    )


def _runs(steps: tuple[Step, ...]) -> list[Run]:
    layers = {unit: _layers(unit) for unit in {step.unit for step in steps}}

    def form(step: Step) -> tuple[str, tuple[tuple[str, str], ...]]:
        return step.unit.definition, tuple((head, tail) for head, _, tail in layers[step.unit])

    runs: list[Run] = []
    for (definition, _), same in groupby(steps, form):
        alike = [layers[step.unit] for step in same]
        folded = tuple(_fold(column) for column in zip(*alike, strict=True))
        runs.append(Run(definition, folded, len(alike)))
    return runs


_Layer = tuple[str, int, str]
"""A weighted layer as its kernel, its channels (0 for a composite layer) and what else there is to say."""


def _fold(column: tuple[_Layer, ...]) -> str:
    head, first, tail = column[0]
    last = column[-1][1]
    channels = "" if not first else f"{first}" if all(layer[1] == first for layer in column) else f"{first}…{last}"
    return ", ".join(part for part in (head, channels, tail) if part)


def _layers(unit: Unit) -> tuple[_Layer, ...]:
    layers: list[_Layer] = []
    groups: set[str] = set()
    for node in unit.nodes:
        if node.part not in ("before", "residual", "after"):
            continue
        if node.group and node.group not in groups:
            groups.add(node.group)
            layers.append((node.group, 0, ""))
        elif not node.group and node.op.is_weighted():
            layers.append(_weighted(unit, node))
    return tuple(layers)


def _weighted(unit: Unit, node: Node) -> _Layer:
    shape = unit.input_shapes(node)[0]
    windows = node.op.window(shape) or ()
    kernel = "x".join(str(window.kernel) for window in windows) or node.op.NAME
    n_groups = shape.channels // node.op.parameters(shape)[0].dims[1]
    dilation = max((window.dilation for window in windows), default=1)
    more = [f"{word} = {n}" for word, n in (("groups", n_groups), ("dilation", dilation)) if n > 1]
    return kernel, node.shape.channels, ", ".join(more)
