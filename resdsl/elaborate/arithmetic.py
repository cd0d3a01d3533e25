"""Arithmetic: whole numbers exactly, others as reals of 64 bits, none larger than the limits allow."""

from __future__ import annotations

import operator as operators
import re
from collections.abc import Callable
from math import isfinite
from typing import Final, TypeVar

from resdsl.diagnostics import Code, Fix
from resdsl.elaborate.problems import Mistake, mistake
from resdsl.elaborate.scope import Value, describe
from resdsl.elaborate.tensors import Tensor, Zero
from resdsl.limits import Limits
from resdsl.source import Span
from resdsl.syntax import ast

_T = TypeVar("_T")


def compute(operator: str, left: float, right: float, limits: Limits, span: Span) -> int | float:
    """What `+`, `<`, `^`, … makes of two numbers; `span` is the text of all."""
    if operator in _PLAIN:
        return checked(_PLAIN[operator](left, right), limits, span)
    if operator == "^":
        return checked(_power(left, right, limits, span), limits, span)
    return checked(DIVISIONS[operator](left, right, span), limits, span)


def number(value: Value | Tensor | Zero, at: ast.Expression, operator: str) -> int | float:
    """The value, which an operator takes. Raises Mistake where it is no number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    message = f"`{operator}` takes two numbers, not {describe(value)}"
    raise no_number(message, value, at)


def no_number(message: str, value: Value | Tensor | Zero, at: ast.Expression) -> Mistake:
    """A number is wanted, and this is none; with how it could be one."""
    help, fixes = "", ()
    if isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        help = f"without quotes it is a number: `{value}`"
        fixes = (Fix(at.span, value),) if at.span.text == f'"{value}"' else ()
    elif isinstance(value, tuple) and isinstance(at, ast.Reference):
        help = f"`{at.name}[1]` is the first of its items"
    return mistake(Code.VALUE_TYPE, message, at.span, help=help, fixes=fixes)


def _divide(left: float, right: float, span: Span) -> float:
    refuse_zero(right, span)
    if isinstance(left, int) and isinstance(right, int):
        if left % right:
            shown = f"{left} / {right}"
            message = f"`{shown}` is not a whole number"
            if span.text.replace(" ", "") != f"{left}/{right}":
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
    refuse_zero(right, span)
    return left // right


def _modulo(left: float, right: float, span: Span) -> float:
    refuse_zero(right, span)
    return left % right


def refuse_zero(right: float, span: Span) -> None:
    """Raises Mistake where something is divided by zero."""
    if right == 0:
        raise mistake(Code.VALUE_DIVISION, f"`{span.text}` divides by zero", span)


def _power(left: float, right: float, limits: Limits, span: Span) -> float:
    if isinstance(left, int) and isinstance(right, int) and right >= 0:
        if right * max(abs(left).bit_length() - 1, 0) > limits.number_bits:
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


def checked(value: _T, limits: Limits, span: Span) -> _T:
    """The value, which is within the limits. Raises Mistake where it is too large a number."""
    if isinstance(value, int) and value.bit_length() > limits.number_bits:
        raise _too_large(span)
    if isinstance(value, float) and not isfinite(value):
        raise _too_large(span)
    return value


_PLAIN: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operators.add,
    "-": operators.sub,
    "*": operators.mul,
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}
DIVISIONS: Final[dict[str, Callable[[float, float, Span], float]]] = {
    "/": _divide,
    "//": _floor_divide,
    "%": _modulo,
}
