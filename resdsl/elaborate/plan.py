"""Decides all of a network that needs no shapes: stages and counts, links, survival, initialisation, keys, taps.

Each part is decided on its own, so that every independent mistake is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from resdsl.diagnostics import Code, Diagnostic, Note
from resdsl.elaborate.bind import Dynamic, close
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.links import LinkSpan, StageBlocks, place_links
from resdsl.elaborate.problems import Echo, Problems, mistake, sure
from resdsl.elaborate.schedules import Schedule, Survivals, read_schedule
from resdsl.elaborate.scope import POISON, Closure, Poison, Scope, Value, describe
from resdsl.elaborate.shortcuts import Junction
from resdsl.elaborate.stages import LayersPlan, RunPlan, StagePlan, StageSingle, count_blocks
from resdsl.elaborate.statements import Statements, label_of
from resdsl.ir.graph import InitRule, Survival
from resdsl.limits import Limits
from resdsl.record import record
from resdsl.shape import UNKNOWN, Shape
from resdsl.source import Source, Span
from resdsl.syntax import ast

_T = TypeVar("_T")


@record
class LostPlan:
    """A stage, or a chain of layers, that could not be understood."""

    word: str
    label: str


@record
class NetworkPlan:
    """Everything about a network but its shapes.

    Attributes:
        input: what enters; None where not even the number of its sizes is known.
        dynamic: what `norm` and `act` stand for.
        sections: stages and chains, in order.
        survivals: p_l of each block.
        fallback: the shortcut where no statement says one; None where the file does not know the default's kinds,
            poison where they may be lost.
    """

    input: Shape | None
    dynamic: Dynamic
    sections: tuple[StagePlan | LayersPlan | LostPlan, ...]
    links: tuple[LinkSpan, ...]
    survival: Survival | None
    survivals: Survivals
    fallback: Junction | Poison | None
    init: tuple[InitRule, ...]
    keys: str
    taps: tuple[str, ...]


def plan_network(statements: Statements, name_span: Span, problems: Problems, limits: Limits) -> NetworkPlan:
    """The plan of a network, as far as it is known. Raises Echo where it has more blocks than the caller allows."""
    planner = _Planner(statements, name_span, limits, problems)
    dynamic = planner.dynamic()
    shape = planner.attempt(planner.input)
    sections = [planner.section(*entry, dynamic) for entry in statements.sections]
    stages = [section for section in sections if isinstance(section, StagePlan)]
    init = planner.attempt(planner.init)
    taps = planner.attempt(planner.taps)
    if planner.attempt(lambda: planner.check_size(stages)) is None:
        raise Echo
    links = place_links(planner.link_statements(), _number(sections), problems)
    survival = planner.attempt(lambda: planner.survival(sections, dynamic))
    survival = survival or (None, (POISON,) * sum(map(_n_blocks, sections)))
    n_blocks = sum(map(_n_blocks, sections)) if all(map(is_known, sections)) else None
    return NetworkPlan(
        input=shape,
        dynamic=dynamic,
        sections=tuple(sections),
        links=links,
        survival=survival[0],
        survivals=Survivals(survival[1], n_blocks, problems),
        fallback=_fallback(statements),
        init=init or (),
        keys=planner.keys(),
        taps=taps or (),
    )


def plan_sections(
    statements: Statements, name_span: Span, problems: Problems, limits: Limits
) -> list[StagePlan | LayersPlan | LostPlan]:
    """Stages with their blocks counted, and chains of layers, in order."""
    planner = _Planner(statements, name_span, limits, problems)
    dynamic = planner.dynamic()
    return [planner.section(*entry, dynamic) for entry in statements.sections]


@record
class _Planner:
    statements: Statements
    name_span: Span
    limits: Limits
    problems: Problems

    def attempt(self, decide: Callable[[], _T]) -> _T | None:
        """What is decided, or None where a mistake was told."""
        with self.problems.collect():
            return decide()
        return None

    def dynamic(self) -> Dynamic:
        """What `norm` and `act` stand for in the network."""
        defaults = Scope(self.statements.module)
        outer = Dynamic({word: Closure("layer", layer, defaults) for word, layer in _DEFAULT_LAYERS.items()})
        return self.rebind(outer, self.statements.singles)

    def rebind(self, outer: Dynamic, singles: Mapping[str, tuple[object, Scope]]) -> Dynamic:
        """What `norm` and `act` stand for, where statements may say otherwise than outside."""
        names = dict(outer.names)
        for word in ("norm", "act"):
            if word in self.statements.lost:
                names[word] = POISON
            if word in singles:
                statement, scope = singles[word]
                layer = (statement if isinstance(statement, ast.Act) else sure(statement, ast.Norm)).layer
                names[word] = POISON
                with self.problems.collect():
                    names[word] = close("layer", layer, scope, outer)
        return Dynamic(names, outer.suspects)

    def input(self) -> Shape:
        """The shape of one sample."""
        entry = self.statements.single(ast.Input)
        if "input" in self.statements.lost:
            raise Echo
        if entry is None:
            message = f"the network `{self.name_span.text}` has no `input`"
            raise mistake(Code.NETWORK_MISSING, message, self.name_span, help="add `input 3x224x224`")
        statement, scope = entry
        if isinstance(statement.shape, ast.ListOf):
            sizes = tuple(self.size(item, scope) for item in statement.shape.items)
            value = sizes
        else:
            self.problems.heed(statement.shape)
            value = evaluate_value(statement.shape, scope)
            sizes = value if isinstance(value, tuple) else (value,)
        if not 1 <= len(sizes) <= _MOST_SIZES:
            message = f"an input has channels and up to three sizes; {describe(value)} has {len(sizes)} numbers"
            raise mistake(Code.SHAPE_INPUT, message, statement.shape.span, help=_INPUT_FORM)
        whole: list[int] = []
        for size in sizes:
            if isinstance(size, int) and not isinstance(size, bool) and size >= 1:
                whole.append(size)
                continue
            message = f"channels and sizes of an input are whole numbers from 1, not {describe(size)}"
            wrong = mistake(Code.SHAPE_INPUT, message, statement.shape.span, help=_INPUT_FORM)
            if len(sizes) == 1:
                raise wrong
            whole.append(UNKNOWN)
            self.problems.add(wrong.diagnostic)
        shape = Shape(whole[0], tuple(whole[1:]))
        if shape.elements > self.limits.tensor_elements:
            message = f"an input of {shape.elements:,} values; the caller allows {self.limits.tensor_elements:,}"
            raise mistake(Code.LIMIT_TENSOR, message, statement.shape.span)
        return shape

    def size(self, item: ast.Expression, scope: Scope) -> Value:
        """One of the sizes of the input, which may be unknown where the others are not."""
        with self.problems.collect():
            self.problems.heed(item)
            return evaluate_value(item, scope)
        return UNKNOWN

    def section(
        self, statement: ast.Stage | ast.Layers | ast.Lost, scope: Scope, dynamic: Dynamic
    ) -> StagePlan | LayersPlan | LostPlan:
        """A stage with its runs counted and its own statements read, or a chain of layers."""
        if isinstance(statement, ast.Lost):
            return LostPlan(statement.word or "stage", label_of(statement))
        if isinstance(statement, ast.Layers):
            return LayersPlan("layers", statement.chain, statement.label, scope, statement.label_span)
        inner = scope.child()
        singles: dict[str, tuple[StageSingle, Scope]] = {}
        for own in statement.statements:
            if isinstance(own, ast.Let):
                inner.names[own.name] = POISON
                with self.problems.collect():
                    self.statements.told.heed(own)
                    inner.names[own.name] = evaluate_value(own.value, inner)
            else:
                singles.setdefault(type(own).__name__.lower(), (own, inner))
        runs = self.count(statement, inner)
        lost: Junction | Poison | None = POISON if "shortcut" in self.statements.lost else None
        junction = _junction(singles.get("shortcut") or self.statements.single(ast.Shortcut)) or lost
        return StagePlan(statement, inner, runs, self.rebind(dynamic, singles), singles, junction)

    def count(self, stage: ast.Stage, scope: Scope) -> tuple[RunPlan, ...]:
        """The runs of a stage with their counts; one block each where that is not known."""
        told = self.statements.told
        runs = [
            None if told.lies_in(run.count) else self.attempt(lambda run=run: count_blocks(run, scope))
            for run in stage.runs
        ]
        if any(run is None or run.count for run in runs):
            return tuple(run or RunPlan(stage.runs[at], 1, is_known=False) for at, run in enumerate(runs))
        at = stage.runs[0].count or stage.runs[0]
        message = f"the stage {stage.label} has no blocks"
        label = "" if isinstance(at, ast.Integer) else "this is 0"
        help = "a count may be 0 where another run of the stage has blocks"
        self.problems.add(Diagnostic(Code.NETWORK_EMPTY, message, at.span, label=label, help=help))
        return tuple(RunPlan(run, 1, is_known=False) for run in stage.runs)

    def check_size(self, stages: list[StagePlan]) -> int:
        """How many blocks there are. Raises Mistake where they alone are more than the caller allows."""
        n_blocks = 0
        for plan in stages:
            n_blocks += plan.n_blocks
            if n_blocks > self.limits.nodes:
                message = f"the network has {n_blocks:,} blocks or more; the caller allows {self.limits.nodes:,} layers"
                help = "the caller may raise the limit: `Limits(nodes=…)`"
                raise mistake(Code.LIMIT_NODES, message, plan.stage.span, help=help)
        return n_blocks

    def link_statements(self) -> list[tuple[ast.Link | ast.Levels, Scope]]:
        """All statements that make links, in order."""
        levels = self.statements.single(ast.Levels)
        every = [*self.statements.links, *([levels] if levels is not None else [])]
        return [entry for entry in every if not self.statements.told.lies_in(entry[0])]

    def survival(
        self, sections: Sequence[StagePlan | LayersPlan | LostPlan], dynamic: Dynamic
    ) -> tuple[Survival | None, Sequence[Schedule | Poison | None]]:
        """How blocks are dropped, and the schedule of each."""
        told, entry = self.statements.told, self.statements.single(ast.Survive)
        if told.lies_in(entry and entry[0]):
            entry = None
        whole = read_schedule(*entry, dynamic, self.problems) if entry is not None else None
        schedules: list[Schedule] = []
        of_blocks: list[Schedule | None] = []
        for plan in sections:
            if not isinstance(plan, StagePlan):
                of_blocks += [None] * _n_blocks(plan)
                continue
            own = plan.singles.get("survive")
            if told.lies_in(own and own[0]):
                own = None
            schedule = whole
            if own is not None:
                schedule = read_schedule(sure(own[0], ast.Survive), own[1], dynamic, self.problems)
            of_blocks += [schedule] * plan.n_blocks
            if schedule is not None:
                schedules.append(schedule)
        return _one_survival(schedules), of_blocks

    def init(self) -> tuple[InitRule, ...]:
        """The weight initialisations."""
        entry = self.statements.single(ast.Init)
        self.statements.told.heed(entry and entry[0])
        rules: list[InitRule] = []
        for rule in entry[0].rules if entry is not None else ():
            numbers: list[float] = []
            for argument in rule.arguments or ():
                value = evaluate_value(argument.value, entry[1] if entry else Scope(self.statements.module))
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise mistake(
                        Code.ARGUMENT_TYPE, f"`{rule.name}` takes numbers, not {describe(value)}", argument.span
                    )
                numbers.append(float(value))
            rules.append(InitRule(rule.name, tuple(numbers)))
        return tuple(rules)

    def keys(self) -> str:
        """The naming scheme."""
        entry = self.statements.single(ast.Keys)
        return entry[0].scheme if entry is not None else "native"

    def taps(self) -> tuple[str, ...]:
        """The labels whose outputs are returned."""
        entry = self.statements.single(ast.Tap)
        if entry is None:
            return ()
        return entry[0].labels


def _one_survival(schedules: list[Schedule]) -> Survival | None:
    if not schedules:
        return None
    first = schedules[0].survival
    for schedule in schedules[1:]:
        if (schedule.survival.per, schedule.survival.rescale) != (first.per, first.rescale):
            message = "`per` and `rescale` hold for the whole network, and differ between its stages"
            notes = (Note(schedules[0].statement.span, "the other stage's"),)
            raise mistake(Code.NETWORK_OPTION, message, schedule.statement.span, notes=notes)
    text = "; ".join(dict.fromkeys(schedule.survival.schedule for schedule in schedules))
    return Survival(text, first.per, first.rescale)


def _junction(entry: tuple[StageSingle, Scope] | tuple[ast.Shortcut, Scope] | None) -> Junction | None:
    return Junction(sure(entry[0], ast.Shortcut).kinds, entry[1]) if entry is not None else None


def _fallback(statements: Statements) -> Junction | Poison | None:
    module = statements.module
    missing = [name for name in ("identity", "projection") if module.find("shortcut", name) is None]
    if missing:
        return POISON if any(map(module.may_have_lost, missing)) else None
    return Junction(_DEFAULT_KINDS, Scope(module))


def _number(sections: Sequence[StagePlan | LayersPlan | LostPlan]) -> list[StageBlocks]:
    numbered: list[StageBlocks] = []
    first = 0
    for plan in sections:
        last = first + _n_blocks(plan) - 1
        if isinstance(plan, StagePlan):
            numbered.append(StageBlocks(plan.stage.label, first, last, plan.stage.label_span, plan.is_known))
        first = last + 1
    return numbered


def _n_blocks(plan: StagePlan | LayersPlan | LostPlan) -> int:
    """How many blocks a section has; one where that is not known."""
    if isinstance(plan, StagePlan):
        return plan.n_blocks
    return int(isinstance(plan, LostPlan) and plan.word == "stage")


def is_known(plan: StagePlan | LayersPlan | LostPlan) -> bool:
    """Whether it is known how many blocks a section has."""
    return plan.is_known if isinstance(plan, StagePlan) else _n_blocks(plan) == 0


def _default(name: str) -> ast.Reference:
    start = _DEFAULTS.text.index(name)
    span = Span(_DEFAULTS, start, start + len(name))
    return ast.Reference(name, None, span=span, name_span=span)


_MOST_SIZES = 4  # channels, and three dimensions
_INPUT_FORM = "for an image `input 3x224x224`; computed, `input [3, size, size]`"

_DEFAULTS = Source("(defaults)", "norm bn  act relu  shortcut identity else projection")
_DEFAULT_KINDS = ast.Kinds(_default("identity"), _default("projection"), span=_default("identity").span)
_DEFAULT_LAYERS = {"norm": _default("bn"), "act": _default("relu")}
