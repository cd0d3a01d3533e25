"""Checks `require` statements: conditions on parameters, in their author's words; what follows from one is no news."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from resdsl.diagnostics import Code, nearest
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.problems import ENOUGH, Echo, Mistake, Problems, mistake
from resdsl.elaborate.scope import POISON, Poison, Scope, brief, describe, names_in, shorten
from resdsl.elaborate.work import spend
from resdsl.record import field, state
from resdsl.syntax import ast
from resdsl.syntax.token import NAME_IN_BRACES

_Name: TypeAlias = "tuple[int, str]"
"""A name of one scope: the scope's identity, and the name."""


def check_require(statement: ast.Require, scope: Scope) -> None:
    """Raises Mistake with the author's message where the condition does not hold."""
    value = evaluate_value(statement.condition, scope)
    message = NAME_IN_BRACES.sub(lambda match: _value(match.group(1), statement, scope), statement.message.value)
    if not isinstance(value, bool):
        raise mistake(Code.VALUE_TYPE, f"`require` takes a condition, not {describe(value)}", statement.condition.span)
    if not value:
        raise mistake(Code.VALUE_REQUIRE, message, statement.condition.span, label="does not hold")


@state
class Conditions:
    """What a network and those that it derives from compute and require, settled together when all of it is read.

    A depth of 111 fails `require depth % 6 == 2`; that `(depth - 2) / 6` is no whole number then follows from it.
    And where a network replaces all that an inherited `let` is for, it does not matter whether that can be computed.

    Attributes:
        requires: the conditions that hold for the network, each with the scope of its names.
        lets: the names that were computed, or could not be.
        wrong: why the latter could not.
    """

    requires: list[tuple[ast.Require, Scope]] = field(factory=list)  # pyright: ignore[reportUnknownVariableType]
    lets: list[tuple[ast.Let, Scope]] = field(factory=list)  # pyright: ignore[reportUnknownVariableType]
    wrong: list[tuple[ast.Let, Scope, Mistake]] = field(factory=list)  # pyright: ignore[reportUnknownVariableType]
    _looked_through: dict[int, frozenset[str]] = field(factory=dict[int, frozenset[str]])
    _origins: dict[_Name, tuple[ast.Expression, Scope]] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]

    def compute(self, statement: ast.Let, scope: Scope) -> None:
        """Gives a name its value; where it has none, whoever looks at it is told why.

        After many that have none the others are not looked at.
        """
        self.lets.append((statement, scope))
        scope.lets[statement.name] = statement.value
        if len(self.wrong) > ENOUGH * scope.module.limits.diagnostics:
            scope.names[statement.name] = POISON
            return
        try:
            scope.names[statement.name] = evaluate_value(statement.value, scope)
        except Echo:
            scope.names[statement.name] = POISON
        except Mistake as found:
            if found.is_final:
                raise
            scope.names[statement.name] = Poison(found)
            self.wrong.append((statement, scope, found))

    def come_from(self, names: Mapping[str, ast.Expression], inner: Scope, outer: Scope) -> None:
        """Notes that parameters of a base network got their values from expressions in another scope."""
        for name, expression in names.items():
            if (holding := inner.holder(name)) is not None:
                self._origins[id(holding), name] = (expression, outer)

    def settle(self, own: Scope, problems: Problems) -> None:
        """Tells which conditions do not hold, and which names of the scope `own` have no value for another reason.

        The names that a failed condition speaks of have no value from here on.
        """
        suspects: dict[_Name, Scope] = {}
        self._origins |= {(id(scope), let.name): (let.value, scope) for let, scope in self.lets}
        for require, scope in self.requires:
            with problems.collect():
                try:
                    check_require(require, scope)
                except Mistake as found:
                    if found.is_final:
                        raise
                    suspects |= self._roots(require.condition, scope)
                    raise
        for let, scope, found in self.wrong:
            if scope is own and not (suspects and suspects.keys() & self._roots(let.value, scope).keys()):
                problems.add_all(found)
        for let, scope in self.lets if suspects else ():
            if suspects.keys() & self._roots(let.value, scope).keys():
                scope.names[let.name] = POISON
        for (_, name), scope in suspects.items():
            scope.names[name] = POISON

    def _roots(self, expression: ast.Expression, scope: Scope) -> dict[_Name, Scope]:
        """The names that an expression looks at, and those that their values come from."""
        found: dict[_Name, Scope] = {}
        waiting = [(expression, scope)]
        while waiting:
            inside, where = waiting.pop()
            names = self._names_in(inside)
            spend(1 + len(names), inside.span)
            for name in names:
                holding = where.holder(name)
                if holding is not None and (key := (id(holding), name)) not in found:
                    found[key] = holding
                    waiting += [self._origins[key]] if key in self._origins else []
        return found

    def _names_in(self, expression: ast.Expression) -> frozenset[str]:
        """The names in an expression, each of which is looked through once."""
        if id(expression) not in self._looked_through:
            self._looked_through[id(expression)] = frozenset(names_in(expression))
        return self._looked_through[id(expression)]


def _value(name: str, statement: ast.Require, scope: Scope) -> str:
    found = scope.find(name)
    if found is None:
        near = nearest(name, scope.visible())
        help = f"did you mean `{{{near}}}`?" if near else ""
        raise mistake(Code.NAME_UNKNOWN, f"nothing is named `{name}` here", statement.message.span, help=help)
    return shorten(found) if isinstance(found, str) else brief(found)
