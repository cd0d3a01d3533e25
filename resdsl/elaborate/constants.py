"""Parts of an expression in which no name stands: what is wrong with them is known before any name has a value."""

from __future__ import annotations

from resdsl.elaborate.functions import FUNCTIONS
from resdsl.syntax import ast


def constant_parts(expression: ast.Expression) -> list[ast.Expression]:
    """The largest operations within an expression that hold no names, but for what a condition may leave out."""
    return _look(expression)[1]


def _look(part: ast.Syntax) -> tuple[bool, list[ast.Expression]]:
    """Whether no name stands in a part, and the largest operations in it of which that is so."""
    if isinstance(part, _LITERALS):
        return True, []
    is_constant = not isinstance(part, ast.Reference) or part.name in FUNCTIONS
    found: list[ast.Expression] = []
    for place, inner in enumerate(part.parts):
        is_inner_constant, operations = _look(inner)
        is_constant &= is_inner_constant
        if place == 0 or not _may_leave_out(part):
            found += operations
    return (True, [part]) if is_constant and isinstance(part, ast.Expression) else (is_constant, found)


def _may_leave_out(part: ast.Syntax) -> bool:
    """Whether all but the first of its parts may not be looked at."""
    return isinstance(part, ast.Choose) or (isinstance(part, ast.Binary) and part.operator in ("and", "or"))


_LITERALS = (ast.Integer, ast.Real, ast.String, ast.Boolean, ast.Quantity, ast.Size)
