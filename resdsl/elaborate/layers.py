"""Puts layers into a unit: primitive ones, and composite ones by their equations."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from resdsl.diagnostics import Code, Fix, Note
from resdsl.elaborate.arguments import SettingPlacer, setting_missing
from resdsl.elaborate.bind import Dynamic, Target, bind, resolve
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import Result, evaluate
from resdsl.elaborate.perspective import at_use, with_maker, with_note
from resdsl.elaborate.problems import Mistake, mistake, sure
from resdsl.elaborate.requires import check_require
from resdsl.elaborate.scope import Closure, Scope, describe
from resdsl.elaborate.tensors import ZERO, Tensor, UnitBuilder, Zero, ZeroUsed
from resdsl.elaborate.work import PLACED_LAYER, spend
from resdsl.ops import Add, Affine, Concat, Flatten, Multiply, Op, Required, Setting, SettingError, Subtract
from resdsl.ops import Value as SettingValue
from resdsl.record import state
from resdsl.shape import ShapeError
from resdsl.source import Span
from resdsl.syntax import ast


@state
class LayerFrame:
    """Where layers meet tensors: the unit that grows, and what `norm` and `act` stand for meanwhile.

    Attributes:
        rank: the number of spatial dimensions of the network's input.
        path: the composite layers and kinds that are being expanded, outermost first.
        n_applied: how many layers were met so far, whatever became of them.
    """

    builder: UnitBuilder
    dynamic: Dynamic
    rank: int
    path: tuple[Found, ...] = ()
    n_applied: int = 0

    def chain(self, chain: ast.Chain, tensor: Tensor, scope: Scope, maker: Span | None = None) -> Tensor:
        """The tensor through the layers, one after another; `maker` is the text that made it, for messages."""
        for layer in chain.layers:
            try:
                tensor = self.apply(layer, tensor, scope)
            except Mistake as found:
                raise with_maker(found, layer.span, maker, tensor.shape) from None
            maker = layer.span
        return tensor

    def apply(self, reference: ast.Reference, tensor: Tensor | Zero, scope: Scope) -> Tensor:
        """What the layer makes of the tensor."""
        if isinstance(tensor, Zero):
            raise ZeroUsed
        self.n_applied += 1
        if self.n_applied > self.builder.limits.nodes:
            raise _too_many(self.builder.limits.nodes, reference.span)
        spend(PLACED_LAYER, reference.span)
        target = resolve("layer", reference, scope, self.dynamic)
        if isinstance(target.found, Found):
            return self._apply_composite(target, target.found, reference, tensor)
        op = place(target.found, target, self.rank)
        if op.wants_vector() and tensor.shape.rank and tensor.shape.positions == 1:
            tensor = self.builder.add(Flatten(), (tensor,), reference.span)
        try:
            return self.builder.add(op, (tensor,), reference.span)
        except Mistake as found:
            if reference.name not in self.dynamic.names:
                raise
            stands_for = self.dynamic.names[reference.name].reference.span
            raise with_note(found, stands_for, f"`{reference.name}` is this") from None

    def _apply_composite(self, target: Target, found: Found, reference: ast.Reference, tensor: Tensor) -> Tensor:
        definition = sure(found.definition, ast.Layer)
        scope = bind(found, target.calls, reference.span, self.dynamic)
        scope.names |= {"x": tensor, "in": tensor.shape.channels}
        with self.expanding(found, reference.name_span), self.builder.inside(definition.name):
            try:
                result = self.equations(definition, scope)
            except Mistake as inside:
                raise at_use(inside, reference.span, definition.span, f"{tensor.shape} comes in here") from None
        if not isinstance(result, Tensor):
            raise _no_result(definition)
        return result

    @contextmanager
    def expanding(self, found: Found, span: Span) -> Generator[None]:
        """Meanwhile the definition is being expanded. Raises Mistake where it already is: it leads back to itself."""
        if found in self.path:
            circle = " → ".join(f.definition.name for f in (*self.path[self.path.index(found) :], found))
            raise mistake(
                Code.NAME_CYCLE,
                f"`{found.definition.name}` leads back to itself: {circle}",
                found.definition.name_span,
                notes=(Note(span, "used here"),),
            )
        self.path = (*self.path, found)
        try:
            yield
        finally:
            self.path = self.path[:-1]

    def equations(self, definition: ast.Layer | ast.ShortcutKind, scope: Scope) -> Result:
        """The value of `y` after all equations, in order."""
        for statement in definition.statements:
            match statement:
                case ast.Equation() | ast.Let():
                    if statement.name in ("x", "f", "in", "out"):
                        message = f"`{statement.name}` is given; an equation cannot change it"
                        raise mistake(Code.SHORTCUT_EQUATION, message, statement.span)
                    frame = self if isinstance(statement, ast.Equation) else None
                    scope.names[statement.name] = evaluate(statement.value, scope, frame)
                case ast.Require():
                    check_require(statement, scope)
                case ast.About() | ast.Cite():
                    pass
        if "y" not in scope.names:
            raise _no_result(definition)
        _check_used(definition, scope)
        return scope.names["y"]  # pyright: ignore[reportReturnType]

    def combine(self, operator: str, left: Result, right: Result, span: Span) -> Tensor | Zero:
        """A sum, difference or product in which a tensor takes part; zeros are folded away."""
        match left, right:
            case Zero(), _:
                return self._with_zero(operator, right, span, zero_first=True)
            case _, Zero():
                return self._with_zero(operator, left, span, zero_first=False)
            case Tensor(), Tensor():
                op = {"+": Add, "-": Subtract, "*": Multiply}.get(operator)
                if op is None:
                    raise _no_operator(operator, span)
                return self.builder.add(op(), (left, right), span)
            case Tensor(), int() | float():
                return self.builder.add(_affine(operator, right, span, tensor_first=True), (left,), span)
            case int() | float(), Tensor():
                return self.builder.add(_affine(operator, left, span, tensor_first=False), (right,), span)
            case _:
                odd = right if isinstance(left, Tensor) else left
                raise mistake(Code.VALUE_TYPE, f"a tensor and {describe(odd)} have no `{operator}`", span)

    def concatenate(self, tensors: Sequence[Tensor | Zero], span: Span) -> Tensor:
        """The channels of all tensors, one tensor's after the other's."""
        joined, *others = (_nonzero(tensor) for tensor in tensors)
        for tensor in others:
            joined = self.builder.add(Concat(), (joined, tensor), span)
        return joined

    def _with_zero(self, operator: str, other: Result, span: Span, *, zero_first: bool) -> Tensor | Zero:
        if operator == "*" or isinstance(other, Zero) or (operator == "/" and zero_first):
            return ZERO
        if isinstance(other, Tensor) and operator == "+":
            return other
        if isinstance(other, Tensor) and operator == "-":
            return other if not zero_first else self.builder.add(Affine(-1.0, 0.0), (other,), span)
        raise ZeroUsed


def place(op: type[Op], target: Target, rank: int) -> Op:
    """The primitive layer with its settings, from the arguments of the target."""
    given: dict[str, tuple[SettingValue, Span]] = {}
    settings = op.SETTINGS
    placer = SettingPlacer(op)
    for call in target.calls:
        for argument in call.arguments:
            setting = placer.add(argument)
            given[setting.name] = (_value(op, setting, argument.value, call.scope), argument.span)
    for setting in placer.missing():
        raise setting_missing(op, setting, target.span)
    written = {setting.name: given.get(setting.name, (_default(setting), target.span)) for setting in settings}
    try:
        return _make(op, rank, *(value for value, _ in written.values()))
    except SettingError as error:
        value, span = written.get(error.setting, (None, target.span))
        if isinstance(value, tuple) and len(value) != rank > 0 and error.setting in _SIZES:
            raise _other_rank(op, error.setting, value, rank, span) from None
        raise mistake(Code.ARGUMENT_TYPE, f"`{op.NAME}`: {error.message}", span) from None
    except ShapeError as error:
        raise mistake(Code.SHAPE_RANK, error.message, target.span, help=error.help) from None


@lru_cache(maxsize=4096, typed=True)
def _make(op: type[Op], rank: int, *values: SettingValue) -> Op:
    """The layer with all its settings as written; typed, since `false` is no bias and 0 one that starts from 0."""
    names = [setting.name for setting in op.SETTINGS]
    return op.make(dict(zip(names, values, strict=True)), rank)


def _other_rank(op: type[Op], setting: str, value: tuple[int, ...], rank: int, span: Span) -> Mistake:
    sizes = "x".join(map(str, value))
    message = f"the {setting} `{sizes}` of `{op.NAME}` has {len(value)} sizes; the input has {rank}"
    if len(set(value)) > 1:
        return mistake(Code.SHAPE_RANK, message, span)
    help = f"`{value[0]}` alone means {value[0]} in every dimension"
    fixes = tuple(Fix(span, f"{sign}{value[0]}") for sign in ("", "/") if span.text == sign + sizes)
    return mistake(Code.SHAPE_RANK, message, span, help=help, fixes=fixes)


_SIZES = frozenset({"kernel", "stride", "padding", "dilation"})


def _default(setting: Setting) -> SettingValue:
    return None if isinstance(setting.default, Required) else setting.default


def _value(op: type[Op], setting: Setting, expression: ast.Expression, scope: Scope) -> SettingValue:
    if setting.type == "word" and isinstance(expression, ast.Reference) and not scope.holds(expression.name):
        return expression.name
    value = evaluate(expression, scope)
    if isinstance(value, Tensor | Zero | Closure):
        raise mistake(Code.ARGUMENT_TYPE, f"`{op.NAME}` takes settings here, not {describe(value)}", expression.span)
    if isinstance(value, tuple):
        sizes = tuple(size for size in value if isinstance(size, int))
        if len(sizes) == len(value):
            return sizes
        message = f"`{setting.name}` takes whole numbers, not {describe(value)}"
        raise mistake(Code.ARGUMENT_TYPE, f"`{op.NAME}`: {message}", expression.span)
    return value


def _too_many(most: int, span: Span) -> Mistake:
    message = f"the layers here are made of more than {most:,} others; the caller allows no more in a network"
    help = "the caller may raise the limit: `Limits(nodes=…)`"
    return mistake(Code.LIMIT_NODES, message, span, help=help)


def _affine(operator: str, number: float, span: Span, *, tensor_first: bool) -> Affine:
    match operator:
        case "+":
            return Affine(1.0, float(number))
        case "*":
            return Affine(float(number), 0.0)
        case "-":
            return Affine(1.0, -float(number)) if tensor_first else Affine(-1.0, float(number))
        case "/" if tensor_first and number:
            return Affine(1.0 / number, 0.0)
        case _:
            raise _no_operator(operator, span)


def _nonzero(tensor: Tensor | Zero) -> Tensor:
    if isinstance(tensor, Zero):
        raise ZeroUsed
    return tensor


def _check_used(definition: ast.Layer | ast.ShortcutKind, scope: Scope) -> None:
    for statement in definition.statements:
        if isinstance(statement, ast.Equation) and statement.name != "y" and statement.name not in scope.used:
            message = f"`{statement.name}` is computed, and nothing uses it"
            raise mistake(Code.SHORTCUT_EQUATION, message, statement.span, help="use it in `y = …`, or leave it out")
    if isinstance(definition, ast.ShortcutKind) and "f" not in scope.used:
        message = f"the shortcut kind `{definition.name}` leaves out f, what the block computes"
        raise mistake(Code.SHORTCUT_EQUATION, message, definition.name_span, help="add it: `y = … + f`")


def _no_operator(operator: str, span: Span) -> Exception:
    message = f"`{operator}` is not defined for tensors here"
    return mistake(Code.VALUE_TYPE, message, span, help="tensors have `+`, `-`, `*`, and `/` by a number")


def _no_result(definition: ast.Layer | ast.ShortcutKind) -> Exception:
    what = (
        "the tensor that leaves the junction" if isinstance(definition, ast.ShortcutKind) else "what leaves the layer"
    )
    message = f"`{definition.name}` gives no `y`, {what}"
    return mistake(Code.SHORTCUT_EQUATION, message, definition.name_span, help="add an equation `y = …`")
