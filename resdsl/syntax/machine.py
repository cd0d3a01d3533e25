"""The LALR(1) automaton: shifts tokens, reduces rules, and can tell what it would take next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.limits import Limits
from resdsl.source import Source, Span
from resdsl.syntax.table import Pick, Rule, load_table
from resdsl.syntax.token import Token
from resdsl.syntax.tree import ACTIONS, DEEPENING, TreeBuilder


class Machine:
    """A parse under way: parallel stacks of states, and of the values, extents and heights that they hold."""

    def __init__(self, source: Source, builder: TreeBuilder, limits: Limits) -> None:
        self._source = source
        self._builder = builder
        self._highest = 2 * limits.nesting
        self._deepest = 8 * self._highest  # what lies on the stack for each operator that waits for its operand
        self._table = load_table().states
        self.states = [0]
        self.values: list[Any] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.heights: list[int] = []

    def feed(self, token: Token) -> bool:
        """Take a token; where it cannot stand, change nothing and say so."""
        action = self._table[self.states[-1]].get(token.kind)
        if action is None:
            return False
        if action < 0:
            before = self.states[:], self.values[:], self.starts[:], self.ends[:], self.heights[:]
            action = self._reduce(action, token.kind)
            if action is None:
                self.states, self.values, self.starts, self.ends, self.heights = before
                return False
        if len(self.states) > self._deepest:
            raise self._too_deep(token.start, token.end)
        self.states.append(action)
        self.values.append(token)
        self.starts.append(token.start)
        self.ends.append(token.end)
        self.heights.append(0)
        return True

    def settle(self, kind: str) -> None:
        """Build everything that a token of this kind would complete, without the token."""
        action = self._table[self.states[-1]].get(kind)
        if action is not None and action < 0 and self.takes(kind):
            self._reduce(action, kind)

    def _reduce(self, action: int | None, kind: str) -> int | None:
        """Reduce rules for as long as the next token asks for it; returns the state to go to, if there is one."""
        table, states, values, starts, ends, heights = (
            self._table, self.states, self.values, self.starts, self.ends, self.heights,
        )  # fmt: skip
        rules = _rules()
        while action is not None and action < 0:
            symbol, length, make, picks, deepens = rules[~action]
            if make is None:
                states.pop()
            else:
                children = values[-length:]
                start, end = starts[-length], ends[-1]
                height = max(heights[-length:]) + deepens
                if height > self._highest:
                    raise self._too_deep(start, end)
                value = make(self._builder, Span(self._source, start, end), *_pick(children, picks))
                del states[-length:], values[-length:], starts[-length:], ends[-length:], heights[-length:]
                values.append(value)
                starts.append(start)
                ends.append(end)
                heights.append(height)
            states.append(_go_to(states[-1], symbol, kind))
            action = table[states[-1]].get(kind)
        return action

    def _too_deep(self, start: int, end: int) -> ResError:
        message = f"an expression is more than {self._highest} operators deep; brackets count as operators do"
        span = Span(self._source, start, min(end, start + 1))
        return ResError([Diagnostic(Code.LIMIT_NESTING, message, span, help="name its parts with `let`")])

    def takes(self, *kinds: str) -> bool:
        """Whether tokens of these kinds could follow, in this order."""
        return _would_take(self.states[:], kinds)

    def takes_at(self, height: int, *kinds: str) -> bool:
        """Whether tokens of these kinds could follow what lies below a height of the stack."""
        return _would_take(self.states[: height + 1], kinds)

    def expected(self) -> set[str]:
        """The kinds of all tokens that could follow."""
        return {kind for kind in self._table[self.states[-1]] if not kind.islower() and self.takes(kind)}

    def is_list(self, height: int) -> bool:
        """Whether, at a height of the stack, a list of statements or definitions stands open."""
        return self.states[height] in _list_states()

    def kind_at(self, height: int) -> str:
        """The kind of the token at a height of the stack; empty where no token lies there."""
        value = self.values[height] if 0 <= height < len(self.values) else None
        return value.kind if isinstance(value, Token) else ""

    def symbols_at(self, height: int) -> set[str]:
        """What could follow at a height of the stack: kinds of tokens, and names of rules in small letters."""
        return set(self._table[self.states[height]])

    def pop_to(self, height: int) -> None:
        """Forget what lies above a height of the stack."""
        del self.states[height + 1 :], self.values[height:], self.starts[height:], self.ends[height:]
        del self.heights[height:]


class Many:
    """What a repetition has gathered so far: the part before, and the last items."""

    __slots__ = ("before", "items")

    def __init__(self, before: Many | None, items: list[Any]) -> None:
        self.before = before
        self.items = items

    def all(self) -> list[Any]:
        """Everything, in order."""
        parts: list[list[Any]] = []
        here: Many | None = self
        while here is not None:
            parts.append(here.items)
            here = here.before
        return [item for part in reversed(parts) for item in part]


class _Reduction(NamedTuple):
    symbol: str
    length: int
    make: Callable[..., Any] | None
    picks: list[Pick] | None
    deepens: int


@cache
def _go_to(state: int, symbol: str, kind: str) -> int:
    """The state after a symbol, past all rules that only hand a value up: a number alone passes through twelve."""
    table, rules = load_table().states, _rules()
    target = table[state][symbol]
    while (action := table[target].get(kind)) is not None and action < 0 and (rule := rules[~action]).make is None:
        target = table[state][rule.symbol]
    return target


def _would_take(states: list[int], kinds: Iterable[str]) -> bool:
    table, rules = load_table().states, _rules()
    for kind in kinds:
        while (action := table[states[-1]].get(kind)) is not None and action < 0:
            symbol, length, *_ = rules[~action]
            del states[-length:]
            states.append(table[states[-1]][symbol])
        if action is None:
            return False
        states.append(action)
    return True


@cache
def _list_states() -> frozenset[int]:
    """The states after an opening brace, between statements, and between definitions."""
    return frozenset(n for n, row in enumerate(load_table().states) if not LISTED.isdisjoint(row))


@cache
def _rules() -> list[_Reduction]:
    return [_prepare(rule) for rule in load_table().rules]


def _prepare(rule: Rule) -> _Reduction:
    if rule.action == "many":
        places: list[Pick] = [pick[0] if isinstance(pick, list) else pick for pick in rule.picks]
        return _Reduction(rule.symbol, rule.length, _gather, places, 0)
    if rule.action is None:
        return _Reduction(rule.symbol, rule.length, None if rule.length == 1 else _hand_up, rule.picks, 0)
    plain = rule.picks == list(range(rule.length))
    make = ACTIONS[rule.action]
    return _Reduction(
        rule.symbol, rule.length, make, None if plain else rule.picks, rule.action in DEEPENING and rule.length > 1
    )


def _pick(children: list[Any], picks: list[Pick] | None) -> list[Any]:
    if picks is None:
        return children
    picked: list[Any] = []
    for pick in picks:
        if isinstance(pick, list):
            picked += children[pick[0]].all()
        else:
            picked.append(None if pick is None else children[pick])
    return picked


def _gather(_builder: TreeBuilder, _span: Span, *children: Any) -> Many:
    if isinstance(children[0], Many):
        return Many(children[0], list(children[1:]))
    return Many(None, list(children))


def _hand_up(_builder: TreeBuilder, _span: Span, child: Any) -> Any:
    return child


LISTED = frozenset({"definition", "statement", "stage_statement", "block_statement", "equation_statement"})
