"""Lowers a network to pure functions: one for each distinct unit, and one for what is left of it when it is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from resdsl.ir.dropped import drop_residual, is_droppable
from resdsl.ir.graph import Graph, Step
from resdsl.ir.unit import Unit
from resdsl.passes.handover import hand_over
from resdsl.record import evolve, record


@record
class Region:
    """One pure function of the lowered network: its result is a function of its inputs, weights and statistics alone.

    Attributes:
        unit: what it computes.
        origins: for each of its nodes, the number of that node in the unit of the step; they differ where the layers of
            a dropped residual branch are gone.
        masks: for each input, whether its gradient is masked here, by the reader; see `Handover`.
        gives_relu: whether it ends in a ReLU whose mask is left to the readers.
    """

    unit: Unit
    origins: tuple[int, ...]
    masks: tuple[bool, ...]
    gives_relu: bool

    @property
    def is_identity(self) -> bool:
        """Whether its first input leaves it as it is, so that there is nothing to call."""
        return self.unit.output == 0


@record
class Call:
    """One step of the network as a call.

    Attributes:
        step: the step.
        region: what it computes.
        dropped: what it computes instead where its residual branch is dropped; None where that never happens to a whole
            batch.
    """

    step: Step
    region: Region
    dropped: Region | None


@record
class Lowered:
    """A network as calls of pure functions.

    Attributes:
        graph: the network.
        calls: one for each step, in order; None for a step that is computed as its class is written.
        unmasked: the values of the spine that left a ReLU without its mask: whoever reads them outside of the calls
            (the caller of the network, a step that is no call) masks their gradient.
    """

    graph: Graph
    calls: tuple[Call | None, ...]
    unmasked: frozenset[int]

    @cached_property
    def regions(self) -> tuple[Region, ...]:
        """The distinct functions, in order of first use; what is no function at all is left out."""
        return tuple(dict.fromkeys(region for region in self._called() if not region.is_identity))

    @property
    def drops(self) -> bool:
        """Whether blocks are skipped by whole batches."""
        return any(call is not None and call.dropped is not None for call in self.calls)

    @property
    def masks_outside(self) -> bool:
        """Whether somebody other than a function must mask a gradient."""
        graph = self.graph
        read = {len(graph.steps), *(graph.section(label).last + 1 for label in graph.taps)}
        for step, call in zip(graph.steps, self.calls, strict=True):
            if call is None:
                read.update(step.inputs)
        return bool(read & self.unmasked)

    def _called(self) -> Iterator[Region]:
        for call in self.calls:
            if call is not None:
                yield call.region
                if call.dropped is not None:
                    yield call.dropped


def lower(graph: Graph) -> Lowered:
    """The network as calls of pure functions. Equal blocks share them, whatever their number and p_l.

    Between the calls, the gradient masks of ReLUs have changed places; see `Handover`. A unit with a layer that the
    host program computes is no function that we know: its steps are left as they are.
    """
    foreign = {unit for unit in graph.units if any(node.op.LABEL == "extern" for node in unit.nodes)}
    handover = hand_over(graph, foreign)
    drops = graph.survival is not None and graph.survival.per == "batch"
    made: dict[Unit, tuple[Region, Region | None]] = {}
    calls: list[Call | None] = []
    for step in graph.steps:
        if step.unit in foreign:
            calls.append(None)
            continue
        unit = step.unit
        if unit not in made:
            region = Region(unit, tuple(range(len(unit.nodes))), handover.masks[unit], unit in handover.gives)
            made[unit] = region, _drop(region) if drops and is_droppable(unit) else None
        region, dropped = made[unit]
        calls.append(Call(step, region, dropped))
    unmasked = frozenset(place + 1 for place, step in enumerate(graph.steps) if step.unit in handover.gives)
    return Lowered(graph, tuple(calls), unmasked)


def _drop(region: Region) -> Region:
    """The region without its residual branch."""
    left, origins = drop_residual(region.unit)
    return _without_idle_relu(evolve(region, unit=left, origins=origins))


def _without_idle_relu(region: Region) -> Region:
    """The region without its last ReLU where that does nothing: `relu(x)` is x if no x is negative.

    Its gradient is the same too: both masks are [x > 0], and the readers apply it.
    """
    unit = region.unit
    number = unit.output - len(unit.inputs)
    if not region.gives_relu or number < 0:
        return region
    (source,) = unit.nodes[number].inputs
    if source >= len(unit.inputs) or not region.masks[source]:
        return region
    kept = [place for place in range(len(unit.nodes)) if place != number]
    return evolve(
        region,
        unit=evolve(unit, nodes=tuple(unit.nodes[place] for place in kept), output=source),
        origins=tuple(region.origins[place] for place in kept),
    )
