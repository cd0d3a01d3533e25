"""Grows the spine of a graph: steps, and the sections that they stand in."""

from __future__ import annotations

from typing import Literal

from resdsl.diagnostics import Code
from resdsl.elaborate.problems import mistake
from resdsl.elaborate.work import PLACED_STEP, spend
from resdsl.ir.graph import Section, Step
from resdsl.ir.unit import Unit
from resdsl.limits import Limits
from resdsl.record import field, state
from resdsl.shape import Shape
from resdsl.source import Span


def stand_in(shape: Shape) -> Unit:
    """The unit in place of one that could not be built: something of this shape leaves it."""
    return Unit(definition="", inputs=(shape,), nodes=(), output=0)


@state
class Spine:
    """What is placed so far.

    Attributes:
        input: what enters the first step.
        shape: what leaves the last.
        n_nodes: the layers of all steps.
    """

    input: Shape
    shape: Shape
    limits: Limits
    steps: list[Step] = field(factory=list[Step])
    sections: list[Section] = field(factory=list[Section])
    n_nodes: int = 0

    def shape_of(self, value: int) -> Shape:
        """The shape of a value of the spine that a step computes, or of the input, which is number 0."""
        return self.steps[value - 1].unit.output_shape if value else self.input

    def add(self, step: Step) -> None:
        """Places a step after the others."""
        self.steps.append(step)
        self.shape = step.unit.output_shape

    def stand_in(self, section: str, place: int, shape: Shape) -> None:
        """Places a step of which nothing is known but what leaves it."""
        self.add(Step(stand_in(shape), (len(self.steps),), section, place))

    def add_chain(self, unit: Unit, label: str, kind: Literal["stem", "layers", "head"], span: Span) -> None:
        """Places a chain of layers as a section of its own."""
        place = len(self.steps)
        self.count(len(unit.nodes), span)
        self.add(Step(unit, (place,), label, 1, None, unit.span))
        self.sections.append(Section(label, kind, place, place, span=span))

    def count(self, n_nodes: int, span: Span) -> None:
        """Counts layers before they are placed. Raises Mistake where the network gets too large."""
        spend(PLACED_STEP, span)
        self.n_nodes += n_nodes
        if self.n_nodes > self.limits.nodes:
            message = f"the network has {self.n_nodes:,} layers or more; the caller allows {self.limits.nodes:,}"
            help = "the caller may raise the limit: `Limits(nodes=…)`"
            raise mistake(Code.LIMIT_NODES, message, span, help=help)
