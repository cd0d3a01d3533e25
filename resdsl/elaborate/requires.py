"""Checks `require` statements: conditions on parameters, in their author's words."""

from __future__ import annotations

import re

from resdsl.diagnostics import Code, nearest
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.problems import mistake
from resdsl.elaborate.scope import Scope, describe, write
from resdsl.syntax import ast

_NAME_IN_BRACES = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def check_require(statement: ast.Require, scope: Scope) -> None:
    """Raises Mistake with the author's message where the condition does not hold."""
    value = evaluate_value(statement.condition, scope)
    message = _NAME_IN_BRACES.sub(lambda match: _value(match.group(1), statement, scope), statement.message.value)
    if not isinstance(value, bool):
        raise mistake(Code.VALUE_TYPE, f"`require` takes a condition, not {describe(value)}", statement.condition.span)
    if not value:
        raise mistake(Code.VALUE_REQUIRE, message, statement.condition.span, label="does not hold")


def _value(name: str, statement: ast.Require, scope: Scope) -> str:
    found = scope.find(name)
    if found is None:
        near = nearest(name, scope.visible())
        help = f"did you mean `{{{near}}}`?" if near else ""
        raise mistake(Code.NAME_UNKNOWN, f"nothing is named `{name}` here", statement.message.span, help=help)
    return found if isinstance(found, str) else write(found)
