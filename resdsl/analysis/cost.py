"""What a network costs: weights, and multiply-adds for one sample, in all and by section, block and part."""

from __future__ import annotations

from collections import Counter

from resdsl.ir.graph import Graph
from resdsl.ir.unit import Part, Unit
from resdsl.record import record


@record
class Amount:
    """What a piece of a network costs.

    Attributes:
        params: trainable values.
        buffers: values of the state dict that are not trained: running means, running variances, counts of batches.
        macs: multiply-adds of convolutions and linear layers, for one sample; no biases, norms or activations.
    """

    params: int = 0
    buffers: int = 0
    macs: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(self.params + other.params, self.buffers + other.buffers, self.macs + other.macs)

    def __mul__(self, count: int) -> Amount:
        return Amount(self.params * count, self.buffers * count, self.macs * count)


@record
class Cost:
    """What a network costs; the units are those of `Amount`.

    Attributes:
        total: the whole network.
        sections: by label, in order.
        steps: by step of the spine: a block of a stage, or a whole chain.
        parts: by the part of a block that the layers stand in: `residual`, `shortcut`, `link` …; only those there are.
    """

    total: Amount
    sections: dict[str, Amount]
    steps: tuple[Amount, ...]
    parts: dict[Part, Amount]

    @property
    def gmacs(self) -> float:
        """Milliards of multiply-adds for one sample: what He et al. 2016, Table 1, and most papers call FLOPs."""
        return self.total.macs / 1e9

    @property
    def gflops(self) -> float:
        """Milliards of floating-point operations for one sample, a multiply-add being two: what hardware counts."""
        return 2 * self.total.macs / 1e9


def cost(graph: Graph) -> Cost:
    """The cost of every layer, once for each time that it is used."""
    by_part = {unit: _unit_cost(unit) for unit in graph.units}
    by_unit = {unit: sum(parts.values(), Amount()) for unit, parts in by_part.items()}
    steps = tuple(by_unit[step.unit] for step in graph.steps)
    sections = {section.label: sum(steps[section.first : section.last + 1], Amount()) for section in graph.sections}
    parts: dict[Part, Amount] = {}
    for unit, count in Counter(step.unit for step in graph.steps).items():
        for part, amount in by_part[unit].items():
            parts[part] = parts.get(part, Amount()) + amount * count
    return Cost(sum(sections.values(), Amount()), sections, steps, parts)


def _unit_cost(unit: Unit) -> dict[Part, Amount]:
    parts: dict[Part, Amount] = {}
    for node in unit.nodes:
        shapes = unit.input_shapes(node)
        buffers = sum(buffer.elements for buffer in node.op.buffers(*shapes))
        amount = Amount(node.op.n_params(*shapes), buffers, node.op.macs(*shapes))
        parts[node.part] = parts.get(node.part, Amount()) + amount
    return parts
