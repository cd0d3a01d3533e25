"""Places the blocks of stages; blocks that are placed alike share one unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import Literal

from resdsl.diagnostics import Code
from resdsl.elaborate.alike import alike
from resdsl.elaborate.bind import Dynamic, Target, check_takes_stride, resolve
from resdsl.elaborate.blocks import LinkEnd, Placing, build_block, build_chain
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import evaluate_int, evaluate_value
from resdsl.elaborate.layers import RANK, LayerFrame
from resdsl.elaborate.links import LinkSpan
from resdsl.elaborate.perspective import at_use
from resdsl.elaborate.problems import Mistake, Problems, mistake, sure
from resdsl.elaborate.schedules import Survivals
from resdsl.elaborate.scope import POISON, Poison, Scope, Value, describe
from resdsl.elaborate.shortcuts import Junction
from resdsl.elaborate.spine import Spine, stand_in
from resdsl.elaborate.tensors import UnitBuilder
from resdsl.elaborate.work import NEW_UNIT, foresee, n_left, spend
from resdsl.ir.graph import Section, Step
from resdsl.ir.unit import Unit
from resdsl.record import field, record, state
from resdsl.shape import UNKNOWN, Shape
from resdsl.source import Span
from resdsl.syntax import ast

StageSingle = ast.Shortcut | ast.Survive | ast.Norm | ast.Act | ast.About


@record
class LayersPlan:
    """A chain of layers: the stem, the head, or one between stages; `span` is what messages call it by."""

    kind: Literal["stem", "layers", "head"]
    chain: ast.Chain
    label: str
    scope: Scope
    span: Span


@record
class RunPlan:
    """A run with its count computed; where `is_known` is false, it is a guess."""

    run: ast.Run
    count: int
    is_known: bool = True


@record
class StagePlan:
    """A stage before its blocks are placed: its runs counted, its own statements read.

    `junction` is the shortcut statement that holds here: the stage's own, else the network's; poison where it is lost.
    """

    stage: ast.Stage
    scope: Scope
    runs: tuple[RunPlan, ...]
    dynamic: Dynamic
    singles: Mapping[str, tuple[StageSingle, Scope]]
    junction: Junction | Poison | None

    @property
    def is_known(self) -> bool:
        """Whether it is known how many blocks it has."""
        return all(run.is_known for run in self.runs)

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
        survivals: p_l of each block.
        fallback: the shortcut where no statement says one; None where the file does not know the default's kinds,
            poison where they may be lost.
        problems: where mistakes go; blocks are placed nevertheless, with what is known of their shapes.
        knows_all: whether it is known how many blocks there are.
        knows_block: whether it is known how many there are so far.
        is_whole: whether nothing of the blocks is unknown.
        step_of_block: the place on the spine of each block placed so far, both from 0.
    """

    spine: Spine
    links: tuple[LinkSpan, ...]
    survivals: Survivals
    fallback: Junction | Poison | None
    problems: Problems
    knows_all: bool = True
    knows_block: bool = True
    is_whole: bool = True
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
        """Puts all blocks of a stage on the spine, and tells which cannot stand there."""
        first_step, entering = len(self.spine.steps), self.spine.shape
        place, known = 0, True
        for run in plan.runs:
            self._place_run(run, plan, place, knows_place=known)
            place += run.count
            if not run.is_known:
                known = self.knows_block = False
                self._guess(run, plan, place)
                if len(plan.runs) > 1:  # it may have none
                    self.spine.shape = self.spine.shape.common(entering)
        last_step = len(self.spine.steps) - 1
        label_span = plan.stage.label_span
        self.spine.sections.append(
            Section(plan.stage.label, "stage", first_step, last_step, plan.stage.doc, label_span)
        )

    def place_chain(self, plan: LayersPlan, dynamic: Dynamic) -> None:
        """Puts a chain of layers on the spine, and tells which layers cannot stand there."""
        x = self.spine.shape
        frame = LayerFrame(UnitBuilder((x,), self.spine.limits), dynamic, x.rank, self.problems)
        maker = self.spine.sections[-1].span if self.spine.sections else None
        unit = build_chain(plan.kind, plan.chain, plan.scope, frame, maker)
        self.spine.add_chain(unit, plan.label, plan.kind, plan.span)

    def place_lost(self, label: str) -> None:
        """Stands in for a stage of which nothing is known, or of which only the label is."""
        self.step_of_block.append(len(self.spine.steps))
        self.spine.stand_in(label, 1, self._unknown())
        self.knows_block = False

    def _guess(self, run: RunPlan, plan: StagePlan, place: int) -> None:
        """What leaves a run of an unknown number of blocks: what is common to one block and one more."""
        problems, self.problems = self.problems, self.problems.inner()
        position = _Position(plan.scope, None, None)
        position.move(None, None)
        unit = self._build(run, plan, position.scope, self._inputs(len(self.step_of_block)), place + 1)
        self.spine.shape = self.spine.shape.common(unit.output_shape)
        self.problems = problems

    def _unknown(self) -> Shape:
        return Shape(UNKNOWN, (UNKNOWN,) * (self.spine.input.rank or RANK))

    def _place_run(self, run: RunPlan, plan: StagePlan, before: int, *, knows_place: bool) -> None:
        n_stage = plan.n_blocks if plan.is_known else None
        position = _Position(plan.scope, n_stage, len(self.survivals.schedules) if self.knows_all else None)
        span = run.run.span
        shared: dict[object, Unit] = {}
        for place in range(before + 1, before + run.count + 1):
            block = len(self.step_of_block)
            inputs = self._inputs(block)
            key = (self.spine.shape, place == 1, block == 0, inputs[1:] and self._ends[block])
            unit = shared.get(key)
            if unit is None:
                n_before = n_left()
                spend(NEW_UNIT, span)
                position.move(place if knows_place else None, block + 1 if self.knows_block else None)
                unit = self._build(run, plan, position.scope, inputs, place)
                n_blocks = before + run.count - place
                if position.is_used():
                    if place - before in (1, 2):  # the first may be larger than all others
                        foresee(n_blocks * (n_before - n_left()) // (3 - (place - before)), span)
                else:
                    shared[key] = unit
                    self._foresee(unit, n_blocks, run)
            self.spine.count(len(unit.nodes), span)
            survival = self.survivals.of(block)
            self.step_of_block.append(len(self.spine.steps))
            self.spine.add(Step(unit, inputs, plan.stage.label, place, survival, span))

    def _build(self, run: RunPlan, plan: StagePlan, scope: Scope, inputs: tuple[int, ...], place: int) -> Unit:
        """The unit of a block; where something about it is wrong, it tells that, and is what is known of its shape."""
        use, unit, is_whole = run.run.block, stand_in(self._unknown()), False
        problems = self.problems.inner()
        with self.problems.go_on():
            target = resolve("block", use, scope, plan.dynamic)
            found = sure(target.found, Found)
            placing = self._placing(run, plan, scope, inputs, place)
            where = f"placed here as {placing.label}, where {placing.x} comes in"
            try:
                frame = self._frame(placing, plan.dynamic, problems)
                built = self._unit(target, placing, frame, use.span)
                check_takes_stride(found.definition, placing.stride, use.span)
                unit, is_whole = built, frame.is_whole
            except Mistake as inside:
                raise inside.told_as(partial(at_use, use=use.span, of=found.definition.span, where=where)) from None
            finally:
                firsts = {(inside.code, inside.span): inside for inside in reversed(problems.errors)}
                told = [at_use(inside, use.span, found.definition.span, where) for inside in firsts.values()]
                self.problems.add_unless_told(reversed(told))
        self.is_whole &= is_whole
        if problems.errors:
            scope.suspect(use)
        return unit

    def _placing(self, run: RunPlan, plan: StagePlan, scope: Scope, inputs: tuple[int, ...], place: int) -> Placing:
        block = len(self.step_of_block)
        ends = [
            LinkEnd(link.name, link.junction, self.spine.shape_of(value))
            for link, value in zip(self.ending(block), inputs[1:], strict=True)
        ]
        stride: Value | Poison | None = None
        if place == 1 and plan.stage.stride is not None:
            stride = POISON
            with self.problems.go_on():
                self.problems.heed(plan.stage.stride)
                stride = _stride(plan.stage.stride, plan.scope)
        return Placing(
            x=self.spine.shape,
            stride=stride,
            junction=Junction(run.run.kinds, scope) if run.run.kinds is not None else plan.junction,
            fallback=self.fallback,
            links=tuple(ends),
            survives=self.survivals.applies(block),
            is_first=(block == 0, place == 1),
            label=f"{plan.stage.label}[{place}]",
        )

    def _frame(self, placing: Placing, dynamic: Dynamic, problems: Problems) -> LayerFrame:
        inputs = (placing.x, *(link.source for link in placing.links))
        return LayerFrame(UnitBuilder(inputs, self.spine.limits), dynamic, placing.x.rank, problems)

    def _unit(self, target: Target, placing: Placing, frame: LayerFrame, span: Span) -> Unit:
        """The unit of a block at its place, which another network of the program may have built already."""
        known = sure(target.found, Found).units
        key = alike(target, placing, frame.dynamic, self.spine.limits)
        unit = known.get(key) if key is not None else None
        if unit is None:
            unit = build_block(target, placing, frame, span)
        unit = self._units.setdefault(unit, unit)  # equal ones are one: what is asked of each unit is asked once
        if key is not None and frame.is_whole and not frame.problems.found and not self.problems.has_errors:
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

    def __init__(self, outer: Scope, n_stage: int | None, n_blocks: int | None) -> None:
        self.scope = outer.child()
        self._own = [name for name in ("i", "n", "l", "L") if not outer.holds(name)]
        self._lengths = {"n": n_stage, "L": n_blocks}

    def move(self, place: int | None, block: int | None) -> None:
        """Stands at block l = `block` of the network, which is block i = `place` of its stage; None is not known."""
        values = {**self._lengths, "i": place, "l": block}
        for name in self._own:
            value = values[name]
            self.scope.names[name] = POISON if value is None else value
        self.scope.used.clear()

    def is_used(self) -> bool:
        """Whether the last block depends on its place."""
        return bool(self.scope.used)


def _stride(stride: ast.Expression, scope: Scope) -> Value:
    value = evaluate_value(stride, scope)
    sizes = value if isinstance(value, tuple) else (value,)
    if all(isinstance(size, int) and not isinstance(size, bool) and size >= 1 for size in sizes):
        return value
    message = f"a stride is a whole number from 1, or one per dimension, not {describe(value)}"
    raise mistake(Code.ARGUMENT_TYPE, message, stride.span)
