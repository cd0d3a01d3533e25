"""Computes survival schedules: p_l for every block, from a formula in l and L."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import nan
from typing import Literal, cast

from resdsl.diagnostics import Code, Note
from resdsl.elaborate.bind import Call, Dynamic, bind
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.perspective import at_use, own_notes
from resdsl.elaborate.problems import Mistake, Problems, mistake
from resdsl.elaborate.scope import POISON, Poison, Scope, describe, write
from resdsl.ir.graph import Survival
from resdsl.record import field, record, state
from resdsl.syntax import ast

_Per = Literal["batch", "sample"]
_Rescale = Literal["eval", "train"]


@record
class Schedule:
    """A formula, ready to be computed for every block; `survival` is what the graph keeps of it."""

    formula: ast.Expression
    scope: Scope
    survival: Survival
    statement: ast.Survive


def read_schedule(statement: ast.Survive, scope: Scope, dynamic: Dynamic, problems: Problems) -> Schedule:
    """The schedule that a `survive` statement names, or whose formula it is."""
    per, rescale = _options(statement)
    written = statement.schedule
    if isinstance(written, ast.Reference) and not scope.holds(written.name):
        found = scope.module.find("schedule", written.name)
        if found is not None and isinstance(found.definition, ast.Schedule):
            calls = (Call(written.arguments, scope),) if written.arguments is not None else ()
            inner = bind(found, calls, written.name_span, dynamic, problems)
            values = ", ".join(write(inner.names[parameter.name]) for parameter in found.definition.parameters)
            text = f"{written.name}({values})" if values else written.name
            return Schedule(found.definition.formula, inner, Survival(text, per, rescale), statement)
    return Schedule(written, scope, Survival(" ".join(written.span.text.split()), per, rescale), statement)


@state
class Survivals:
    """p_l of each block, computed as blocks are placed: a network that is too large is refused before.

    Attributes:
        schedules: that of each block; None where none applies, poison where nothing is known of it.
        n_blocks: how many blocks there are, if that is known.
        problems: where a schedule that gives no probability is told of, once.
    """

    schedules: Sequence[Schedule | Poison | None]
    n_blocks: int | None
    problems: Problems
    _wrong: list[Schedule] = field(factory=list[Schedule])

    def applies(self, block: int) -> bool:
        """Whether a block (from 0) is drawn for."""
        return block < len(self.schedules) and self.schedules[block] is not None

    def of(self, block: int) -> float | None:
        """p_l of a block (from 0); None where no schedule applies, not a number where it is not known."""
        schedule = self.schedules[block]
        if schedule is None:
            return None
        if isinstance(schedule, Poison) or any(schedule is wrong for wrong in self._wrong):
            return nan
        with self.problems.collect():
            return _survival(schedule, block + 1, self.n_blocks)
        self._wrong.append(schedule)
        return nan


def _survival(schedule: Schedule, block: int, n_blocks: int | None) -> float:
    """p_l of block l = `block` (from 1) of L = `n_blocks`. Raises Mistake where it is no probability above 0.

    Raises Echo where p_l depends on the number of blocks, and that is not known.
    """
    scope = schedule.scope.child()
    place, of = (POISON, POISON) if n_blocks is None else (float(block), float(n_blocks))
    scope.names |= {"l": place, "L": of}
    span = schedule.statement.schedule.span
    try:
        value = evaluate_value(schedule.formula, scope)
    except Mistake as inside:
        where = f"for {_which(block, n_blocks)}"
        raise inside.told_as(partial(at_use, use=span, of=schedule.formula.span, where=where)) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"a survival probability is a number, not {describe(value)}"
        notes, help = _formula(schedule)
        raise mistake(Code.VALUE_TYPE, message, span, notes=notes, help=help)
    if not 0 < value <= 1:
        message = f"{_which(block, n_blocks)} would survive with probability {value:g}"
        notes, help = _formula(schedule)
        help = f"{help}; " if help else ""
        help += "a probability lies above 0 and is at most 1"
        raise mistake(Code.SURVIVE_RANGE, message, span, notes=notes, help=help)
    return float(value)


def _which(block: int, n_blocks: int | None) -> str:
    return "a block" if n_blocks is None else f"block {block} of {n_blocks}"


def _formula(schedule: Schedule) -> tuple[tuple[Note, ...], str]:
    """Where the formula of a schedule stands, and what it is, if that is elsewhere than the statement."""
    formula = schedule.formula
    if formula.span == schedule.statement.schedule.span:
        return (), ""
    text = f"its formula: `{' '.join(formula.span.text.split())}`" if isinstance(formula, ast.Binary) else ""
    return own_notes(Note(formula.span, "the formula")), text


def _options(statement: ast.Survive) -> tuple[_Per, _Rescale]:
    chosen = {"per": "batch", "rescale": "eval"} | {option.name: option.value for option in statement.options}
    return cast(_Per, chosen["per"]), cast(_Rescale, chosen["rescale"])
