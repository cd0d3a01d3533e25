"""Binds arguments to parameters: of networks, blocks, kinds, layers, schedules alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from resdsl.diagnostics import Code, Fix, Note, nearest
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import evaluate, evaluate_value
from resdsl.elaborate.problems import mistake
from resdsl.elaborate.scope import Closure, ClosureKind, Scope, Value, describe, write
from resdsl.ops import OPS, Op
from resdsl.source import Span
from resdsl.syntax import ast


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments, and the scope that their names belong to."""

    arguments: tuple[ast.Argument, ...]
    scope: Scope


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference leads to: a definition or a primitive layer, and all arguments on the way to it."""

    name: str
    found: Found | type[Op]
    calls: tuple[Call, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Dynamic:
    """What `norm` and `act` stand for where a definition is used, not where it is written."""

    names: Mapping[str, Closure] = field(default_factory=dict[str, Closure])


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
            raise _unknown(kind, name, reference, scope, bound)
        return Target(name, found, tuple(calls), span)


def close(kind: ClosureKind, expression: ast.Expression, scope: Scope, dynamic: Dynamic) -> Closure:
    """A block, shortcut kind or layer as a value, its name checked at once."""
    if not isinstance(expression, ast.Reference):
        raise mistake(Code.ARGUMENT_TYPE, f"the name of {_a(kind)} is wanted here", expression.span)
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
    given = _place(definition, calls, span)
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


def check_type(parameter: ast.Parameter, value: Value, span: Span, *, loose: bool = True) -> Value:
    """The value as the parameter's declared type takes it. Raises Mistake for another type or a value out of range.

    A number given to an untyped parameter is taken as it is; with `loose=False` its default's type holds.
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
    value = evaluate(expression, outer)
    assert not hasattr(value, "shape"), "arguments are no tensors"
    value = check_type(parameter, value, expression.span)  # pyright: ignore[reportArgumentType]
    check_range(parameter, value, expression.span, inner)
    return value


def _place(
    definition: ast.AnyDefinition, calls: tuple[Call, ...], span: Span
) -> dict[str, tuple[ast.Expression, Scope]]:
    names = [parameter.name for parameter in definition.parameters]
    given: dict[str, tuple[ast.Expression, Scope]] = {}
    n_positional = 0
    for call in calls:
        for argument in call.arguments:
            match argument:
                case ast.Keyword():
                    name = argument.name
                case ast.Stride():
                    name = "stride"
                case ast.Positional():
                    if n_positional >= len(names):
                        takes = f"takes {len(names)} value{'s' if len(names) != 1 else ''}"
                        raise mistake(
                            Code.ARGUMENT_COUNT,
                            f"`{definition.name}` {takes}, and this is one more",
                            argument.span,
                            notes=(Note(definition.name_span, _signature(definition)),),
                        )
                    name = names[n_positional]
                    n_positional += 1
            _check_name(name, names, given, definition, argument)
            given[name] = (argument.value, call.scope)
    return given


def _check_name(
    name: str,
    names: list[str],
    given: Mapping[str, object],
    definition: ast.AnyDefinition,
    argument: ast.Argument,
) -> None:
    if name in given:
        raise mistake(Code.ARGUMENT_REPEATED, f"`{name}` is given twice to `{definition.name}`", argument.span)
    if name not in names:
        near = nearest(name, names)
        raise mistake(
            Code.ARGUMENT_UNKNOWN,
            f"`{definition.name}` has no parameter `{name}`",
            argument.span,
            notes=(Note(definition.name_span, _signature(definition)),),
            help=f"did you mean `{near}`?" if near else "",
        )


def _signature(definition: ast.AnyDefinition) -> str:
    names = ", ".join(parameter.name for parameter in definition.parameters)
    return f"its parameters: {names}" if names else "has no parameters"


def _unknown(kind: ClosureKind, name: str, reference: ast.Reference, scope: Scope, bound: object) -> Exception:
    span = reference.name_span
    wanted = _a(kind)
    if bound is not None:
        return mistake(Code.NAME_KIND, f"{wanted} is wanted here; `{name}` is {describe(bound)}", span)
    for other in ("block", "shortcut", "layer", "schedule", "network"):
        if scope.module.find(other, name) or (other == "layer" and name in OPS):
            return mistake(Code.NAME_KIND, f"{wanted} is wanted here; `{name}` is {_a(other)}", span)
    candidates = [*scope.module.names_of(kind), *(OPS if kind == "layer" else ())]
    near = nearest(name, candidates)
    help = f"did you mean `{near}`?" if near else f"define it, or `use` the file that does: `{kind} {name}(…) {{ … }}`"
    fix = Fix(span, near) if near else None
    words = "shortcut kind" if kind == "shortcut" else kind
    return mistake(Code.NAME_UNKNOWN, f"there is no {words} named `{name}`", span, help=help, fix=fix)


def _a(kind: str) -> str:
    return {"shortcut": "a shortcut kind"}.get(kind, f"a {kind}")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES = {
    "int": ("a whole number", _is_int),
    "float": ("a number", _is_number),
    "prob": ("a probability, from 0 to 1", lambda value: _is_number(value) and 0 <= value <= 1),
    "bool": ("`true` or `false`", lambda value: isinstance(value, bool)),
    "str": ("a text", lambda value: isinstance(value, str)),
    "shape": ("a size", lambda value: isinstance(value, tuple) and all(_is_int(item) and item > 0 for item in value)),
    "list": ("a list", lambda value: isinstance(value, tuple)),
    "block": ("a block", lambda value: isinstance(value, Closure) and value.kind == "block"),
    "shortcut": ("a shortcut kind", lambda value: isinstance(value, Closure) and value.kind == "shortcut"),
    "layer": ("a layer", lambda value: isinstance(value, Closure) and value.kind == "layer"),
}
