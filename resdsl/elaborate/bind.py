"""Binds arguments to parameters: of networks, blocks, kinds, layers, schedules alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from resdsl.diagnostics import Code, Note, nearest
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.problems import mistake
from resdsl.elaborate.scope import Closure, ClosureKind, Scope, Value, describe, write
from resdsl.elaborate.unknown import a, unknown_definition
from resdsl.ops import OPS, Op
from resdsl.record import field, record
from resdsl.source import Span
from resdsl.syntax import ast

_S = TypeVar("_S")


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
    """What `norm` and `act` stand for where a definition is used, not where it is written."""

    names: Mapping[str, Closure] = field(factory=dict[str, Closure])


def resolve(kind: ClosureKind, reference: ast.Reference, scope: Scope, dynamic: Dynamic) -> Target:
    """Follows a name through parameters to the definition that it stands for. Raises Mistake where there is none."""
    calls: list[Call] = []
    span = reference.name_span
    while True:
        if reference.arguments is not None:
            calls.insert(0, Call(reference.arguments, scope))
        name = reference.name
        bound = dynamic.names.get(name) if name in dynamic.names else scope.find(name)
        if isinstance(bound, Closure) and bound.kind == kind:
            reference, scope = bound.reference, bound.scope
            continue
        found = scope.module.find(kind, name) or (OPS.get(name) if kind == "layer" else None)
        if found is None:
            described = describe(bound) if bound is not None else ""
            raise unknown_definition(kind, name, reference.name_span, scope.module, bound=described)
        return Target(name, found, tuple(calls), span)


def close(kind: ClosureKind, expression: ast.Expression, scope: Scope, dynamic: Dynamic) -> Closure:
    """A block, shortcut kind or layer as a value, its name checked at once."""
    if not isinstance(expression, ast.Reference):
        raise mistake(Code.ARGUMENT_TYPE, f"the name of {a(kind)} is wanted here", expression.span)
    bound = dynamic.names.get(expression.name) or scope.find(expression.name)
    if isinstance(bound, Closure) and bound.kind == kind and expression.arguments is None:
        return bound
    resolve(kind, expression, scope, dynamic)
    return Closure(kind, expression, scope)


def bind(found: Found, calls: tuple[Call, ...], span: Span, dynamic: Dynamic, *, stride: Value | None = None) -> Scope:
    """The scope of a definition's body: its parameters with their values.

    Args:
        found: the definition.
        calls: the arguments, each with its own scope.
        span: where the definition is used, for messages.
        dynamic: what `norm` and `act` stand for there.
        stride: the stage's stride for the parameter `stride`, if any.
    """
    definition = found.definition
    given = _place(definition, calls)
    scope = Scope(found.module)
    for parameter in definition.parameters:
        if parameter.name == "stride" and stride is not None:
            if parameter.name in given:
                message = f"`{definition.name}` is given a stride here, and another by its stage"
                raise mistake(
                    Code.ARGUMENT_REPEATED, message, given[parameter.name][0].span, help="leave one of them out"
                )
            scope.names[parameter.name] = stride
        elif parameter.name in given:
            expression, outer = given[parameter.name]
            scope.names[parameter.name] = _take(parameter, expression, outer, scope, dynamic)
        elif parameter.default is not None:
            scope.names[parameter.name] = _take(parameter, parameter.default, scope, scope, dynamic)
        else:
            raise mistake(
                Code.ARGUMENT_MISSING,
                f"`{definition.name}` needs a value for `{parameter.name}`",
                span,
                notes=(Note(parameter.span, "has no default"),),
                help=f"write `{definition.name}({parameter.name} = …)`",
            )
    if stride is not None and stride != 1 and not any(p.name == "stride" for p in definition.parameters):
        raise mistake(
            Code.ARGUMENT_UNKNOWN,
            f"the stage has a stride, and its first block `{definition.name}` takes none",
            span,
            notes=(Note(definition.name_span, "has no parameter `stride`"),),
            help="give the block a parameter `stride = 1` and use it as `/stride`, or leave the stage's stride out",
        )
    return scope


def check_type(parameter: ast.Parameter, value: Value, span: Span) -> Value:
    """The value as the parameter's declared type takes it; any value where none is declared.

    Raises Mistake for a value of another type.
    """
    kind = parameter.type
    wanted = _TYPES.get(kind or "")
    if kind is not None and wanted is None:
        near = nearest(kind, _TYPES)
        help = f"did you mean `{near}`?" if near else f"the types are {', '.join(_TYPES)}"
        raise mistake(Code.NAME_UNKNOWN, f"there is no type `{kind}`", parameter.span, help=help)
    if wanted is not None and not wanted[1](value):
        message = f"`{parameter.name}` takes {wanted[0]}, not {describe(value)}"
        raise mistake(Code.ARGUMENT_TYPE, message, span, notes=_declared(parameter, span))
    if kind == "float" and isinstance(value, int):
        value = float(value)
    return value


def check_range(parameter: ast.Parameter, value: Value, span: Span, scope: Scope) -> None:
    """Raises Mistake where the value lies outside the parameter's declared range."""
    if parameter.low is None or parameter.high is None:
        return
    low, high = evaluate_value(parameter.low, scope), evaluate_value(parameter.high, scope)
    numbers = [number for number in (low, value, high) if isinstance(number, int | float)]
    if len(numbers) == 3 and not numbers[0] <= numbers[1] <= numbers[2]:
        message = f"`{parameter.name}` is {write(value)}; it ranges over {write(low)}..{write(high)}"
        raise mistake(Code.ARGUMENT_RANGE, message, span, notes=_declared(parameter, span))


