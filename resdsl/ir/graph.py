"""The graph: what a network is, with every name resolved, every number computed, every shape known.

Two levels. The spine is a sequence of steps (stem, blocks, chains, head); each step is one use of a Unit, the
small graph of the block's layers. Links are further inputs of the step where they end. `flatten` gives the one
flat graph of layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from resdsl.ir.unit import Node, Unit
from resdsl.record import field, record
from resdsl.shape import Shape
from resdsl.source import Span

if TYPE_CHECKING:
    import networkx as nx


@record
class Step:
    """One entry of the spine.

    Attributes:
        unit: what it computes, shared with its equals.
        inputs: values of the spine: 0 is the network's input, k + 1 what step k (from 0) computes.
        section: the label of the section it stands in: `stem`, `conv3`, `head`.
        place: its place in the section, from 1.
        survival: p_l, the probability that its residual branch is kept; None where no schedule applies.
        span: the run or chain that placed it; outside equality.
    """

    unit: Unit
    inputs: tuple[int, ...]
    section: str
    place: int
    survival: float | None = None
    span: Span | None = field(default=None, compare=False)


@record
class Section:
    """A labelled part of the spine: steps `first` to `last`, both included (from 0)."""

    label: str
    kind: Literal["stem", "stage", "layers", "head"]
    first: int
    last: int
    doc: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False)

    @property
    def n_steps(self) -> int:
        """How many steps it has: the blocks of a stage; 1 for a chain."""
        return self.last - self.first + 1


@record
class Link:
    """A shortcut around the steps `first` to `last` (both included, from 0).

    Attributes:
        name: the author's, with the stage or number where one statement makes several: `middle`, `middle`, …
        kind: the shortcut kind used there, after `else` was decided.
        level: 1 for the outermost; a link inside it has the next.
        source: the value of the spine that it takes: what enters step `first`.
    """

    name: str
    kind: str
    level: int
    first: int
    last: int
    source: int
    span: Span | None = field(default=None, compare=False)


@record
class Survival:
    """How blocks are dropped: the schedule as written; a draw per batch or sample; rescaled at `eval` or in `train`."""

    schedule: str
    per: Literal["batch", "sample"] = "batch"
    rescale: Literal["eval", "train"] = "eval"


@record
class InitRule:
    """One weight initialisation: its name and its numbers."""

    name: str
    arguments: tuple[float, ...] = ()


@record
class Graph:
    """A whole network.

    Attributes:
        name: the network's.
        parameters: name and value, as text, of each parameter of the network.
        input: the shape of one sample.
        steps: the spine, in order; the last step's value is the network's output.
        sections: the labelled parts of the spine, in order, covering it.
        links: all links, outer before inner, then in order of their first step.
        survival: how blocks are dropped, if they are.
        init: the weight initialisations, in order.
        keys: the naming scheme of the state dict.
        taps: the labels of the sections whose outputs are returned as features; empty for none.
        about, cites, doc: what the network says of itself.
        spec: the text of its file.
        recipe: the text that `load` makes this very network from, wherever; empty where there is none.
    """

    name: str
    parameters: tuple[tuple[str, str], ...]
    input: Shape
    steps: tuple[Step, ...]
    sections: tuple[Section, ...]
    links: tuple[Link, ...] = ()
    survival: Survival | None = None
    init: tuple[InitRule, ...] = ()
    keys: str = "native"
    taps: tuple[str, ...] = ()
    about: str = field(default="", compare=False)
    cites: tuple[str, ...] = field(default=(), compare=False)
    doc: str = field(default="", compare=False)
    spec: str = field(default="", compare=False)
    recipe: str = field(default="", compare=False)
    span: Span | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        """In one line: the whole of a deep network fills pages."""
        return f"<Graph {self.name}: {self.input} -> {self.output}, {len(self.blocks)} blocks>"

    def shape_of(self, value: int) -> Shape:
        """The shape of a value of the spine: 0 is the input, k + 1 what step k computes."""
        return self.input if value == 0 else self.steps[value - 1].unit.output_shape

    @property
    def output(self) -> Shape:
        """The shape that leaves."""
        return self.shape_of(len(self.steps))

    @property
    def returned(self) -> tuple[tuple[str, int], ...]:
        """What it returns, as values of the spine: features by label; without taps one value, whose label is empty."""
        last = self.sections[-1]
        tapped = tuple((s.label, s.last + 1) for s in self.sections if s.label in self.taps or s is last)
        return tapped if self.taps else (("", len(self.steps)),)

    def entering(self, first: int, beyond: int) -> tuple[int, ...]:
        """The values of the spine that a run of steps takes from before it: that of the step before, and links."""
        taken = (value for step in self.steps[first:beyond] for value in step.inputs if value <= first)
        return tuple(dict.fromkeys(taken))

    @cached_property
    def units(self) -> tuple[Unit, ...]:
        """The distinct units, in order of first use."""
        return tuple(dict.fromkeys(step.unit for step in self.steps))

    @cached_property
    def blocks(self) -> tuple[Step, ...]:
        """The steps that stand in stages; block l of the papers is `blocks[l - 1]`."""
        return tuple(step for step in self.steps if step.unit.is_block)

    def section(self, label: str) -> Section:
        """The section of that label. Raises KeyError where there is none."""
        return next((section for section in self.sections if section.label == label), None) or _missing(label)

    def links_into(self, position: int) -> tuple[Link, ...]:
        """The links that end at a step, inner first, as the further inputs of its unit are."""
        return self._ending.get(position, ())

    @cached_property
    def _ending(self) -> dict[int, tuple[Link, ...]]:
        ending: dict[int, tuple[Link, ...]] = {}
        for link in sorted(self.links, key=lambda link: -link.level):
            ending[link.last] = (*ending.get(link.last, ()), link)
        return ending

    def stages(self) -> Iterator[Section]:
        """The sections made of blocks."""
        return (section for section in self.sections if section.kind == "stage")

    def to_json(self) -> str:
        """The graph as a JSON document of the published schema; `Graph.from_json` reads it."""
        from resdsl.ir.json import to_json

        return to_json(self)

    @staticmethod
    def from_json(text: str | bytes) -> Graph:
        """The graph that a JSON document holds. Raises ResError for a document that holds none."""
        from resdsl.ir.json import from_json

        return from_json(text)

    def to_networkx(self, level: Literal["blocks", "layers"] = "blocks") -> nx.MultiDiGraph[int]:
        """The graph for questions that networkx answers: nodes are blocks, or layers."""
        from resdsl.ir.networkx import to_networkx

        return to_networkx(self, level)

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal digits that change when and only when the computed network does."""
        from resdsl.ir.digest import digest

        return digest(self)


def _missing(label: str) -> Section:
    raise KeyError(label)


@record
class FlatNode:
    """A layer of the flattened graph: value 0 is the network's input, k + 1 what flat node k computes."""

    node: Node
    inputs: tuple[int, ...]
    step: int


def flatten(graph: Graph) -> Iterator[FlatNode]:
    """Every layer of the network, in topological order, blocks dissolved."""
    spine = [0]
    n_flat = 0
    for position, step in enumerate(graph.steps):
        values = [spine[value] for value in step.inputs]
        for node in step.unit.nodes:
            yield FlatNode(node, tuple(values[value] for value in node.inputs), position)
            n_flat += 1
            values.append(n_flat)
        spine.append(values[step.unit.output])
