"""What there is to say about a network at a glance, as plain data: `show` and `list` write it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from resdsl.analysis import structure
from resdsl.analysis.cost import Cost, cost
from resdsl.analysis.depth import Depth, depth
from resdsl.analysis.receptive import ReceptiveField, receptive_field
from resdsl.ir.graph import Graph, Link, Section


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
    runs = structure.structure(graph)
    sections = tuple(_summarise_section(graph, s, costs, runs.get(s.label, ())) for s in graph.sections)
    return Summary(graph, sections, costs, depth(graph), receptive_field(graph))


def _summarise_section(graph: Graph, section: Section, costs: Cost, runs: tuple[structure.Run, ...]) -> SectionSummary:
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
        runs=tuple(Run(run.definition, _words(run), run.count) for run in runs),
        shortcuts=tuple((kind, len(list(same))) for kind, same in groupby(step.unit.shortcut for step in steps))
        if is_stage
        else (),
        survival=tuple(step.survival for step in steps if step.survival is not None),
        params=amount.params,
        macs=amount.macs,
    )


def _words(run: structure.Run) -> tuple[str, ...]:
    """The layers of a block as the papers' tables have them: `3x3, 64`, or `3x3, 16…64` where channels grow."""
    return tuple(map(_layer_words, run.layers))


def _layer_words(layer: structure.Layer) -> str:
    if layer.is_composite:
        return layer.name
    first, last = layer.channels
    kernel = "x".join(map(str, layer.kernel)) or layer.name
    channels = str(first) if first == last else f"{first}…{last}"
    more = [f"{word} = {n}" for word, n in (("groups", layer.groups), ("dilation", layer.dilation)) if n > 1]
    return ", ".join([kernel, channels, *more])