def _declared(parameter: ast.Parameter, span: Span) -> tuple[Note, ...]:
    return (Note(parameter.span, "declared here"),) if parameter.span != span else ()


def _take(parameter: ast.Parameter, expression: ast.Expression, outer: Scope, inner: Scope, dynamic: Dynamic) -> Value:
    if parameter.type in ("block", "shortcut", "layer"):
        return close(parameter.type, expression, outer, dynamic)
    value = check_type(parameter, evaluate_value(expression, outer), expression.span)
    check_range(parameter, value, expression.span, inner)
    return value


def _place(definition: ast.AnyDefinition, calls: tuple[Call, ...]) -> dict[str, tuple[ast.Expression, Scope]]:
    placing: ArgumentPlacer[Scope] = ArgumentPlacer(definition.name, definition.parameters, definition.name_span)
    for call in calls:
        for argument in call.arguments:
            placing.add(argument, call.scope)
    return placing.given


def place_arguments(
    reference: ast.Reference, parameters: tuple[ast.Parameter, ...]
) -> dict[str, tuple[ast.Expression, Scope | None]]:
    """The arguments of a reference by the name of the parameter that each is for. Raises Mistake where one has none."""
    placing: ArgumentPlacer[Scope | None] = ArgumentPlacer(reference.name, parameters, None)
    for argument in reference.arguments or ():
        placing.add(argument, None)
    return placing.given


class ArgumentPlacer(Generic[_S]):
    """Arguments on their way to parameters: by place, by name, and `/s` to `stride`."""

    def __init__(self, name: str, parameters: tuple[ast.Parameter, ...], declared: Span | None) -> None:
        self.given: dict[str, tuple[ast.Expression, _S]] = {}
        self._name = name
        self._names = [parameter.name for parameter in parameters]
        self._declared = declared
        self._n_positional = 0

    def add(self, argument: ast.Argument, scope: _S) -> None:
        """Finds the argument's parameter. Raises Mistake where there is none, or it has a value."""
        match argument:
            case ast.Keyword():
                name = argument.name
            case ast.Stride():
                name = "stride"
            case ast.Positional():
                name = self._next(argument)
        if name in self.given:
            raise mistake(Code.ARGUMENT_REPEATED, f"`{name}` is given twice to `{self._name}`", argument.span)
        if name not in self._names:
            near = nearest(name, self._names)
            message = f"`{self._name}` has no parameter `{name}`"
            help = f"did you mean `{near}`?" if near else ""
            raise mistake(Code.ARGUMENT_UNKNOWN, message, argument.span, notes=self._signature(), help=help)
        self.given[name] = (argument.value, scope)

    def _next(self, argument: ast.Positional) -> str:
        if self._n_positional >= len(self._names):
            takes = f"takes {len(self._names)} value{'s' if len(self._names) != 1 else ''}"
            message = f"`{self._name}` {takes}, and this is one more"
            raise mistake(Code.ARGUMENT_COUNT, message, argument.span, notes=self._signature())
        self._n_positional += 1
        return self._names[self._n_positional - 1]

    def _signature(self) -> tuple[Note, ...]:
        text = f"its parameters: {', '.join(self._names)}" if self._names else "has no parameters"
        return (Note(self._declared, text),) if self._declared else ()


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


_TYPES: dict[str, tuple[str, Callable[[Value], bool]]] = {
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
