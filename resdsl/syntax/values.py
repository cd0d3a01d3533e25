"""Writes values of Python as text of the language: numbers, truths, lists; a `str` is text of the language already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from operator import index
from typing import SupportsFloat, SupportsIndex, cast, get_args

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.limits import DEFAULT
from resdsl.syntax import ast
from resdsl.syntax.phrase import print_expression, print_integer, print_real


def write_value(value: object, depth: int = 0) -> str:
    """`[3, true, 0.5]`, in one line. Raises ResError for what is no value of the language."""
    value = plain(value)
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return print_integer(value)
        case float():
            return print_real(value)
        case str():
            return value
        case list():
            return _write_list(cast("list[object]", value), depth)
        case _:
            return print_expression(cast("ast.Expression", value))


def plain(value: object) -> object:
    """A value as a `bool`, an `int`, a `float`, a `str`, a list, or an expression of the syntax tree.

    Numbers and arrays of other libraries are the numbers of Python that they equal: 0.1 in float32 is
    0.10000000149011612. Raises ResError for what is none of these, or beyond what the language computes with.
    """
    if isinstance(value, _EXPRESSIONS):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # of an enumeration too its text, not its name
    if callable(as_python := getattr(value, "tolist", None)):  # numpy's, torch's: scalars have it too
        value = cast("Callable[[], object]", as_python)()
    if isinstance(value, bool):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview):
        return list(cast("Sequence[object]", value))
    if isinstance(value, int | float | SupportsIndex | SupportsFloat):
        return _number(value)
    raise _refused(f"a `{type(cast('object', value)).__name__}` is no value of the language")


def _number(value: SupportsIndex | SupportsFloat) -> int | float:
    try:
        number = index(value) if isinstance(value, SupportsIndex) else float(value)
    except (ArithmeticError, TypeError, ValueError):
        raise _refused(f"a `{type(cast('object', value)).__name__}` is no number of the language") from None
    if isinstance(number, int) and number.bit_length() > DEFAULT.number_bits:
        message = f"a number of {number.bit_length():,} bits is beyond what the language computes with"
        raise ResError([Diagnostic(Code.LIMIT_NUMBER, message)])
    if not isfinite(number):
        raise _refused(f"{number} is not a number of the language")
    return number


def _write_list(items: Sequence[object], depth: int) -> str:
    if depth >= DEFAULT.nesting:
        raise ResError([Diagnostic(Code.LIMIT_NESTING, f"lists stand in lists more than {DEFAULT.nesting} deep")])
    written = f"[{', '.join(write_value(item, depth + 1) for item in items)}]"
    if written.count(",") >= DEFAULT.list_items:
        message = f"a list has more than {DEFAULT.list_items:,} items, with those of the lists in it"
        raise ResError([Diagnostic(Code.LIMIT_NUMBER, message)])
    return written


def _refused(message: str) -> ResError:
    return ResError([Diagnostic(Code.SYNTAX_UNEXPECTED, message)])


_EXPRESSIONS: tuple[type, ...] = get_args(ast.Expression)
