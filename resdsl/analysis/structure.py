"""What the stages of a network are made of, as Table 1 of He et al. 2016 has it: brackets of layers, and how often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from resdsl.ir.graph import Graph, Step
from resdsl.ir.unit import Node, Unit
from resdsl.record import evolve, record


@record
class Layer:
    """A weighted layer of neighbouring blocks that are alike; or a composite layer, which stands for all of its own.

    Attributes:
        name: `conv`, `linear`, a foreign block's; or the composite layer's: `squeeze_excite`.
        kernel: pixels by dimension; empty for a vector's layer and for a composite layer.
        channels: what leaves it, in the first block and in the last: PyramidNet's grow from block to block.
        groups: of a convolution; else 1.
        dilation: of a convolution, the largest; else 1.
        is_composite: whether it is one.
    """

    name: str
    kernel: tuple[int, ...]
    channels: tuple[int, int]
    groups: int
    dilation: int
    is_composite: bool


@record
class Run:
    """Neighbouring blocks of one stage that are alike: one definition, the same layers but for their channels.

    Attributes:
        definition: the block's name.
        layers: on its main path, in order: the bracket of the papers' tables.
        steps: the blocks.
    """

    definition: str
    layers: tuple[Layer, ...]
    steps: tuple[Step, ...]

    @property
    def count(self) -> int:
        """How many blocks."""
        return len(self.steps)


def structure(graph: Graph) -> dict[str, tuple[Run, ...]]:
    """The runs of each stage, by label, in order."""
    layers = {unit: weighted_layers(unit) for unit in graph.units if unit.is_block}
    return {stage.label: tuple(_runs(graph.steps[stage.first : stage.last + 1], layers)) for stage in graph.stages()}


def weighted_layers(unit: Unit) -> tuple[Layer, ...]:
    """The weighted layers on a block's main path, in order, composite ones among them."""
    return tuple(_layers(unit))


def _runs(steps: Sequence[Step], layers: dict[Unit, tuple[Layer, ...]]) -> Iterator[Run]:
    def form(step: Step) -> tuple[object, ...]:
        shapes = ((layer.name, layer.kernel, layer.groups, layer.dilation) for layer in layers[step.unit])
        return step.unit.definition, *shapes

    for _, alike in groupby(steps, form):
        run = tuple(alike)
        first, last = layers[run[0].unit], layers[run[-1].unit]
        yield Run(run[0].unit.definition, tuple(map(_span, first, last)), run)


def _span(first: Layer, last: Layer) -> Layer:
    return evolve(first, channels=(first.channels[0], last.channels[0]))


def _layers(unit: Unit) -> Iterator[Layer]:
    composites: set[str] = set()
    for node in unit.nodes:
        if node.part not in ("before", "residual", "after"):
            continue
        channels = (node.shape.channels, node.shape.channels)
        if node.group and node.group not in composites:
            composites.add(node.group)
            yield Layer(node.group, (), channels, 1, 1, is_composite=True)
        elif not node.group and node.op.is_weighted():
            yield _weighted(unit, node, channels)


def _weighted(unit: Unit, node: Node, channels: tuple[int, int]) -> Layer:
    """The layer as its weight and window tell it: a weight has as many channels in as one group takes."""
    (entering,) = unit.input_shapes(node)
    windows = node.op.window(entering) or ()
    weights = node.op.parameters(entering)
    groups = entering.channels // weights[0].dims[1] if weights else 1
    name = node.op.NAME or str(node.op)
    dilation = max((window.dilation for window in windows), default=1)
    return Layer(name, tuple(window.kernel for window in windows), channels, groups, dilation, is_composite=False)
