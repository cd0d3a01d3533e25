"""The functions of the language; each takes values, and the call for its messages."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor

from resdsl.diagnostics import Code
from resdsl.elaborate.problems import mistake
from resdsl.elaborate.scope import Value, describe
from resdsl.syntax import ast


def _numbers(values: list[Value], reference: ast.Reference) -> list[int | float]:
    if len(values) == 1 and isinstance(values[0], tuple):
        values = list(values[0])
    numbers: list[int | float] = []
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            message = f"`{reference.name}` takes numbers, or one list of them, not {describe(value)}"
            raise mistake(Code.VALUE_TYPE, message, reference.span)
        numbers.append(value)
    if not numbers:
        raise mistake(Code.ARGUMENT_COUNT, f"`{reference.name}` takes one number at least", reference.span)
    return numbers


def _one(values: list[Value], reference: ast.Reference) -> int | float:
    numbers = _numbers(values, reference)
    if len(numbers) != 1:
        raise mistake(Code.ARGUMENT_COUNT, f"`{reference.name}` takes one number, not {len(numbers)}", reference.span)
    return numbers[0]


def _length(values: list[Value], reference: ast.Reference) -> int:
    if len(values) == 1 and isinstance(values[0], tuple):
        return len(values[0])
    found = describe(values[0]) if len(values) == 1 else f"{len(values)} values"
    raise mistake(Code.VALUE_TYPE, f"`len` takes one list, not {found}", reference.span)


def _round(values: list[Value], reference: ast.Reference) -> int:
    return floor(_one(values, reference) + 0.5)


def _multiple(values: list[Value], reference: ast.Reference) -> int:
    numbers = _numbers(values, reference)
    value, of = numbers if len(numbers) == 2 else (0, 0)
    if not isinstance(of, int) or of < 1:
        message = "`multiple` takes a number and a whole number: `multiple(x, 8)` is the multiple of 8 nearest to x"
        raise mistake(Code.ARGUMENT_COUNT, message, reference.span)
    return max(of, floor(value / of + 0.5) * of)


FUNCTIONS: dict[str, Callable[[list[Value], ast.Reference], Value]] = {
    "min": lambda values, reference: min(_numbers(values, reference)),
    "max": lambda values, reference: max(_numbers(values, reference)),
    "sum": lambda values, reference: sum(_numbers(values, reference)),
    "len": _length,
    "round": _round,
    "ceil": lambda values, reference: ceil(_one(values, reference)),
    "floor": lambda values, reference: floor(_one(values, reference)),
    "abs": lambda values, reference: abs(_one(values, reference)),
    "multiple": _multiple,
}
