"""Builds a unit: values that flow through it, and the layers that compute them."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Final

from resdsl.diagnostics import Code, Fix
from resdsl.elaborate.problems import mistake
from resdsl.ir.unit import Node, Part
from resdsl.limits import Limits
from resdsl.ops.base import Op
from resdsl.ops.layout import Identity
from resdsl.record import evolve, field, record, state
from resdsl.shape import UNKNOWN, Shape, ShapeError
from resdsl.source import Span


@record
class Tensor:
    """A value of the unit that is being built."""

    value: int
    shape: Shape


class Zero:
    """A tensor of zeros that is never computed: f in a shortcut kind whose other part alone is wanted."""


ZERO: Final = Zero()


class ZeroUsed(Exception):  # noqa: N818 - not an error, but that a trial fails
    """The constant zero went where it cannot be folded away."""


@state
class UnitBuilder:
    """The one mutable thing of elaboration: a list of nodes that grows, and can be cut back after a trial.

    Attributes:
        inputs: the shapes that enter the unit.
        limits: how large a tensor may be.
        part: where in the block the next nodes stand.
        group: the composite layers or the link that the next nodes belong to.
    """

    inputs: tuple[Shape, ...]
    limits: Limits
    nodes: list[Node] = field(factory=list[Node])
    part: Part = "chain"
    group: str = ""

    def input(self, number: int) -> Tensor:
        """One of the unit's inputs, from 0."""
        return Tensor(number, self.inputs[number])

    def add(self, op: Op, inputs: tuple[Tensor, ...], span: Span) -> Tensor:
        """The value of a new layer; of the input itself where the layer would change nothing.

        Raises Mistake where the shapes do not fit, or the tensor or a weight is larger than the caller allows.
        """
        try:
            outcome = _outcome(op, *(tensor.shape for tensor in inputs))
        except ShapeError as error:
            start = Span(span.source, span.start, span.start)
            fixes = tuple(Fix(start, f"{layer} -> ", sure=False) for layer in error.before)
            found = mistake(Code.SHAPE_MISMATCH, error.message, span, help=error.help, fixes=fixes)
            found.leaves = _leaves(op, *(tensor.shape for tensor in inputs))
            raise found from None
        if outcome is None:
            return inputs[0]
        shape, largest = outcome
        if largest > self.limits.tensor_elements:
            message = f"a tensor of {largest:,} values; the caller allows {self.limits.tensor_elements:,}"
            raise mistake(
                Code.LIMIT_TENSOR, message, span, help="the caller may raise the limit: `Limits(tensor_elements=…)`"
            )
        self.nodes.append(Node(op, tuple(tensor.value for tensor in inputs), shape, self.part, self.group, span))
        return Tensor(len(self.inputs) + len(self.nodes) - 1, shape)

    def unknown(self, like: Tensor, shape: Shape) -> Tensor:
        """What stands in for a tensor that cannot be computed, and of whose shape this is known."""
        self.nodes.append(Node(Identity(), (like.value,), shape, self.part, self.group))
        return Tensor(len(self.inputs) + len(self.nodes) - 1, shape)

    def finish(self, output: Tensor) -> tuple[tuple[Node, ...], int]:
        """The nodes that the output needs, renumbered, and its number: folding zeros away can leave others behind."""
        n_inputs = len(self.inputs)
        needed = {output.value}
        for value in range(n_inputs + len(self.nodes) - 1, n_inputs - 1, -1):
            if value in needed:
                needed.update(self.nodes[value - n_inputs].inputs)
        if all(value in needed for value in range(n_inputs, n_inputs + len(self.nodes))):
            return tuple(self.nodes), output.value
        numbers = {value: value for value in range(n_inputs)}
        kept: list[Node] = []
        for value, node in enumerate(self.nodes, start=n_inputs):
            if value in needed:
                numbers[value] = n_inputs + len(kept)
                kept.append(evolve(node, inputs=tuple(numbers[source] for source in node.inputs)))
        return tuple(kept), numbers[output.value]

    @contextmanager
    def standing(self, part: Part, group: str = "") -> Generator[None]:
        """Nodes that are added meanwhile stand in that part of the block."""
        before = self.part, self.group
        self.part, self.group = part, group
        try:
            yield
        finally:
            self.part, self.group = before

    @contextmanager
    def inside(self, composite: str) -> Generator[None]:
        """Nodes that are added meanwhile belong to a composite layer."""
        before = self.group
        self.group = f"{before}_{composite}" if before else composite
        try:
            yield
        finally:
            self.group = before


@lru_cache(maxsize=4096)
def _outcome(op: Op, *inputs: Shape) -> tuple[Shape, int] | None:
    """The shape that leaves, and the values of the largest tensor involved; None where the layer changes nothing."""
    if all(shape.is_known for shape in inputs) and op.is_identity(*inputs):
        return None
    shape = op.infer(*inputs)
    return shape, max(shape.elements, *(tensor.elements for tensor in op.parameters(*inputs)), 0)


def _leaves(op: Op, *inputs: Shape) -> Shape | None:
    """What is known of the shape that leaves a layer which cannot take the shapes that enter.

    Where other channels could enter, that is the sizes; where other sizes could, the channels.
    """
    with suppress(ShapeError):
        sizes = op.infer(*(Shape(UNKNOWN, shape.spatial) for shape in inputs)).spatial
        return Shape(UNKNOWN, sizes)
    with suppress(ShapeError):
        leaving = op.infer(*(Shape(shape.channels, (UNKNOWN,) * shape.rank) for shape in inputs))
        return Shape(leaving.channels, (UNKNOWN,) * leaving.rank)
    return None
