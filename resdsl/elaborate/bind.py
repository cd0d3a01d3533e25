"""Binds arguments to parameters: of networks, blocks, kinds, layers, schedules alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from resdsl.diagnostics import Code, Note
from resdsl.elaborate.arguments import ParameterPlacer, parameter_missing
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import evaluate_value, look_through
from resdsl.elaborate.problems import Echo, Problems, mistake
from resdsl.elaborate.scope import POISON, Closure, ClosureKind, Poison, Scope, Value, describe, write
from resdsl.elaborate.unknown import a, unknown_definition
from resdsl.ops import OPS, Op
from resdsl.record import field, record
from resdsl.source import Span
from resdsl.syntax import ast


@record
class Call:
    """Arguments, and the scope that their names belong to."""

    arguments: tuple[ast.Argument, ...]
    scope: Scope


@record
class Target:
    """What a reference leads to: a definition or a primitive layer, and all arguments on the way to it."""

    name: str
    found: Found | type[Op]
    calls: tuple[Call, ...]
    span: Span


@record
class Dynamic:
    """What `norm` and `act` stand for where a definition is used, not where it is written.

    `suspects` are those that a mistake may come from, which is told: what they compute is not known.
    """

    names: Mapping[str, Closure | Poison] = field(factory=dict[str, "Closure | Poison"])
    suspects: set[Closure] = field(factory=set[Closure])

    def find(self, name: str) -> Closure | None:
        """What the name stands for, or None. Raises Echo for one that may be wrong."""
        closure = self.names.get(name)
        if isinstance(closure, Poison) or closure in self.suspects:
            raise Echo
        return closure


def resolve(
    kind: ClosureKind, reference: ast.Reference, scope: Scope, dynamic: Dynamic, outer: Closure | None = None
) -> Target:
    """Follows a name through parameters to the definition that it stands for. Raises Mistake where there is none.

    `outer`, if given, is what the name stands for whatever it means in the scope.
    """
    calls: list[Call] = []
    span = reference.name_span
    while True:
        if reference.arguments is not None:
            calls.insert(0, Call(reference.arguments, scope))
        name = reference.name
        bound = outer or dynamic.find(name) or scope.find(name)
        if isinstance(bound, Closure) and bound.kind == kind:
            reference, scope, outer = bound.reference, bound.scope, bound.outer
            continue
        found = scope.module.find(kind, name) or (OPS.get(name) if kind == "layer" else None)
        if found is None:
            described = describe(bound) if bound is not None else ""
            raise unknown_definition(kind, name, reference.name_span, scope.module, bound=described)
        return Target(name, found, tuple(calls), span)


def follow(closure: Closure, dynamic: Dynamic) -> Target:
    """The definition that a value stands for."""
    return resolve(closure.kind, closure.reference, closure.scope, dynamic, closure.outer)


def close(kind: ClosureKind, expression: ast.Expression, scope: Scope, dynamic: Dynamic) -> Closure:
    """A block, shortcut kind or layer as a value, its name checked at once."""
    if not isinstance(expression, ast.Reference):
        raise mistake(Code.ARGUMENT_TYPE, f"the name of {a(kind)} is wanted here", expression.span)
    bound = dynamic.find(expression.name) or scope.find(expression.name)
    outer = bound if isinstance(bound, Closure) and bound.kind == kind else None
    if outer is not None and expression.arguments is None:
        return outer
    closure = Closure(kind, expression, scope, outer)
    follow(closure, dynamic)
    return closure


def bind(
    found: Found,
    calls: tuple[Call, ...],
    span: Span,
    dynamic: Dynamic,
    problems: Problems,
    *,
    stride: Value | Poison | None = None,
) -> Scope:
    """The scope of a definition's body: its parameters with their values; one whose value does not fit has none.

    Args:
        found: the definition.
        calls: the arguments, each with its own scope.
        span: where the definition is used, for messages.
        dynamic: what `norm` and `act` stand for there.
        problems: where the mistakes in values go.
        stride: the stage's stride for the parameter `stride`, if any.

    Raises Mistake where they do not fit, Echo where the names of the definition are wrong.
    """
    if found.is_broken:
        raise Echo
    definition = found.definition
    scope = Scope(found.module)
    if definition.lost_list is not None:
        for call in calls:
            for argument in call.arguments:
                look_at(argument, call.scope, problems)
        scope.names |= dict.fromkeys(definition.lost_parameters, POISON)
        return scope
    given, is_clear = _place(definition, calls, problems)
    for parameter in definition.parameters:
        if parameter.name == "stride" and stride is not None:
            if parameter.name in given:
                message = f"`{definition.name}` is given a stride here, and another by its stage"
                raise mistake(
                    Code.ARGUMENT_REPEATED, message, given[parameter.name][0].span, help="leave one of them out"
                )
            scope.names[parameter.name] = stride
            continue
        expression, outer = given.get(parameter.name, (parameter.default, scope))
        if expression is None and is_clear:
            raise parameter_missing(definition, parameter, span)
        scope.names[parameter.name] = POISON
        if expression is None or not (is_clear or parameter.name in given):
            continue
        with problems.go_on():
            problems.heed(expression)
            scope.names[parameter.name] = _take(parameter, expression, outer, scope, dynamic)
    return scope


def check_takes_stride(block: ast.AnyDefinition, stride: Value | Poison | None, span: Span) -> None:
    """Raises Mistake where a stage has a stride that its first block does not take."""
    takes_any = block.lost_list is not None or any(parameter.name == "stride" for parameter in block.parameters)
    if takes_any or stride in (None, 1, POISON):
        return
    raise mistake(
        Code.ARGUMENT_UNKNOWN,
        f"the stage has a stride, and its first block `{block.name}` takes none",
        span,
        notes=(Note(block.name_span, "has no parameter `stride`"),),
        help="give the block a parameter `stride = 1` and use it as `/stride`, or leave the stage's stride out",
    )


def look_at(argument: ast.Argument, scope: Scope, problems: Problems) -> None:
    """Tells what is wrong with an argument of which it is not known what it is for."""
    with problems.go_on():
        problems.heed(argument.value)
        if not isinstance(argument.value, ast.Reference):  # it may be the name of a layer
            evaluate_value(argument.value, scope)


def check_type(parameter: ast.Parameter, value: Value, span: Span) -> Value:
    """The value as the parameter's declared type takes it; any value where none is declared.

    Raises Mistake for a value of another type, Echo where there is no such type, as is told of the definition.
    """
    kind = parameter.type
    wanted = TYPES.get(kind or "")
    if kind is not None and wanted is None:
        raise Echo
    if wanted is not None and not wanted[1](value):
        message = f"`{parameter.name}` takes {wanted[0]}, not {describe(value)}"
        raise mistake(
            Code.ARGUMENT_TYPE, message, span, label=_label(parameter, span), notes=_declared(parameter, span)
        )
    if kind == "float" and isinstance(value, int):
        value = float(value)
    look_through(value, span)
    return value


def check_range(parameter: ast.Parameter, value: Value, span: Span, scope: Scope) -> None:
    """Raises Mistake where the value lies outside the parameter's declared range."""
    if parameter.low is None or parameter.high is None:
        return
    low, high = _bound(parameter.low, scope), _bound(parameter.high, scope)
    if low > high:
        message = f"nothing lies in {write(low)}..{write(high)}: the lower bound comes first"
        raise mistake(Code.ARGUMENT_RANGE, message, parameter.low.span.to(parameter.high.span))
    label, notes = _label(parameter, span), _declared(parameter, span)
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"`{parameter.name}` takes a number in {write(low)}..{write(high)}, not {describe(value)}"
        raise mistake(Code.ARGUMENT_TYPE, message, span, label=label, notes=notes)
    if not low <= value <= high:
        message = f"`{parameter.name}` lies in {write(low)}..{write(high)}, and {write(value)} does not"
        raise mistake(Code.ARGUMENT_RANGE, message, span, label=label, notes=notes)


