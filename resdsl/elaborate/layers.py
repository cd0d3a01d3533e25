"""Puts layers into a unit: primitive ones, and composite ones by their equations."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Final

from resdsl.diagnostics import Code, Fix
from resdsl.elaborate.arguments import SettingPlacer, setting_missing
from resdsl.elaborate.bind import Dynamic, Target, bind, resolve
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import Result, evaluate
from resdsl.elaborate.perspective import at_use, with_maker, with_note
from resdsl.elaborate.problems import Echo, GoOn, Mistake, Problems, mistake, sure
from resdsl.elaborate.requires import check_require
from resdsl.elaborate.scope import POISON, Closure, Poison, Scope, describe, if_known, names_in
from resdsl.elaborate.size import height, n_layers
from resdsl.elaborate.tensors import ZERO, Tensor, UnitBuilder, Zero, ZeroUsed
from resdsl.elaborate.told import lost_names
from resdsl.elaborate.work import PLACED_LAYER, foresee, spend
from resdsl.ops import Add, Affine, Concat, Flatten, Multiply, Op, Required, Setting, SettingError, Subtract
from resdsl.ops import Value as SettingValue
from resdsl.record import state
from resdsl.shape import UNKNOWN, Shape, Unknown
from resdsl.source import Span
from resdsl.syntax import ast


@state
class LayerFrame:
    """Where layers meet tensors: the unit that grows, and what `norm` and `act` stand for meanwhile.

    Attributes:
        rank: the number of spatial dimensions of the network's input.
        problems: where mistakes go that the unit can be built without; what follows from them is not known.
        path: the composite layers and kinds that are being expanded, outermost first.
        n_applied: how many layers were met so far, whatever became of them.
        is_whole: whether all of them could be placed.
    """

    builder: UnitBuilder
    dynamic: Dynamic
    rank: int
    problems: Problems
    path: tuple[Found, ...] = ()
    n_applied: int = 0
    is_whole: bool = True

    def feed(
        self, layers: tuple[ast.Reference, ...], tensor: Tensor | Zero, scope: Scope, maker: Span | None = None
    ) -> Tensor:
        """The tensor through the layers, one after another; `maker` is the text that made it, for messages."""
        if isinstance(tensor, Zero):
            raise ZeroUsed
        for layer in layers:
            placed = known = None
            with self.go_on(layer, scope):
                try:
                    placed = self.apply(layer, tensor, scope)
                except Mistake as found:
                    known = found.leaves
                    raise with_maker(found, layer.span, maker, tensor.shape) from None
            tensor = placed or self.builder.unknown(tensor, known or self.unknown())
            maker = layer.span
        return tensor

    def go_on(self, expression: ast.Syntax, scope: Scope) -> GoOnWithout:
        """Goes on after a mistake in an expression: what it looks at may be wrong, and is not known from there on."""
        return GoOnWithout(self, expression, scope)

    def unknown(self) -> Shape:
        """A shape of which nothing is known: all layers take it; for a vector, the number of sizes is a guess."""
        if self.rank == 0:
            self.rank = RANK
            self.problems.silent = frozenset({Code.SHAPE_RANK})
        return Shape(UNKNOWN, (UNKNOWN,) * self.rank)

    @contextmanager
    def seen_from(self, use: Span, of: Span, where: str = "") -> Generator[None]:
        """Mistakes in a definition (whose text is `of`) are told meanwhile as the one who uses it should see them."""
        outer, inner = self.problems, self.problems.inner()
        self.problems = inner
        try:
            yield
        except Mistake as found:
            raise found.told_as(partial(at_use, use=use, of=of, where=where)) from None
        finally:
            self.problems = outer
            for diagnostic in inner.errors:
                outer.add(at_use(diagnostic, use, of, where))

    def apply(self, reference: ast.Reference, tensor: Tensor, scope: Scope) -> Tensor:
        """What the layer makes of the tensor."""
        self.problems.heed_brackets(reference)
        self.n_applied += 1
        if self.n_applied > self.builder.limits.nodes:
            raise _too_many(self.builder.limits.nodes, reference.span)
        spend(PLACED_LAYER, reference.span)
        target = resolve("layer", reference, scope, self.dynamic)
        if isinstance(target.found, Found):
            return self._apply_composite(target, target.found, reference, tensor)
        op = place(target.found, target, self.rank, self.problems)
        if op.wants_vector() and tensor.shape.rank and tensor.shape.positions == 1:
            tensor = self.builder.add(Flatten(), (tensor,), reference.span)
        try:
            return self.builder.add(op, (tensor,), reference.span)
        except Mistake as found:
            closure = self.dynamic.find(reference.name)
            if closure is None:
                raise
            self.dynamic.suspects.add(closure)
            raise with_note(found, closure.reference.span, f"`{reference.name}` is this") from None

    def _apply_composite(self, target: Target, found: Found, reference: ast.Reference, tensor: Tensor) -> Tensor:
        definition = sure(found.definition, ast.Layer)
        scope = bind(found, target.calls, reference.span, self.dynamic, self.problems)
        scope.names |= {"x": tensor, "in": if_known(tensor.shape.channels)}
        if not self.path:
            foresee(PLACED_LAYER * n_layers(found), reference.span)
        with (
            self.expanding(found, reference.name_span),
            self.builder.inside(definition.name),
            self.seen_from(reference.span, definition.span, f"{tensor.shape} comes in here"),
        ):
            result = self.equations(definition, scope)
        if not isinstance(result, Tensor):
            raise no_tensor(definition, result)
        return result

    @contextmanager
    def expanding(self, found: Found, span: Span) -> Generator[None]:
        """Meanwhile the definition is being expanded.

        One that was given to itself is expanded in itself, as `twice(twice(relu))` is. What leads back to itself by its
        own text is told where names are resolved. Raises Mistake where this is too deep in others.
        """
        depth, deepest = sum(2 + height(f) for f in (*self.path, found)), _DEEPER * self.builder.limits.nesting
        if depth > deepest:
            message = f"layers and brackets stand {depth} deep in each other here; they may {deepest} deep"
            name, n_inside = found.definition.name, self.path.count(found)
            help = f"`{name}` stands in itself {n_inside} times: does it lead back to itself?" if n_inside > 1 else ""
            raise mistake(Code.LIMIT_NESTING, message, span, help=help)
        self.path = (*self.path, found)
        try:
            yield
        finally:
            self.path = self.path[:-1]

    def equations(self, definition: ast.Layer | ast.ShortcutKind, scope: Scope) -> Result:
        """The value of `y` after all equations, in order."""
        scope.names |= dict.fromkeys(lost_names(definition), POISON)
        for statement in definition.statements:
            match statement:
                case ast.Equation() | ast.Let():
                    frame = self if isinstance(statement, ast.Equation) else None
                    scope.names[statement.name] = POISON
                    with self.problems.go_on():
                        self.problems.heed_brackets(statement)
                        scope.names[statement.name] = evaluate(statement.value, scope, frame)
                case ast.Require():
                    self.require(statement, definition.statements, scope)
                case ast.About() | ast.Cite():
                    pass
        if "y" not in scope.names:
            raise Echo  # it is lost, or missing, as is told of the definition
        y = scope.names["y"]
        if isinstance(y, Poison):
            raise Echo
        return y

    def require(self, statement: ast.Require, statements: Iterable[ast.Syntax], scope: Scope) -> None:
        """Checks a condition of a definition, unless a `let` of the same names is wrong: that is told already."""
        names = set(names_in(statement.condition))
        lets = (let for let in statements if isinstance(let, ast.Let) and scope.names.get(let.name) is POISON)
        if not any(names.intersection(names_in(let.value)) for let in lets):
            with self.go_on(statement.condition, scope):
                self.problems.heed_brackets(statement)
                check_require(statement, scope)

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


class GoOnWithout(GoOn):
    """Goes on after a mistake in an expression, without what it looks at; a class, for it is entered for each layer."""

    __slots__ = ("_expression", "_frame", "_n_before", "_scope")

    def __init__(self, frame: LayerFrame, expression: ast.Syntax, scope: Scope) -> None:
        super().__init__(frame.problems)
        self._frame, self._expression, self._scope = frame, expression, scope
        self._n_before = len(frame.problems.found)

    def __exit__(self, kind: object, raised: BaseException | None, trace: object) -> bool:
        """Tells the mistake; with it, or others that were told meanwhile, the names are suspect."""
        goes_on = super().__exit__(kind, raised, trace)
        self._frame.is_whole &= raised is None
        if len(self._problems.found) > self._n_before:
            self._scope.suspect(self._expression)
        return goes_on


RANK: Final = 2
"""How many sizes an input is taken to have that is not known, or wrongly has none."""


def place(op: type[Op], target: Target, rank: int, problems: Problems) -> Op:
    """The primitive layer with its settings, from the arguments of the target; a wrong one is told, and unknown."""
    given: dict[str, tuple[SettingValue, Span]] = {}
    settings = op.SETTINGS
    placer = SettingPlacer(op)
    n_placed = n_given = 0
    for call in target.calls:
        for argument in call.arguments:
            n_given += 1
            with problems.go_on():
                setting = placer.add(argument)
                n_placed += 1
                given[setting.name] = (UNKNOWN, argument.span)
                problems.heed(argument)
                given[setting.name] = (_value(op, setting, argument.value, call.scope), argument.span)
    is_clear = n_placed == n_given
    for setting in placer.missing() if is_clear else ():
        raise setting_missing(op, setting, target.span)
    written = {setting.name: given.get(setting.name, (_default(setting), target.span)) for setting in settings}
    if not is_clear:  # what is left out may be what an argument that is for no setting is meant for
        written |= {setting.name: (UNKNOWN, target.span) for setting in settings if setting.name not in given}
    while True:
        try:
            return _make(op, rank, *(value for value, _ in written.values()))
        except SettingError as error:
            value, span = written.get(error.setting, (UNKNOWN, target.span))
            if isinstance(value, Unknown):
                raise Echo from None
            problems.add(_refused(op, error, value, rank, span).diagnostic)
            written[error.setting] = (UNKNOWN, span)


def _refused(op: type[Op], error: SettingError, value: SettingValue, rank: int, span: Span) -> Mistake:
    if isinstance(value, tuple) and len(value) != rank > 0 and error.setting in _SIZES:
        return _other_rank(op, error.setting, value, rank, span)
    return mistake(Code.ARGUMENT_TYPE, f"`{op.NAME}`: {error.message}", span)


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


_DEEPER = 5  # so many times deeper than brackets alone: what a process has room for, by default
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


def _no_operator(operator: str, span: Span) -> Exception:
    message = f"`{operator}` is not defined for tensors here"
    return mistake(Code.VALUE_TYPE, message, span, help="tensors have `+`, `-`, `*`, and `/` by a number")


def no_tensor(definition: ast.Layer | ast.ShortcutKind, y: Result) -> Exception:
    """What is wrong where `y` is no tensor; an echo, where a mistake cuts its equation off."""
    equations = (s for s in definition.statements if isinstance(s, ast.Equation) and s.name == "y")
    if any(lost.span.start == equation.span.end for equation in equations for lost in definition.lost):
        return Echo()
    message = f"`y` is {describe(y)}; what leaves `{definition.name}` is a tensor"
    form = "y = x + f" if isinstance(definition, ast.ShortcutKind) else "y = x -> relu"
    return mistake(Code.SHORTCUT_EQUATION, message, definition.name_span, help=f"as in `{form}`")
