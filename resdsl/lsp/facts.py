"""What is known of the parts of a network: shapes, parameters, multiply-adds, what a pixel sees, p_l, by statement."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from resdsl.analysis.receptive import Seen, receptive_field
from resdsl.elaborate.definitions import Found
from resdsl.ir.graph import Graph, Link, Step
from resdsl.lsp.document import Version
from resdsl.lsp.networks import Outcome
from resdsl.lsp.symbols import statements_of
from resdsl.record import evolve, record
from resdsl.shape import Shape
from resdsl.source import Span
from resdsl.syntax import ast


@record
class Alike:
    """Neighbouring steps of a section that share a unit: steps `first` to `last` of the spine, both included."""

    graph: Graph
    first: int
    last: int

    @property
    def step(self) -> Step:
        """One of them."""
        return self.graph.steps[self.first]

    @property
    def count(self) -> int:
        """How many they are."""
        return self.last - self.first + 1

    @property
    def label(self) -> str:
        """How the language writes them: `s1[2..18]`; a chain's label."""
        if not self.step.unit.is_block:
            return self.step.section
        last = self.graph.steps[self.last].place
        return f"{self.step.section}[{self.step.place}" + (f"..{last}]" if last != self.step.place else "]")

    @property
    def entering(self) -> Shape:
        """The shape that comes in."""
        return self.step.unit.inputs[0]

    @property
    def leaving(self) -> Shape:
        """The shape that goes out."""
        return self.step.unit.output_shape

    @property
    def n_params(self) -> int:
        """Trainable values of all of them."""
        return self.step.unit.n_params * self.count

    @property
    def macs(self) -> int:
        """Multiply-adds of all of them, for one sample."""
        return self.step.unit.macs * self.count

    @property
    def survival(self) -> tuple[float, float] | None:
        """p_l of the first and the last; None where no schedule applies."""
        first, last = self.graph.steps[self.first].survival, self.graph.steps[self.last].survival
        return (first, last) if first is not None and last is not None else None

    def seen(self) -> Seen:
        """What a pixel that leaves the last of them sees of the network's input."""
        steps = self.graph.steps[: self.last + 1]
        return receptive_field(evolve(self.graph, steps=steps, sections=(), links=())).output


def steps_of(version: Version, found: Found, statement: Span) -> tuple[Outcome, list[int]] | None:
    """The outcome of a network, and the steps (from 0) that the runs or chains within a statement of it have placed."""
    outcome = version.outcome(found)
    if outcome is None or outcome.graph is None:
        return None
    there = outcome.there(statement, version.module)
    placed = [
        number
        for number, step in enumerate(outcome.graph.steps)
        if step.span is not None
        and step.span.source is there.source
        and there.start <= step.span.start
        and step.span.end <= there.end
    ]
    return outcome, placed


def alike(graph: Graph, steps: list[int]) -> list[Alike]:
    """The steps, neighbours that share a unit together."""
    groups: list[Alike] = []
    for _, same in groupby(steps, key=lambda number: (graph.steps[number].section, graph.steps[number].unit)):
        numbers = list(same)
        groups.append(Alike(graph, numbers[0], numbers[-1]))
    return groups


def sections_of(found: Found) -> Iterator[ast.Stem | ast.Head | ast.Stage | ast.Layers]:
    """The statements of a network that are sections."""
    for statement in statements_of(found.definition):
        if isinstance(statement, ast.Stem | ast.Head | ast.Stage | ast.Layers):
            yield statement


def leaving(outcome: Outcome, statement: ast.Stem | ast.Head | ast.Stage | ast.Layers) -> Shape | None:
    """The shape that leaves a section of a network; None where there is no such section."""
    graph = outcome.graph
    label = statement.label if isinstance(statement, ast.Stage | ast.Layers) else type(statement).__name__.lower()
    sections = graph.sections if graph is not None else ()
    section = next((section for section in sections if section.label == label), None)
    return graph.shape_of(section.last + 1) if graph is not None and section is not None else None


def links_of(graph: Graph, name: str) -> list[Link]:
    """The links of a name."""
    return [link for link in graph.links if link.name == name]


def link_params(graph: Graph, link: Link) -> int:
    """The weights of a link: its own layers lie in the unit where it ends."""
    unit = graph.steps[link.last].unit
    nodes = [node for node in unit.nodes if node.part == "link" and node.group.split("_")[0] == link.name.split("_")[0]]
    nodes = [node for node in nodes if node.group == link.name or node.group.startswith(f"{link.name}_")]
    return sum(node.op.n_params(*unit.input_shapes(node)) for node in nodes)


def shortcut_params(step: Step) -> int:
    """The weights of a block's own shortcut."""
    unit = step.unit
    return sum(node.op.n_params(*unit.input_shapes(node)) for node in unit.nodes if node.part == "shortcut")


def place_words(graph: Graph, step: int) -> str:
    """How the language writes a step: `s1[3]` for a block, `stem` for a chain."""
    here = graph.steps[step]
    return f"{here.section}[{here.place}]" if here.unit.is_block else here.section


def seen_words(seen: Seen) -> str:
    """`91x91 pixels`, or `everything`."""
    if seen == "everything":
        return "everything"
    return f"{'x'.join(str(along.size) for along in seen)} pixels" if seen else "everything"


def survival_words(survival: tuple[float, float] | None) -> str:
    """`0.991…0.954`; a dash where no schedule applies."""
    if survival is None:
        return "—"
    first, last = (f"{p:.3f}" for p in survival)
    return first if first == last else f"{first}…{last}"