def _bound(expression: ast.Expression, scope: Scope) -> int | float:
    value = evaluate_value(expression, scope)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise mistake(Code.VALUE_TYPE, f"the bound of a range is a number, not {describe(value)}", expression.span)
    return value


def _label(parameter: ast.Parameter, span: Span) -> str:
    return "the caller sets it" if span == parameter.span else ""


def _declared(parameter: ast.Parameter, span: Span) -> tuple[Note, ...]:
    return (Note(parameter.span, "declared here"),) if parameter.span != span else ()


def _take(parameter: ast.Parameter, expression: ast.Expression, outer: Scope, inner: Scope, dynamic: Dynamic) -> Value:
    if parameter.type in ("block", "shortcut", "layer"):
        return close(parameter.type, expression, outer, dynamic)
    value = check_type(parameter, evaluate_value(expression, outer), expression.span)
    check_range(parameter, value, expression.span, inner)
    return value


def _place(
    definition: ast.AnyDefinition, calls: tuple[Call, ...], problems: Problems
) -> tuple[dict[str, tuple[ast.Expression, Scope]], bool]:
    """The arguments by the parameter that each is for, and whether that is clear of all: else it may be any other."""
    placer = ParameterPlacer(definition.name, definition.parameters, definition.name_span)
    given: dict[str, tuple[ast.Expression, Scope]] = {}
    n_given = 0
    for call in calls:
        for argument in call.arguments:
            n_given += 1
            with problems.go_on():
                given[placer.add(argument).name] = (argument.value, call.scope)
    return given, len(given) == n_given


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_probability(value: object) -> bool:
    return isinstance(value, int | float) and _is_number(value) and 0 <= value <= 1


def _is_size(value: Value) -> bool:
    return isinstance(value, tuple) and all(
        isinstance(item, int) and not isinstance(item, bool) and item >= 1 for item in value
    )


TYPES: dict[str, tuple[str, Callable[[Value], bool]]] = {
    "int": ("a whole number", _is_whole),
    "float": ("a number", _is_number),
    "prob": ("a probability, from 0 to 1", _is_probability),
    "bool": ("`true` or `false`", lambda value: isinstance(value, bool)),
    "str": ("a text", lambda value: isinstance(value, str)),
    "shape": ("a size", _is_size),
    "list": ("a list", lambda value: isinstance(value, tuple)),
    "block": ("a block", lambda value: isinstance(value, Closure) and value.kind == "block"),
    "shortcut": ("a shortcut kind", lambda value: isinstance(value, Closure) and value.kind == "shortcut"),
    "layer": ("a layer", lambda value: isinstance(value, Closure) and value.kind == "layer"),
}
