"""How deep a network is, by the three conventions of the papers, and how deep it is on average under survival."""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import fsum

from resdsl.ir.dropped import drop_residual
from resdsl.ir.graph import Graph
from resdsl.ir.unit import Node, Unit
from resdsl.record import record


@record
class Depth:
    """How deep a network is. A weighted layer is a convolution or a linear layer; norms and activations are none.

    Attributes:
        depth: weighted layers on the main path (He et al. 2016): stem, residual branches, chains, head. Shortcuts and
            links are not on it. Where the path divides and joins again by a sum, the longest branch counts; a product
            is a signal and its gates, so its shallowest factor counts (SE-ResNet-50 has depth 50).
        depth_wrn: convolutions as Zagoruyko & Komodakis 2016 count them for WRN-d-k: `depth` without the head, and the
            weighted layers of the blocks' own shortcuts. Their d = 6n + 4 takes every stage to begin with a projection,
            so it is one more than this for k = 1, whose first stage needs none.
        depth_all: every weighted layer of the network.
        blocks: residual blocks: L of the papers.
        expected_blocks: residual branches that are kept on average in training, the sum of p_l (Huang et al. 2016, §3).
        expected_depth: weighted layers on the main path that run on average in training.
    """

    depth: int
    depth_wrn: int
    depth_all: int
    blocks: int
    expected_blocks: float
    expected_depth: float


def depth(graph: Graph) -> Depth:
    """Asks each distinct unit once; the rest is one sum over the steps."""
    full = {unit: _longest(unit) for unit in graph.units}
    without = {unit: _longest(drop_residual(unit)[0]) for unit in graph.units}
    shortcuts = {unit: _count(unit, lambda node: node.part == "shortcut") for unit in graph.units}
    all_layers = {unit: _count(unit, lambda _: True) for unit in graph.units}
    heads = {section.label for section in graph.sections if section.kind == "head"}
    main = sum(full[step.unit] for step in graph.steps)
    kept = [1.0 if step.survival is None else step.survival for step in graph.steps]
    return Depth(
        depth=main,
        depth_wrn=sum(full[step.unit] + shortcuts[step.unit] for step in graph.steps if step.section not in heads),
        depth_all=sum(all_layers[step.unit] for step in graph.steps),
        blocks=len(graph.blocks),
        expected_blocks=fsum(p for p, step in zip(kept, graph.steps, strict=True) if step.unit.is_block),
        expected_depth=fsum(
            p * full[step.unit] + (1 - p) * without[step.unit] for p, step in zip(kept, graph.steps, strict=True)
        ),
    )


def _count(unit: Unit, counts: Callable[[Node], bool]) -> int:
    return sum(node.op.is_weighted() and counts(node) for node in unit.nodes)


def _longest(unit: Unit) -> int:
    """Weighted layers on the unit's main path; None stands for a value that no part of the main path leads to."""
    depths: list[int | None] = [0] + [None] * len(unit.links)
    for node in unit.nodes:
        before = [reached for value in node.inputs if (reached := depths[value]) is not None]
        if not before:
            depths.append(None)
        elif node.part in ("shortcut", "link"):
            depths.append(max(before))
        else:
            depths.append(_join(node, before) + node.op.is_weighted())
    return depths[unit.output] or 0


def _join(node: Node, depths: Collection[int]) -> int:
    is_product = len(node.inputs) > 1 and node.op.gain() is None
    return min(depths) if is_product else max(depths)
