"""What a network costs: weights, and multiply-adds for one sample, in all and by section, block and part."""

from __future__ import annotations

from collections import Counter
from math import fsum

from resdsl.ir.dropped import drop_residual
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
        expected_macs: multiply-adds of one sample on average in training, where a dropped block computes nothing of its
            residual branch (Huang et al. 2016); equal to those of `total` without survival.
    """

    total: Amount
    sections: dict[str, Amount]
    steps: tuple[Amount, ...]
    parts: dict[Part, Amount]
    expected_macs: float

    @property
    def gmacs(self) -> float:
        """Multiply-adds, in units of 10^9, for one sample: what He et al. 2016, Table 1, and most papers call FLOPs."""
        return self.total.macs / 1e9

    @property
    def gflops(self) -> float:
        """Floating-point operations, in units of 10^9, for one sample: what hardware counts, two for a multiply-add."""
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
    total = sum(sections.values(), Amount())
    return Cost(total, sections, steps, parts, total.macs - _expected_saving(graph))


def _expected_saving(graph: Graph) -> float:
    """Multiply-adds that dropped blocks leave out, on average."""
    saved = {unit: unit.macs - drop_residual(unit)[0].macs for unit in graph.units} if graph.survival else {}
    return fsum((1 - step.survival) * saved[step.unit] for step in graph.steps if step.survival is not None)


def _unit_cost(unit: Unit) -> dict[Part, Amount]:
    parts: dict[Part, Amount] = {}
    for node in unit.nodes:
        shapes = unit.input_shapes(node)
        buffers = sum(buffer.elements for buffer in node.op.buffers(*shapes))
        amount = Amount(node.op.n_params(*shapes), buffers, node.op.macs(*shapes))
        parts[node.part] = parts.get(node.part, Amount()) + amount
    return parts
