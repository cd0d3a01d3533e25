"""Prints what stands within a line: expressions, layers, parts of statements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from resdsl.syntax import ast


def print_expression(expression: ast.Expression, tightness: int = 0) -> str:
    """An expression in one line.

    It stands in parentheses where it binds less tightly than its place asks for: 0 takes anything, 1 no `->`, 6 a sum,
    10 an item with indices.
    """
    text = _print(expression)
    return f"({text})" if _tightness(expression) < tightness else text


def print_reference(reference: ast.Reference) -> str:
    """`conv(3x3, 64, /2)`"""
    if reference.arguments is None:
        return reference.name
    return f"{reference.name}({print_arguments(reference.arguments)})"


def print_kinds(kinds: ast.Kinds) -> str:
    """`identity else projection`"""
    otherwise = f" else {print_reference(kinds.otherwise)}" if kinds.otherwise else ""
    return print_reference(kinds.first) + otherwise


def print_chain(chain: ast.Chain) -> str:
    """`conv(3x3, 16) -> bn -> relu`"""
    return " -> ".join(map(print_reference, chain.layers))


def print_over(over: ast.Over) -> str:
    """`each stage`, `s1[2..5]`"""
    match over:
        case ast.OverAll():
            return "all"
        case ast.OverEachStage():
            return "each stage"
        case ast.OverEach(blocks):
            return f"each {print_expression(blocks, 10)}"
        case ast.OverStage(label):
            return label
        case ast.OverBlock(label, index):
            return f"{label}[{print_expression(index)}]"
        case ast.OverBlocks(label, first, last):
            return f"{label}[{print_expression(first)}..{print_expression(last)}]"
        case ast.OverStages(first, last):
            return f"{first}..{last}"
        case _:
            assert_never(over)


def print_integer(value: int) -> str:
    """`60_192_808`; up to four digits without `_`."""
    return f"{value:_}" if abs(value) >= 10_000 else str(value)


def print_real(value: float) -> str:
    """`0.5`, `1e-5`: the shortest text that is read as this number."""
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def print_text(value: str) -> str:
    """`"got {depth}"`, in quotes."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _print(expression: ast.Expression) -> str:
    match expression:
        case ast.Integer(value):
            return print_integer(value)
        case ast.Real(value):
            return print_real(value)
        case ast.Quantity(text):
            return text
        case ast.Size(dims):
            return "x".join(map(str, dims))
        case ast.String(value):
            return print_text(value)
        case ast.Boolean(value):
            return "true" if value else "false"
        case ast.ListOf(items):
            return f"[{', '.join(map(print_expression, items))}]"
        case ast.Reference():
            return print_reference(expression)
        case ast.Unary(operator, operand):
            sign = "not " if operator == "not" else operator
            return sign + print_expression(operand, _tightness(expression))
        case ast.Binary(operator, left, right):
            on_left, _, on_right = _BINARY[operator]
            return f"{print_expression(left, on_left)} {operator} {print_expression(right, on_right)}"
        case ast.Choose(condition, then, otherwise):
            parts = (print_expression(part, 1) for part in (condition, then, otherwise))
            return "if {} then {} else {}".format(*parts)
        case ast.Index(value, index):
            return f"{print_expression(value, 10)}[{print_expression(index)}]"
        case ast.Group(value):
            return f"({print_expression(value)})"
        case ast.Feed(value, layers):
            return " -> ".join([print_expression(value, 1), *map(print_reference, layers)])
        case _:
            assert_never(expression)


def _tightness(expression: ast.Expression) -> int:
    """How tightly an expression binds: the level of the grammar that it stands on."""
    match expression:
        case ast.Feed():
            return 0
        case ast.Choose():
            return 1
        case ast.Binary(operator):
            return _BINARY[operator][1]
        case ast.Unary(operator):
            return 4 if operator == "not" else 8
        case ast.Integer(value) | ast.Real(value) if value < 0:
            return 8
        case ast.Index():
            return 10
        case _:
            return 11


def print_arguments(arguments: Iterable[ast.Argument]) -> str:
    """`3x3, 64, /2`, without parentheses."""
    return ", ".join(map(_print_argument, arguments))


def _print_argument(argument: ast.Argument) -> str:
    match argument:
        case ast.Positional(value):
            return print_expression(value)
        case ast.Keyword(name, value):
            return f"{name} = {print_expression(value)}"
        case ast.Stride(value):
            return f"/{print_expression(value, 10)}"
        case _:
            assert_never(argument)


# ---------------------------------------------------------------- parts of statements


def print_run(run: ast.Run) -> str:
    """`bottleneck(64) via projection * 3`"""
    kinds = f" via {print_kinds(run.kinds)}" if run.kinds else ""
    count = f" * {print_expression(run.count, 10)}" if run.count else ""
    return f"{print_reference(run.block)}{kinds}{count}"


def print_percent(fraction: float) -> str:
    """`3` for 0.03: the shortest number of which a hundredth is the fraction."""
    rounded = (float(f"{fraction * 100:.{digits}g}") for digits in range(1, 18))
    texts = (print_real(number).removesuffix(".0") for number in rounded)
    mantissa, _, exponent = repr(fraction).partition("e")
    return next((text for text in texts if hundredth(text) == fraction), f"{mantissa}e{int(exponent or 0) + 2}")


def hundredth(number: str) -> float:
    """A hundredth of a number as it is written, exact to the last bit: 0.03 of `3`, not 3 / 100."""
    mantissa, _, exponent = number.partition("e")
    return float(f"{mantissa}e{int(exponent or 0) - 2}")


def print_options(options: Iterable[ast.Option]) -> str:
    """`, per = sample, rescale = train`"""
    return "".join(f", {option.name} = {option.value}" for option in options)


def print_parameter(parameter: ast.Parameter) -> str:
    """`classes: int in 1..1000 = 10`"""
    text = parameter.name
    if parameter.type:
        text += f": {parameter.type}"
    if parameter.low is not None and parameter.high is not None:
        text += f" in {print_expression(parameter.low, 6)}..{print_expression(parameter.high, 6)}"
    return text if parameter.default is None else f"{text} = {print_expression(parameter.default)}"


_BINARY: dict[str, tuple[int, int, int]] = {  # how tightly the left operand, the operator and the right one bind
    "or": (2, 2, 3),
    "and": (3, 3, 4),
    **dict.fromkeys(("==", "!=", "<=", ">=", "<", ">"), (6, 5, 6)),
    **dict.fromkeys(("+", "-"), (6, 6, 7)),
    **dict.fromkeys(("*", "/", "//", "%"), (7, 7, 8)),
    "^": (10, 9, 8),
}
