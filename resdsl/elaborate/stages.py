"""Places the blocks of stages; blocks that are placed alike share one unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from resdsl.diagnostics import Code
from resdsl.elaborate.alike import alike
from resdsl.elaborate.bind import Dynamic, Target, resolve
from resdsl.elaborate.blocks import LinkEnd, Placing, build_block
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import evaluate_int, evaluate_value
from resdsl.elaborate.links import LinkSpan
from resdsl.elaborate.perspective import at_use
from resdsl.elaborate.problems import Mistake, mistake, sure
from resdsl.elaborate.scope import Scope, Value, describe
from resdsl.elaborate.shortcuts import Junction
from resdsl.elaborate.spine import Spine
from resdsl.elaborate.work import NEW_UNIT, PLACED_LAYER, foresee, spend
from resdsl.ir.graph import Section, Step
from resdsl.ir.unit import Unit
from resdsl.record import field, record, state
from resdsl.source import Span
from resdsl.syntax import ast

StageSingle = ast.Shortcut | ast.Survive | ast.Norm | ast.Act | ast.About


@record
class RunPlan:
    """A run with its count computed."""

    run: ast.Run
    count: int


@record
class StagePlan:
    """A stage before its blocks are placed: its runs counted, its own statements read.

    `junction` is the shortcut statement that holds here: the stage's own, else the network's.
    """

    stage: ast.Stage
    scope: Scope
    runs: tuple[RunPlan, ...]
    dynamic: Dynamic
    singles: Mapping[str, tuple[StageSingle, Scope]]
    junction: Junction | None

    @property
    def n_blocks(self) -> int:
        """How many blocks it has."""
        return sum(run.count for run in self.runs)


def count_blocks(run: ast.Run, scope: Scope) -> RunPlan:
    """The run with its count. Raises Mistake where that is no whole number from zero."""
    count = evaluate_int(run.count, scope, "a count of blocks", least=0) if run.count is not None else 1
    return RunPlan(run, count)


@state
class StagePlacer:
    """Puts the blocks of one stage after another on the spine.

    Attributes:
        links: all links of the network, in block numbers.
        probabilities: p_l of each block; None where no schedule applies.
        fallback: the shortcut where no statement says one; None where the file does not know the default's kinds.
        step_of_block: the place on the spine of each block placed so far, both from 0.
    """

    spine: Spine
    links: tuple[LinkSpan, ...]
    probabilities: tuple[float | None, ...]
    fallback: Junction | None
    step_of_block: list[int] = field(factory=list[int])
    _units: dict[Unit, Unit] = field(factory=dict[Unit, Unit])
    _ends: dict[int, tuple[LinkSpan, ...]] = field(factory=dict[int, tuple[LinkSpan, ...]])

    def __post_init__(self) -> None:
        """Sorts the links by where they end, inner first."""
        ends: dict[int, list[LinkSpan]] = defaultdict(list)
        for link in self.links:
            ends[link.last].append(link)
        self._ends = {block: tuple(sorted(found, key=lambda link: -link.level)) for block, found in ends.items()}

    def ending(self, block: int) -> tuple[LinkSpan, ...]:
        """The links that end at a block (from 0), inner first."""
        return self._ends.get(block, ())

    def place(self, plan: StagePlan) -> None:
        """Puts all blocks of a stage on the spine. Raises Mistake at the first that cannot stand there."""
        first_step = len(self.spine.steps)
        place = 0
        for run in plan.runs:
            self._place_run(run, plan, place)
            place += run.count
        last_step = len(self.spine.steps) - 1
        label_span = plan.stage.label_span
        self.spine.sections.append(
            Section(plan.stage.label, "stage", first_step, last_step, plan.stage.doc, label_span)
        )

    def _place_run(self, run: RunPlan, plan: StagePlan, before: int) -> None:
        position = _Position(plan.scope, plan.n_blocks, len(self.probabilities))
        span = run.run.span
        shared: dict[object, Unit] = {}
        for place in range(before + 1, before + run.count + 1):
            block = len(self.step_of_block)
            inputs = self._inputs(block)
            key = (self.spine.shape, place == 1, block == 0, inputs[1:] and self._ends[block])
            unit = shared.get(key)
            if unit is None:
                spend(NEW_UNIT, span)
                position.move(place, block + 1)
                unit = self._build(run, plan, position.scope, inputs, place)
                n_left = before + run.count - place
                if position.is_used():
                    foresee(n_left * (NEW_UNIT + PLACED_LAYER * len(unit.nodes)) // 2, span)  # others may be smaller
                else:
                    shared[key] = unit
                    self._foresee(unit, n_left, run)
            self.spine.count(len(unit.nodes), span)
            survival = self.probabilities[block]
            self.step_of_block.append(len(self.spine.steps))
            self.spine.add(Step(unit, inputs, plan.stage.label, place, survival, span))

    def _build(self, run: RunPlan, plan: StagePlan, scope: Scope, inputs: tuple[int, ...], place: int) -> Unit:
        block = len(self.step_of_block)
        ends = [
            LinkEnd(link.name, link.junction, self.spine.shape_of(value))
            for link, value in zip(self.ending(block), inputs[1:], strict=True)
        ]
        stage = plan.stage
        label = f"{stage.label}[{place}]"
        junction = Junction(run.run.kinds, scope) if run.run.kinds is not None else plan.junction
        placing = Placing(
            x=self.spine.shape,
            stride=_stride(stage, plan.scope) if place == 1 else None,
            junction=junction,
            fallback=self.fallback,
            links=tuple(ends),
            survives=self.probabilities[block] is not None,
            is_first=(block == 0, place == 1),
            label=label,
        )
        target = resolve("block", run.run.block, scope, plan.dynamic)
        found = sure(target.found, Found)
        try:
            return self._unit(target, found, placing, plan.dynamic, run.run.block.span)
        except Mistake as inside:
            where = f"placed here as {label}, where {placing.x} comes in"
            raise at_use(inside, run.run.block.span, found.definition.span, where) from None

    def _unit(self, target: Target, found: Found, placing: Placing, dynamic: Dynamic, span: Span) -> Unit:
        """The unit of a block at its place, which another network of the program may have built already."""
        limits = self.spine.limits
        known = found.units
        key = alike(target, placing, dynamic, limits)
        unit = known.get(key) if key is not None else None
        if unit is None:
            unit = build_block(target, placing, dynamic, limits, span)
        unit = self._units.setdefault(unit, unit)  # equal ones are one: what is asked of each unit is asked once
        if key is not None:
            known[key] = unit
        return unit

    def _inputs(self, block: int) -> tuple[int, ...]:
        """What enters the block: the value before it, then the source of each link that ends here, inner first."""
        here = len(self.spine.steps)
        sources = [
            here if link.first == block else self.spine.steps[self.step_of_block[link.first]].inputs[0]
            for link in self.ending(block)
        ]
        return (here, *sources)

    def _foresee(self, unit: Unit, n_blocks: int, run: RunPlan) -> None:
        """Refuses a run that is too long before it is placed: its other blocks have about as many layers."""
        n_nodes = len(unit.nodes) * n_blocks
        self.spine.count(n_nodes, run.run.span)
        self.spine.n_nodes -= n_nodes


class _Position:
    """The names `i`, `n`, `l`, `L` of a block's place, and whether anything looked at them."""

    def __init__(self, outer: Scope, n_stage: int, n_blocks: int) -> None:
        self.scope = outer.child()
        self._own = [name for name in ("i", "n", "l", "L") if not outer.holds(name)]
        self._lengths = {"n": n_stage, "L": n_blocks}

    def move(self, place: int, block: int) -> None:
        """Stands at block l = `block` of the network, which is block i = `place` of its stage."""
        values = {**self._lengths, "i": place, "l": block}
        self.scope.names.update({name: values[name] for name in self._own})
        self.scope.used.clear()

    def is_used(self) -> bool:
        """Whether the last block depends on its place."""
        return bool(self.scope.used)


def _stride(stage: ast.Stage, scope: Scope) -> Value | None:
    if stage.stride is None:
        return None
    value = evaluate_value(stage.stride, scope)
    sizes = value if isinstance(value, tuple) else (value,)
    if all(isinstance(size, int) and not isinstance(size, bool) and size >= 1 for size in sizes):
        return value
    message = f"a stride is a whole number from 1, or one per dimension, not {describe(value)}"
    raise mistake(Code.ARGUMENT_TYPE, message, stage.stride.span)
