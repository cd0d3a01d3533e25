"""Finds the ReLUs at the ends of units whose gradient mask is better applied where their result is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from resdsl.ir.dropped import drop_residual, is_droppable
from resdsl.ir.graph import Graph
from resdsl.ir.unit import Unit
from resdsl.record import record


@record
class Handover:
    """Where the masks of ReLUs between units are applied.

    `y = relu(s)` has the gradient `ds = [y > 0] dy`, and dy is the sum of what the readers of y send back. The mask
    distributes over that sum, and every reader has y: it is an input. So each reader sends `[y > 0] dy` in the first
    place, and the unit that made y takes what arrives for ds. This is the rotation of a block, `relu` before the body
    instead of after it, for the backward pass alone: forward, y is computed and kept once, where it was. Backward, the
    mask is part of the last kernel of one block, and no part of the reductions that begin the other.

    A unit gives its mask away (`gives`) unless

    1. what leaves it is no ReLU of its own: pre-activated blocks end in a sum, other activations need more than y;
    2. another of its layers reads y too, so that dy does not all come from outside;
    3. what is left of it when its residual branch is dropped does not end in the same ReLU;
    4. a unit that reads y reads something else too, in another place, that must not be masked. Equal blocks are one
       function, and that counts for more than a mask.

    Whoever reads a value without its mask applies it: the next block, a block where a link ends, and, where the value
    leaves the network or enters a layer of the host program, the caller.

    Attributes:
        gives: the units that leave the mask of their last ReLU to the readers.
        masks: for each unit, which of its inputs it masks: those that are everywhere what `masked` holds. Of these a
            mask changes nothing, given away or not: where such a value is zero, no gradient would come through. They
            are ReLUs, and pools behind ReLUs, as at the end of an ImageNet stem.
    """

    gives: frozenset[Unit]
    masks: Mapping[Unit, tuple[bool, ...]]


def hand_over(graph: Graph, foreign: Collection[Unit] = ()) -> Handover:
    """Where masks are applied. Units in `foreign` are computed elsewhere: they neither give nor mask."""
    masked: set[int] = set()
    for position, step in enumerate(graph.steps):
        if step.unit not in foreign and _is_dead_at_zero(step.unit, [value in masked for value in step.inputs]):
            masked.add(position + 1)
    masks: dict[Unit, tuple[bool, ...]] = {}
    for step in graph.steps:
        here = tuple(value in masked for value in step.inputs)
        before = masks.get(step.unit, here)
        masks[step.unit] = tuple(one and other for one, other in zip(before, here, strict=True))
    keeps = {
        graph.steps[value - 1].unit
        for step in graph.steps
        if step.unit not in foreign
        for value, is_masked in zip(step.inputs, masks[step.unit], strict=True)
        if value > 0 and not is_masked
    }
    gives = frozenset(unit for unit in graph.units if unit not in foreign and unit not in keeps and _can_give(unit))
    return Handover(gives, masks)


def _can_give(unit: Unit) -> bool:
    if not _ends_in_relu(unit):
        return False
    return _ends_in_relu(drop_residual(unit)[0]) if is_droppable(unit) else True


def _ends_in_relu(unit: Unit) -> bool:
    """Whether a ReLU computes what leaves, and no layer of the unit reads it."""
    return _target(unit, unit.output) == _RELU and not any(unit.output in node.inputs for node in unit.nodes)


def _is_dead_at_zero(unit: Unit, inputs: Sequence[bool]) -> bool:
    """Whether the gradient of what leaves is of no account wherever it is zero; of the inputs it is said.

    A pool of values that are not negative is zero only where all of them are.
    """
    value = unit.output
    if is_droppable(unit):  # with and without its residual branch
        return _can_give(unit)
    while _target(unit, value).startswith(_POOLS):
        (value,) = unit.nodes[value - len(unit.inputs)].inputs
    if value < len(unit.inputs):
        return inputs[value]
    return _target(unit, value) == _RELU


def _target(unit: Unit, value: int) -> str:
    """How torch computes a value; empty for an input."""
    number = value - len(unit.inputs)
    if number < 0 or unit.nodes[number].part == "survive":
        return ""
    node = unit.nodes[number]
    return node.op.torch_call(*unit.input_shapes(node)).target


_RELU = "F.relu"
_POOLS = ("F.max_pool", "F.avg_pool", "F.adaptive_max_pool", "F.adaptive_avg_pool")
