"""Follows the names of a definition from its parameters to its last statement; tells what each stands for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

from resdsl.diagnostics import Code, InternalError, Note
from resdsl.elaborate.arguments import name_of
from resdsl.elaborate.bind import TYPES
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.outline import Outline, check_once, keyword, word_of
from resdsl.elaborate.problems import Mistake, Problems, mistake
from resdsl.elaborate.references import CLOSURES, Bound, Names, References, part
from resdsl.elaborate.size import n_layers
from resdsl.elaborate.told import lost_names
from resdsl.elaborate.unknown import GIVEN, misspelt, quoted
from resdsl.record import field, state
from resdsl.source import Span
from resdsl.syntax import ast
from resdsl.syntax.token import NO_NAME


@state
class Resolved:
    """What was found in one definition.

    Attributes:
        problems: its mistakes and warnings.
        references: the definitions that it refers to.
        names: its parameters, and what it names itself.
        outline: what a network has.
        height: how many networks are derived from each other here, or layers made of layers.
        unmet: the expectations that have mistakes in their names; the network stands without them.
        broken: whether it cannot be elaborated, be that told here or elsewhere.
    """

    problems: Problems = field(factory=Problems)
    references: tuple[Found, ...] = ()
    names: Names = field(factory=Names)
    outline: Outline = field(factory=Outline)
    height: int = 1
    unmet: list[ast.Expect] = field(factory=list["ast.Expect"])
    broken: bool = False


class Resolver(Protocol):
    """Who resolves other definitions meanwhile."""

    def below(self, found: Found, span: Span) -> Resolved:
        """What a definition that another is made of stands for. Raises Mistake where that leads back, or too deep."""
        ...

    def check_size(self, n_layers: int, span: Span) -> None:
        """Raises Mistake where a layer is made of more layers than the caller allows."""
        ...

    def is_under_way(self, found: Found) -> bool:
        """Whether a definition is being resolved: what leads to it leads to itself."""
        ...


class Walk:
    """On the way through one definition."""

    def __init__(self, resolver: Resolver, found: Found, resolved: Resolved) -> None:
        self.resolver = resolver
        self.found = found
        self.module = found.module
        self.resolved = resolved
        self.problems = resolved.problems
        self.names = resolved.names
        self.references = References(found.module, resolved.problems)
        self.n_harmless = 0
        self.is_endless = False  # or so large as if it were

    def parameters(self, parameters: tuple[ast.Parameter, ...]) -> None:
        """Names and types of parameters; a default sees the parameters before it."""
        lost = self.found.definition.lost_parameters | lost_names(self.found.definition)
        self.names.bound |= {name: Bound("unknown") for name in lost}
        seen: dict[str, Span] = {}
        for parameter in parameters:
            span = Span(parameter.span.source, parameter.span.start, parameter.span.start + len(parameter.name))
            with self.references.collect():
                if parameter.name in seen and parameter.name != NO_NAME:
                    message = f"two parameters are named `{parameter.name}`"
                    raise mistake(Code.NAME_TAKEN, message, span, notes=(Note(seen[parameter.name], "first here"),))
                if parameter.type is not None and parameter.type not in TYPES:
                    raise _unknown_type(parameter, parameter.type)
                for bound in (parameter.low, parameter.high):
                    if bound is not None:
                        self.references.value(bound, self.names)
                if parameter.default is not None:
                    _check_default(parameter, parameter.default)
                    self.references.argument(parameter, parameter.default, self.names)
            seen[parameter.name] = span
            known = parameter.type is None or parameter.type in TYPES
            kind = CLOSURES.get(parameter.type, "value") if known else "unknown"
            self.names.bound.setdefault(parameter.name, Bound(kind, span))

    def bind(self, statement: ast.Let | ast.Equation, *, tensors: bool = False, reserved: Collection[str] = ()) -> None:
        """A name gets its value, once; the names above it are visible."""
        name = statement.name
        span = part(statement.span, name)
        with self.references.collect():
            before = self.names.bound.get(name)
            if name in reserved:
                message = f"`{name}` is {GIVEN[name]}; it cannot be given another value"
                raise mistake(Code.NAME_TAKEN, message, span, help=f"choose another name, as `{name}2`")
            if before is not None and before.span is not None:
                notes = (Note(before.span, "first here"),)
                raise mistake(Code.NAME_TAKEN, f"`{name}` is given a value twice", span, notes=notes)
        kind = self.references.value(statement.value, self.names, tensors=tensors)
        self.names.later.pop(name, None)
        self.names.bound.setdefault(name, Bound(kind, span))

    def foresee(self, statements: Iterable[ast.Syntax]) -> None:
        """Notes the names that statements will bind."""
        named = [s for s in statements if isinstance(s, ast.Let | ast.Equation)]
        self.names.later = {s.name: part(s.span, s.name) for s in named if s.name not in self.names.bound}

    def require(self, statement: ast.Require) -> None:
        self.references.value(statement.condition, self.names)
        self.references.text(statement.message, self.names)

    def options(self, options: tuple[ast.Option, ...], choices: Mapping[str, tuple[str, ...]], of: str) -> None:
        """`, per = sample`: options that exist, each once, with a value that it takes."""
        seen: dict[str, Span] = {}
        for option in options:
            with self.references.collect():
                if option.name not in choices:
                    raise _unknown_option(option, choices, of)
                check_once(option.name, option.span, f"`{option.name}`", seen)
                values = choices[option.name]
                if option.value not in values:
                    span = part(option.span, option.value, last=True)
                    message = f"`{option.name}` cannot be `{option.value}`"
                    otherwise = f"it is one of {quoted(values)}"
                    raise misspelt(Code.NETWORK_OPTION, message, span, option.value, values, otherwise=otherwise)


class BodyWalk(Walk):
    """Through a block, shortcut kind, layer, schedule or foreign block."""

    def follow(self) -> None:
        """What stands behind the parameters."""
        definition = self.found.definition
        match definition:
            case ast.Block():
                self.block(definition)
            case ast.ShortcutKind() | ast.Layer():
                self.equations(definition)
                self.layers()
            case ast.Schedule():
                self.references.value(definition.formula, self.names.child("l", "L"))
            case ast.Extern():
                self.extern(definition)
            case ast.Network() | ast.Derived():
                raise InternalError(f"the network {definition.name} has a walk of its own")

    def block(self, definition: ast.Block) -> None:
        """Lets and requires in order; the chains see all names, and `in`."""
        self.names.bound.setdefault("in", Bound("value"))
        self.foresee(definition.statements)
        seen: dict[str, Span] = {}
        chains: list[ast.Chain] = []
        for statement in definition.statements:
            if not isinstance(statement, ast.Let | ast.Require | ast.About | ast.Cite):
                with self.references.collect():
                    check_once(word_of(statement), keyword(statement), f"`{word_of(statement)}`", seen)
            match statement:
                case ast.Let():
                    self.bind(statement)
                case ast.Require():
                    self.require(statement)
                case ast.Before():
                    chains.append(statement.chain)
                    self.options(statement.options, {"shared": ("change", "first", "stage", "never")}, "before")
                case ast.Residual() | ast.After():
                    chains.append(statement.chain)
                case ast.Shortcut():
                    pass
                case ast.About() | ast.Cite():
                    pass
        for statement in definition.statements:
            if isinstance(statement, ast.Shortcut):
                self.references.kinds(statement.kinds, self.names)
        for chain in chains:
            self.references.chain(chain, self.names)
        if "residual" not in seen and not definition.lost_words & {"", "residual"}:
            message = f"the block `{definition.name}` has no `residual`"
            help = "add `residual conv(3x3, width) -> …`"
            raise mistake(Code.NETWORK_MISSING, message, definition.name_span, help=help)

    def equations(self, definition: ast.ShortcutKind | ast.Layer) -> None:
        """Equations in order, each seeing those above; they must give `y`."""
        is_kind = isinstance(definition, ast.ShortcutKind)
        given = {"x": Bound("tensor"), "in": Bound("value")}
        if is_kind:
            given |= {"f": Bound("tensor"), "out": Bound("value"), "stride": Bound("value")}
        for name, bound in given.items():
            self.names.bound.setdefault(name, bound)
        self.foresee(definition.statements)
        for statement in definition.statements:
            match statement:
                case ast.Equation():
                    self.bind(statement, tensors=True, reserved=given)
                case ast.Let():
                    self.bind(statement, reserved=given)
                case ast.Require():
                    self.require(statement)
                case ast.About() | ast.Cite():
                    pass
        if "" not in definition.lost_words:
            self.result(definition)

    def result(self, definition: ast.ShortcutKind | ast.Layer) -> None:
        """Equations give `y`, all of them take part in it, and so does f."""
        y = self.names.bound.get("y")
        if y is None:
            raise _no_result(definition)
        y.used = True
        if self.problems.errors:
            return  # a name that is wrong may be meant for one that nothing uses
        if y.kind == "value":
            message = f"`y` is a value; what leaves `{definition.name}` is a tensor"
            form = "y = x + f" if isinstance(definition, ast.ShortcutKind) else "y = x -> relu"
            raise mistake(Code.SHORTCUT_EQUATION, message, y.span or definition.name_span, help=f"as in `{form}`")
        for statement in definition.statements:
            bound = self.names.bound.get(statement.name) if isinstance(statement, ast.Equation) else None
            if bound is not None and bound.span is not None and not bound.used:
                message = f"`{bound.span.text}` is computed, and nothing uses it"
                bound.used = True
                with self.references.collect():
                    raise mistake(Code.SHORTCUT_EQUATION, message, bound.span, help="use it in `y = …`, or delete it")
        if isinstance(definition, ast.ShortcutKind) and not self.names.bound["f"].used:
            message = f"the shortcut kind `{definition.name}` leaves out `f`, what the block computed"
            raise mistake(Code.SHORTCUT_EQUATION, message, y.span or definition.name_span, help="add it: `y = … + f`")

    def layers(self) -> None:
        """The layers that this one is made of: none leads back to it."""
        size = 0
        for found, span in zip(self.references.found, self.references.spans, strict=True):
            if isinstance(found.definition, ast.Layer):
                with self.references.collect():
                    below = self.resolver.below(found, span)
                    self.resolved.height = max(self.resolved.height, below.height + 1)
                    size += 1 + n_layers(found)
                    self.resolver.check_size(size, span)
                    continue
                self.is_endless = True

    def extern(self, definition: ast.Extern) -> None:
        """The signature of a foreign block, in its parameters and `in`."""
        for bound in self.names.bound.values():
            bound.used = True  # by the class that is registered for it
        names = self.names.child("in")
        self.references.value(definition.channels, names)
        if definition.stride is not None:
            self.references.value(definition.stride, names)
        seen: dict[str, Span] = {}
        for option in definition.options:
            self.references.value(option.value, names)
            with self.references.collect():
                if option.name not in ("params", "macs"):
                    named = ast.Option(option.name, "", span=option.span)
                    raise _unknown_option(named, {"params": (), "macs": ()}, "extern block")
                check_once(option.name, name_of(option), f"`{option.name}`", seen)


# ---------------------------------------------------------------- words


def _check_default(parameter: ast.Parameter, default: ast.Expression) -> None:
    """Raises Mistake where a block, shortcut kind or layer is to be itself."""
    waiting: list[ast.Syntax] = [default] if parameter.type in CLOSURES else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Reference) and node.name == parameter.name:
            message = f"`{node.name}` is the parameter itself here"
            help = f"give the parameter a name of its own, as `{node.name}2`"
            raise mistake(Code.NAME_UNKNOWN, message, node.name_span, help=help)
        waiting += node.parts


def _unknown_type(parameter: ast.Parameter, name: str) -> Mistake:
    span = part(Span(parameter.span.source, parameter.span.start + len(parameter.name), parameter.span.end), name)
    meant = _OTHER_TYPES.get(name.lower(), name)
    return misspelt(
        Code.NAME_UNKNOWN, f"there is no type `{name}`", span, meant, TYPES, otherwise=f"the types are {quoted(TYPES)}"
    )


def _unknown_option(option: ast.Option, choices: Collection[str], of: str) -> Mistake:
    span = Span(option.span.source, option.span.start, option.span.start + len(option.name))
    message = f"`{of}` has no option `{option.name}`"
    otherwise = f"its options: {quoted(choices)}"
    return misspelt(Code.NETWORK_OPTION, message, span, option.name, choices, otherwise=otherwise)


def _no_result(definition: ast.ShortcutKind | ast.Layer) -> Mistake:
    is_kind = isinstance(definition, ast.ShortcutKind)
    what = "what leaves the junction" if is_kind else "what leaves the layer"
    message = f"`{definition.name}` gives no `y`, {what}"
    help = "add an equation: `y = x + f`" if is_kind else "add an equation: `y = x -> …`"
    return mistake(Code.SHORTCUT_EQUATION, message, definition.name_span, help=help)


_OTHER_TYPES = {
    "integer": "int", "whole": "int", "number": "float", "real": "float", "double": "float", "probability": "prob",
    "boolean": "bool", "flag": "bool", "string": "str", "text": "str", "size": "shape", "tuple": "shape",
    "array": "list", "module": "block", "kind": "shortcut", "skip": "shortcut", "op": "layer", "fn": "layer",
}  # fmt: skip
