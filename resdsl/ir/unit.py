"""A unit: the layers of one block or chain, as a small graph of its own.

Equal blocks of a network share one Unit. What is true of a block (its class in the emitted file, its weights, its
picture, its compiled code) is said once there, however many blocks there are: RoR-1202 has 600 blocks and 9 units.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from resdsl.ops.base import Op
from resdsl.record import field, record
from resdsl.shape import Shape
from resdsl.source import Span

Part = Literal["chain", "before", "residual", "survive", "shortcut", "after", "link"]
"""Where in a block a layer stands: `y = after(junction(x or before(x), survive(residual(before(x)))))`.

`shortcut` holds the whole junction of the block (the path of x and the addition), `link` that of a link that ends here.
"""


@record
class Node:
    """One layer of a unit.

    Attributes:
        op: the primitive layer.
        inputs: the values it takes: numbers 0 … are the unit's inputs, then one for every node, in order.
        shape: what leaves it.
        part: where in the block it stands.
        group: the composite layer (`squeeze_excite`) or the link (`root`) that it belongs to; else empty.
        span: the `.res` text that made it; outside equality.
    """

    op: Op
    inputs: tuple[int, ...]
    shape: Shape
    part: Part
    group: str = ""
    span: Span | None = field(default=None, compare=False)


@record
class Unit:
    """The layers of one block or chain.

    Attributes:
        definition: the block's name in `.res` (`bottleneck`), or `stem`, `head` or `layers` for a chain.
        inputs: the shape of x; then, for a block where links end, that of the source of each link, inner first.
        nodes: in topological order.
        output: the value that leaves.
        arguments: the block's arguments as the author wrote them, computed: `128, stride = 2`.
        shortcut: the kind of the block's own shortcut (`projection`); empty for a chain.
        links: the name of the link of each further input.
        link_kinds: the shortcut kind of each of these links, after `else` was decided.
        span: the definition's place; outside equality, as are `doc` (its `##` text) and `cite`.
    """

    definition: str
    inputs: tuple[Shape, ...]
    nodes: tuple[Node, ...]
    output: int
    arguments: str = ""
    shortcut: str = ""
    links: tuple[str, ...] = ()
    link_kinds: tuple[str, ...] = ()
    span: Span | None = field(default=None, compare=False)
    doc: str = field(default="", compare=False)
    cite: str = field(default="", compare=False)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Computed once, however many steps share the unit."""
        return hash((self.definition, self.inputs, self.nodes, self.output, self.arguments, self.shortcut, self.links))

    def shape_of(self, value: int) -> Shape:
        """The shape of a value: of an input, or of what a node computes."""
        return self.inputs[value] if value < len(self.inputs) else self.nodes[value - len(self.inputs)].shape

    def input_shapes(self, node: Node) -> tuple[Shape, ...]:
        """The shapes that enter a node."""
        return tuple(self.shape_of(value) for value in node.inputs)

    @property
    def is_block(self) -> bool:
        """Whether it stands in a stage, with a shortcut around it; else it is a chain."""
        return bool(self.shortcut)

    @cached_property
    def output_shape(self) -> Shape:
        """The shape that leaves."""
        return self.shape_of(self.output)

    @cached_property
    def n_params(self) -> int:
        """Trainable values."""
        return sum(node.op.n_params(*self.input_shapes(node)) for node in self.nodes)

    @cached_property
    def macs(self) -> int:
        """Multiply-adds of convolutions and linear layers, for one sample."""
        return sum(node.op.macs(*self.input_shapes(node)) for node in self.nodes)
