"""Computes expressions: whole numbers exactly, and tensors as layers of the unit that is being built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, TypeAlias

from resdsl.diagnostics import Code
from resdsl.elaborate.arithmetic import DIVISIONS, checked, compute, no_number, number, refuse_zero
from resdsl.elaborate.functions import FUNCTIONS
from resdsl.elaborate.problems import Beside, Echo, mistake
from resdsl.elaborate.scope import Scope, Value, describe
from resdsl.elaborate.tensors import Tensor, Zero
from resdsl.elaborate.unknown import unknown_value
from resdsl.elaborate.work import LISTED, spend
from resdsl.source import Span
from resdsl.syntax import ast

Result: TypeAlias = "Value | Tensor | Zero"

FED_X = "x ->"
"""What x stands for in `x -> layer`, where that is not what it stands for elsewhere; no author can write this name."""


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
            return checked(expression.value, scope.module.limits, expression.span)
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
    beside = Beside()
    for expression in expressions:
        with beside:
            values.append(evaluate_value(expression, scope))
    beside.check()
    return values


def evaluate_int(expression: ast.Expression, scope: Scope, wanted: str, *, least: int = 1) -> int:
    """A whole number of at least `least`; `wanted` names it in the message, as `a count of blocks`."""
    value = evaluate_value(expression, scope)
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{wanted} is a whole number, not {describe(value)}"
        raise no_number(message, value, expression)
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
    beside = Beside()
    for argument in reference.arguments or ():
        with beside:
            value = evaluate(argument.value, scope, frame)
            if not isinstance(value, Tensor | Zero) or not isinstance(argument, ast.Positional):
                raise mistake(Code.VALUE_TYPE, "`concat` takes tensors: `concat(a, b)`", argument.span)
            tensors.append(value)
    beside.check()
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
    beside = Beside()
    with beside:
        value = evaluate(leaning[-1].left, scope, frame)
    for binary in reversed(leaning):
        left, value = value, None
        if binary.operator not in ("and", "or"):
            right: Result | None = None
            with beside:
                right = evaluate(binary.right, scope, frame)
            if left is None or right is None:
                _look_at(binary, left, right, beside, frame)
            else:
                with beside:
                    value = _apply_binary(binary, left, right, scope, frame)
        elif left is not None:
            with beside:
                value = _decide(binary, left, scope, frame)
    if value is None:
        beside.check()
        raise Echo
    return value


def _look_at(
    binary: ast.Binary, left: Result | None, right: Result | None, beside: Beside, frame: Frame | None
) -> None:
    """Tells what is wrong with one value of an operator, where the other is not known."""
    if frame is not None or binary.operator in ("==", "!="):
        return
    with beside:
        if left is not None:
            number(left, binary.left, binary.operator)
    with beside:
        if right is not None:
            divisor = number(right, binary.right, binary.operator)
            if binary.operator in DIVISIONS:
                refuse_zero(divisor, binary.span)


def _decide(binary: ast.Binary, left: Result, scope: Scope, frame: Frame | None) -> bool:
    """What `and` and `or` say: they look at what stands to their right only where they must."""
    if (decided := _truth(left, binary.left)) == (binary.operator == "or"):
        return decided
    return _truth(evaluate(binary.right, scope, frame), binary.right)


def _apply_binary(binary: ast.Binary, left: Result, right: Result, scope: Scope, frame: Frame | None) -> Result:
    if frame is not None and (isinstance(left, Tensor | Zero) or isinstance(right, Tensor | Zero)):
        return frame.combine(binary.operator, left, right, binary.span)
    if binary.operator in ("==", "!="):
        look_through(left, binary.span)
        return (left == right and isinstance(left, bool) == isinstance(right, bool)) == (binary.operator == "==")
    first, second = number(left, binary.left, binary.operator), number(right, binary.right, binary.operator)
    return compute(binary.operator, first, second, scope.module.limits, binary.span)


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
    raise no_number(message, value, expression.operand)


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


def _call(reference: ast.Reference, scope: Scope) -> Value:
    arguments = reference.arguments or ()
    for argument in arguments:
        if not isinstance(argument, ast.Positional):
            message = f"`{reference.name}` takes values without names"
            raise mistake(Code.ARGUMENT_UNKNOWN, message, argument.span)
    values = _evaluate_each([argument.value for argument in arguments], scope)
    for argument, value in zip(arguments, values, strict=True):
        look_through(value, argument.span)
    return checked(FUNCTIONS[reference.name](values, reference), scope.module.limits, reference.span)


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


_SHORT: Final = 24  # characters that a message quotes
_MOST_COUNTED: Final = 100_000  # items; a caller may allow longer lists
