"""Tells from counts how many steps a network will take at least, before any of its blocks is placed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from resdsl.elaborate.bind import resolve
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.plan import LostPlan, NetworkPlan, plan_sections
from resdsl.elaborate.problems import Problems
from resdsl.elaborate.schedules import Schedule
from resdsl.elaborate.scope import Scope, Value, names_in
from resdsl.elaborate.size import n_in_chain, n_layers
from resdsl.elaborate.stages import LayersPlan, RunPlan, StagePlan
from resdsl.elaborate.statements import Statements, gather
from resdsl.elaborate.work import NETWORK, NEW_UNIT, PLACED_LAYER, PLACED_STEP, n_left, spend
from resdsl.limits import Limits
from resdsl.record import record
from resdsl.source import Span
from resdsl.syntax import ast


@record
class Forecast:
    """The steps that a network takes at least, and what it expects of itself."""

    steps: int
    expects: tuple[tuple[ast.Expect, Scope], ...]


def forecast(found: Found, values: Mapping[str, Value], problems: Problems, limits: Limits) -> Forecast:
    """What a network takes at least whose parameters have these values; mistakes go to `problems`, to be left there.

    Blocks that differ are counted without their layers: another network may have built the same.
    """
    spend(_FORECAST, found.definition.name_span)
    statements = gather(found, values, problems)
    sections = plan_sections(statements, found.definition.name_span, problems, limits)
    steps = sum(_of_run(plan, run) for plan, run in _runs(sections)) + _of_chains(statements, sections)
    return Forecast(NETWORK + (steps if _is_allowed(sections, limits) else 0), tuple(statements.expects))


def at_least(plan: NetworkPlan, statements: Statements, limits: Limits) -> int:
    """The steps that it takes at least to place what is planned; fewer where there are too many layers, as is told."""
    runs = tuple(_runs(plan.sections))
    differing = [(stage, run) for stage, run in runs if _differs(stage, run)]
    steps = sum(_of_run(stage, run) for stage, run in runs)
    steps += sum(PLACED_LAYER * run.count * _n_layers(stage, run) for stage, run in differing)
    steps += _of_schedules(plan) + _of_chains(statements, plan.sections)
    steps += NEW_UNIT * len({link.last for link in plan.links})
    return steps if _is_allowed(plan.sections, limits) else min(steps, n_left())


def dearest(plan: NetworkPlan) -> Span | None:
    """The run that takes most, if there is any."""
    runs = tuple(_runs(plan.sections))
    if not runs:
        return None
    return max(runs, key=lambda of: of[1].count * (1 + _differs(*of) * _n_layers(*of)))[1].run.span


def _is_allowed(sections: Iterable[StagePlan | LayersPlan | LostPlan], limits: Limits) -> bool:
    """Whether the blocks have no more layers than a network may."""
    return sum(run.count * max(_n_layers(stage, run), 1) for stage, run in _runs(sections)) <= limits.nodes


def at_most(plan: NetworkPlan) -> int:
    """About the steps that it may take, where no two blocks that are written are alike."""
    runs = tuple(_runs(plan.sections))
    n_new = ((run.count if _differs(stage, run) else 2, stage, run) for stage, run in runs)
    steps = sum(number * (NEW_UNIT + PLACED_LAYER * (_n_layers(stage, run) + 4)) for number, stage, run in n_new)
    return 2 * (steps + _of_schedules(plan) + sum(PLACED_STEP * run.count for _, run in runs))


def _of_schedules(plan: NetworkPlan) -> int:
    schedules = [schedule for schedule in plan.survivals.schedules if isinstance(schedule, Schedule)]
    formulas = {id(schedule.formula): schedule.formula for schedule in schedules}
    n_blocks = Counter(id(schedule.formula) for schedule in schedules)
    return sum(n_blocks[key] * _of_value(formula) for key, formula in formulas.items())


def _runs(sections: Iterable[StagePlan | LayersPlan | LostPlan]) -> Iterable[tuple[StagePlan, RunPlan]]:
    return ((plan, run) for plan in sections if isinstance(plan, StagePlan) for run in plan.runs)


def _of_run(plan: StagePlan, run: RunPlan) -> int:
    n_new = run.count if _differs(plan, run) else min(run.count, 1)
    return PLACED_STEP * run.count + NEW_UNIT * n_new


def _of_chains(statements: Statements, sections: Iterable[StagePlan | LayersPlan | LostPlan]) -> int:
    chains = [(plan.chain, plan.scope) for plan in sections if isinstance(plan, LayersPlan)]
    singles = [single for kind in (ast.Stem, ast.Head) if (single := statements.single(kind)) is not None]
    chains += [(single.chain, scope) for single, scope in singles]
    return PLACED_LAYER * sum(n_in_chain(chain, scope) for chain, scope in chains)


def _n_layers(plan: StagePlan, run: RunPlan) -> int:
    with Problems().go_on():
        found = resolve("block", run.run.block, plan.scope, plan.dynamic).found
        if isinstance(found, Found):
            return n_layers(found)
    return 0


def _differs(plan: StagePlan, run: RunPlan) -> bool:
    """Whether each block of a run depends on its place."""
    if run.count == 1:
        return False
    parts = (run.run.block, *((run.run.kinds,) if run.run.kinds is not None else ()))
    return any(name in _PLACES and not plan.scope.holds(name) for part in parts for name in names_in(part))


def _of_value(expression: ast.Syntax) -> int:
    """The steps that an expression takes at least to compute, whichever way its conditions go."""
    match expression:
        case ast.Choose():
            ways = (_of_value(expression.then), _of_value(expression.otherwise))
            return 1 + _of_value(expression.condition) + min(ways)
        case ast.Binary(operator="and" | "or"):
            return _of_value(expression.left)
        case _:
            return 1 + sum(map(_of_value, expression.parts))


_FORECAST: Final = 40
_PLACES: Final = frozenset({"i", "n", "l", "L"})
