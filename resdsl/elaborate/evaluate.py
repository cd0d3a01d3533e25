"""Computes expressions: whole numbers exactly, and tensors as layers of the unit that is being built."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import ceil, floor, isfinite
from typing import Protocol, TypeAlias, TypeVar

from resdsl.diagnostics import Code, Fix
from resdsl.elaborate.problems import Echo, Mistake, mistake
from resdsl.elaborate.scope import Scope, Value, describe
from resdsl.elaborate.tensors import Tensor, Zero
from resdsl.elaborate.unknown import unknown_value
from resdsl.elaborate.work import LISTED, spend
from resdsl.source import Span
from resdsl.syntax import ast

Result: TypeAlias = "Value | Tensor | Zero"

FED_X = "x ->"
"""What x stands for in `x -> layer`, where that is not what it stands for elsewhere; no author can write this name."""
_T = TypeVar("_T")


class Frame(Protocol):
    """Where tensors are computed: what puts layers and sums of tensors into a unit."""

    def feed(self, layers: tuple[ast.Reference, ...], tensor: Tensor | Zero, scope: Scope) -> Tensor:
        """What layers make of the tensor, one after another."""
        ...

    def combine(self, operator: str, left: Result, right: Result, span: Span) -> Tensor | Zero:
        """A sum, difference or product in which a tensor takes part."""
        ...

    def concatenate(self, tensors: Sequence[Tensor | Zero], span: Span) -> Tensor:
        """The channels of all tensors, one tensor's after the other's."""
        ...


def evaluate(expression: ast.Expression, scope: Scope, frame: Frame | None = None) -> Result:
    """What an expression is worth; without a frame there are no tensors. Raises Mistake, Echo."""
    spend(1, expression.span)
    match expression:
        case ast.Integer() | ast.Real() | ast.String() | ast.Boolean() | ast.Quantity():
            return _checked(expression.value, scope, expression.span)
        case ast.Size():
            return expression.dims
        case ast.Group():
            return evaluate(expression.value, scope, frame)
        case ast.Reference():
            return _evaluate_reference(expression, scope, frame)
        case ast.Binary():
            return _evaluate_binary(expression, scope, frame)
        case ast.Unary():
            return _evaluate_unary(expression, scope, frame)
        case ast.Choose():
            return evaluate(_chosen(expression, scope), scope, frame)
        case ast.ListOf():
            return _checked_list(tuple(_evaluate_each(expression.items, scope)), scope, expression.span)
        case ast.Index():
            return _evaluate_index(expression, scope)
        case ast.Feed():
            return _evaluate_feed(expression, scope, frame)


def evaluate_value(expression: ast.Expression, scope: Scope) -> Value:
    """A value that is no tensor."""
    value = evaluate(expression, scope)
    if isinstance(value, Tensor | Zero):
        raise mistake(Code.VALUE_TYPE, "a tensor stands where a value is wanted", expression.span)
    return value


def _evaluate_each(expressions: Sequence[ast.Expression], scope: Scope) -> list[Value]:
    """What expressions are worth; one whose value is not known hides no mistake of the others."""
    values: list[Value] = []
    for expression in expressions:
        with suppress(Echo):
            values.append(evaluate_value(expression, scope))
    if len(values) < len(expressions):
        raise Echo
    return values


def evaluate_int(expression: ast.Expression, scope: Scope, wanted: str, *, least: int = 1) -> int:
    """A whole number of at least `least`; `wanted` names it in the message, as `a count of blocks`."""
    value = evaluate_value(expression, scope)
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{wanted} is a whole number, not {describe(value)}"
        raise _no_number(message, value, expression)
    if value < least:
        raise mistake(Code.ARGUMENT_RANGE, f"{wanted} is at least {least}, not `{value}`", expression.span)
    return value


def _evaluate_reference(reference: ast.Reference, scope: Scope, frame: Frame | None) -> Result:
    found = scope.find(reference.name)
    if frame is not None and found is None and reference.name == "concat":
        return _concatenate(reference, scope, frame)
    if found is not None and reference.arguments is None:
        return found
    if reference.arguments is not None and found is None and reference.name in FUNCTIONS:
        return _call(reference, scope)
    if found is not None:
        raise mistake(
            Code.VALUE_TYPE, f"`{reference.name}` is {describe(found)} and takes no arguments", reference.name_span
        )
    raise _unknown(reference, scope)


def _concatenate(reference: ast.Reference, scope: Scope, frame: Frame) -> Tensor:
    tensors: list[Tensor | Zero] = []
    for argument in reference.arguments or ():
        value = evaluate(argument.value, scope, frame)
        if not isinstance(value, Tensor | Zero) or not isinstance(argument, ast.Positional):
            raise mistake(Code.VALUE_TYPE, "`concat` takes tensors: `concat(a, b)`", argument.span)
        tensors.append(value)
    if len(tensors) < 2:
        raise mistake(Code.ARGUMENT_COUNT, "`concat` takes two tensors or more", reference.span)
    return frame.concatenate(tensors, reference.span)


def _unknown(reference: ast.Reference, scope: Scope) -> Exception:
    name = reference.name
    if name in FUNCTIONS:
        return mistake(Code.NAME_KIND, f"`{name}` is a function: it takes arguments", reference.name_span)
    functions = tuple(FUNCTIONS) if reference.arguments is not None else ()
    return unknown_value(name, reference.name_span, scope.module, scope.visible(), functions)


def _evaluate_feed(feed: ast.Feed, scope: Scope, frame: Frame | None) -> Result:
    if frame is None:
        message = "layers take tensors, and there are none here"
        raise mistake(Code.VALUE_TYPE, message, feed.span, help="`->` stands in chains and in equations")
    fed = scope.find(FED_X) if isinstance(feed.value, ast.Reference) and feed.value.name == "x" else None
    value = fed if fed is not None else evaluate(feed.value, scope, frame)
    if not isinstance(value, Tensor | Zero):
        raise mistake(Code.VALUE_TYPE, f"layers take a tensor, not {describe(value)}", feed.value.span)
    return frame.feed(feed.layers, value, scope)


def _evaluate_binary(expression: ast.Binary, scope: Scope, frame: Frame | None) -> Result:
    # a + a + … + a leans left as deep as it is long: walk down that side without recursion
    leaning = [expression]
    while isinstance(leaning[-1].left, ast.Binary):
        leaning.append(leaning[-1].left)
    value: Result | None = None
    with suppress(Echo):
        value = evaluate(leaning[-1].left, scope, frame)
    for binary in reversed(leaning):
        value = _apply_known(binary, value, scope, frame)
    if value is None:
        raise Echo
    return value


def _apply_known(binary: ast.Binary, left: Result | None, scope: Scope, frame: Frame | None) -> Result | None:
    """What an operator makes of two values, None where one is not known; what is wrong with the other is told."""
    if left is not None:
        try:
            return _apply_binary(binary, left, scope, frame)
        except Echo:
            if binary.operator in ("and", "or"):
                raise
            return None
    if binary.operator in ("and", "or"):
        raise Echo  # the other may not be looked at
    with suppress(Echo):
        right = evaluate(binary.right, scope, frame)
        if frame is None and binary.operator not in ("==", "!="):
            number = _number(right, binary.right, binary.operator)
            if binary.operator in _DIVISIONS:
                _refuse_zero(number, binary.span)
    return None


def _apply_binary(binary: ast.Binary, left: Result, scope: Scope, frame: Frame | None) -> Result:
    if binary.operator in ("and", "or"):
        if _truth(left, binary.left) == (binary.operator == "or"):
            return left
        return _truth(evaluate(binary.right, scope, frame), binary.right)
    right = evaluate(binary.right, scope, frame)
    if frame is not None and (isinstance(left, Tensor | Zero) or isinstance(right, Tensor | Zero)):
        return frame.combine(binary.operator, left, right, binary.span)
    if binary.operator in ("==", "!="):
        look_through(left, binary.span)
        return (left == right and isinstance(left, bool) == isinstance(right, bool)) == (binary.operator == "==")
    first, second = _number(left, binary.left, binary.operator), _number(right, binary.right, binary.operator)
    if binary.operator in _PLAIN:
        return _checked(_PLAIN[binary.operator](first, second), scope, binary.span)
    if binary.operator == "^":
        return _checked(_power(first, second, scope, binary.span), scope, binary.span)
    return _checked(_DIVISIONS[binary.operator](first, second, binary.span), scope, binary.span)


def _number(value: Result, at: ast.Expression, operator: str) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    message = f"`{operator}` takes two numbers, not {describe(value)}"
    raise _no_number(message, value, at)


def _no_number(message: str, value: Result, at: ast.Expression) -> Mistake:
    """A number is wanted, and this is none; with how it could be one."""
    help, fixes = "", ()
    if isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        help = f"without quotes it is a number: `{value}`"
        fixes = (Fix(at.span, value),) if at.span.text == f'"{value}"' else ()
    elif isinstance(value, tuple) and isinstance(at, ast.Reference):
        help = f"`{at.name}[1]` is the first of its items"
    return mistake(Code.VALUE_TYPE, message, at.span, help=help, fixes=fixes)


def _truth(value: Result, at: ast.Expression) -> bool:
    if isinstance(value, bool):
        return value
    help = f"compare it: `{at.span.text} > 0`" if isinstance(value, int | float) and len(at.span.text) <= _SHORT else ""
    raise mistake(Code.VALUE_TYPE, f"a condition is wanted here, not {describe(value)}", at.span, help=help)


def _evaluate_unary(expression: ast.Unary, scope: Scope, frame: Frame | None) -> Result:
    value = evaluate(expression.operand, scope, frame)
    if expression.operator == "not":
        return not _truth(value, expression.operand)
    if frame is not None and isinstance(value, Tensor | Zero):
        return frame.combine("*", -1, value, expression.span)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return -value
    message = f"`-` takes a number, not {describe(value)}"
    raise _no_number(message, value, expression.operand)


def _chosen(expression: ast.Choose, scope: Scope) -> ast.Expression:
    condition = evaluate(expression.condition, scope)
    return expression.then if _truth(condition, expression.condition) else expression.otherwise


def _evaluate_index(expression: ast.Index, scope: Scope) -> Value:
    value, index = _evaluate_each((expression.value, expression.index), scope)
    if isinstance(index, bool) or not isinstance(index, int | float) or index != int(index) or index < 1:
        message = f"a place in a list is a whole number from 1, not {describe(index)}"
        raise mistake(Code.VALUE_INDEX, message, expression.index.span)
    if not isinstance(value, tuple):
        raise mistake(
            Code.VALUE_TYPE, f"only lists and sizes have places, not {describe(value)}", expression.value.span
        )
    if index > len(value):
        written = expression.index.span.text
        label = f"`{written}` is {int(index)} here" if not isinstance(expression.index, ast.Integer) else ""
        items = f"{len(value)} items" if len(value) != 1 else "one item"
        message = f"the list has {items}; there is no number `{int(index)}`"
        raise mistake(Code.VALUE_INDEX, message, expression.span, label=label)
    return value[int(index) - 1]


# ---------------------------------------------------------------- arithmetic


def _divide(left: float, right: float, span: Span) -> float:
    _refuse_zero(right, span)
    if isinstance(left, int) and isinstance(right, int):
        if left % right:
            shown = f"{left} / {right}"
            message = f"`{shown}` is not a whole number"
            if span.text != shown:
                message = f"`{span.text}` is {shown}, which is not a whole number"
            raise mistake(
                Code.VALUE_DIVISION,
                message,
                span,
                help="`//` rounds down; real numbers divide: write one with a point, as `6.0`",
            )
        return left // right
    return left / right


def _floor_divide(left: float, right: float, span: Span) -> float:
    _refuse_zero(right, span)
    return left // right


def _modulo(left: float, right: float, span: Span) -> float:
    _refuse_zero(right, span)
    return left % right


def _refuse_zero(right: float, span: Span) -> None:
    if right == 0:
        raise mistake(Code.VALUE_DIVISION, f"`{span.text}` divides by zero", span)


def _power(left: float, right: float, scope: Scope, span: Span) -> float:
    if isinstance(left, int) and isinstance(right, int) and right >= 0:
        if right * max(abs(left).bit_length() - 1, 0) > scope.module.limits.number_bits:
            raise _too_large(span)
        return left**right
    try:
        value = left**right
    except (OverflowError, ZeroDivisionError):
        raise _too_large(span) from None
    if isinstance(value, complex):
        raise mistake(Code.VALUE_TYPE, f"`{span.text}` is not a real number", span)
    return value


def _too_large(span: Span) -> Exception:
    return mistake(Code.LIMIT_NUMBER, f"`{_shorten(span.text)}` is beyond what the language computes with", span)


def _shorten(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"


def _checked(value: _T, scope: Scope, span: Span) -> _T:
    if isinstance(value, int) and value.bit_length() > scope.module.limits.number_bits:
        raise _too_large(span)
    if isinstance(value, float) and not isfinite(value):
        raise _too_large(span)
    return value


def _checked_list(items: tuple[Value, ...], scope: Scope, span: Span) -> tuple[Value, ...]:
    most = scope.module.limits.list_items
    n_items = _count_items(items, most)
    spend(n_items // LISTED, span)
    if n_items > most:
        message = f"a list has more than {most:,} items, with those of the lists in it"
        raise mistake(Code.LIMIT_NUMBER, message, span)
    return items


def look_through(value: Result, span: Span) -> None:
    """Counts what it takes to look at each item of a list, those of the lists in it included."""
    if isinstance(value, tuple):
        spend(_count_items(value, _MOST_COUNTED) // LISTED, span)


def _count_items(items: tuple[Value, ...], most: int) -> int:
    """How many items there are, lists within lists opened; stops counting soon after `most`."""
    n_items = 0
    for item in items:
        n_items += 1 + (_count_items(item, most - n_items) if isinstance(item, tuple) else 0)
        if n_items > most:
            break
    return n_items


_SHORT = 24  # characters that a message quotes
_MOST_COUNTED = 100_000  # items; a caller may allow longer lists

_PLAIN: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DIVISIONS: dict[str, Callable[[float, float, Span], float]] = {
    "/": _divide,
    "//": _floor_divide,
    "%": _modulo,
}


# ---------------------------------------------------------------- functions


def _call(reference: ast.Reference, scope: Scope) -> Value:
    arguments = reference.arguments or ()
    for argument in arguments:
        if not isinstance(argument, ast.Positional):
            message = f"`{reference.name}` takes values without names"
            raise mistake(Code.ARGUMENT_UNKNOWN, message, argument.span)
    values = _evaluate_each([argument.value for argument in arguments], scope)
    for argument, value in zip(arguments, values, strict=True):
        look_through(value, argument.span)
    return _checked(FUNCTIONS[reference.name](values, reference), scope, reference.span)


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
