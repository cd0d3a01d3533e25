"""Resolves the names in expressions, chains and arguments to what they stand for, without computing anything."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Literal

from resdsl.diagnostics import Code, Note
from resdsl.elaborate.arguments import ParameterPlacer, SettingPlacer, parameter_missing, setting_missing
from resdsl.elaborate.constants import constant_parts
from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.functions import FUNCTIONS
from resdsl.elaborate.problems import ENOUGH, Beside, Echo, Mistake, Problems, mistake
from resdsl.elaborate.scope import Scope
from resdsl.elaborate.unknown import KINDS, a, unknown_definition, unknown_value
from resdsl.elaborate.work import spend
from resdsl.ops import OPS, Op
from resdsl.record import field, state
from resdsl.source import Span
from resdsl.syntax import ast
from resdsl.syntax.token import NAME_IN_BRACES

Kind = Literal["value", "tensor", "block", "shortcut", "layer", "unknown"]
"""What a name of a definition's body stands for; `unknown` where a mistake is told already."""

CLOSURES: dict[str | None, Kind] = {"block": "block", "shortcut": "shortcut", "layer": "layer"}
"""The kinds of definitions that a parameter may stand for, by its type."""


@state
class Bound:
    """A name of a definition's body: what it stands for, where it got its meaning, and whether anything uses it."""

    kind: Kind
    span: Span | None = None
    used: bool = False


@state
class Names:
    """The names that are bound at a place; one that is not here is looked for in the parent.

    `later` are those that are bound further down; with `is_open`, there are more in a network that is not known.
    """

    parent: Names | None = None
    bound: dict[str, Bound] = field(factory=dict[str, Bound])
    later: dict[str, Span] = field(factory=dict[str, Span])
    is_open: bool = False

    def child(self, *values: str) -> Names:
        """The names inside, with these values beside them."""
        return Names(self, {name: Bound("value") for name in values})

    def may_hold_more(self) -> bool:
        """Whether a name that is bound nowhere may be one that is not known."""
        return self.is_open or (self.parent is not None and self.parent.may_hold_more())

    def find(self, name: str) -> Bound | None:
        """What a name stands for; does not count as a use."""
        here: Names | None = self
        while here is not None:
            if name in here.bound:
                return here.bound[name]
            here = here.parent
        return None

    def visible(self, *kinds: Kind) -> list[str]:
        """The names that stand for things of these kinds."""
        outer = self.parent.visible(*kinds) if self.parent else []
        return [*(name for name, bound in self.bound.items() if bound.kind in kinds), *outer]


class References:
    """Follows the names of one definition.

    Attributes:
        module: the file whose definitions are visible.
        problems: where mistakes go.
        found: the definitions that were referred to, in `spans` where.
        lost: whether a name may have been defined in what could not be read.
    """

    def __init__(self, module: Module, problems: Problems) -> None:
        self.module = module
        self.problems = problems
        self.found: list[Found] = []
        self.spans: list[Span] = []
        self.lost = False
        self._is_inside = False

    @contextmanager
    def collect(self) -> Generator[None]:
        """Goes on after the block when a mistake, or an echo of one, ends it early.

        Raises the mistake where many more are told than are shown: the rest of the definition is not looked at.
        """
        try:
            yield
        except Mistake as raised:
            self.problems.add_all(raised)
            if len(self.problems.found) > ENOUGH * self.module.limits.diagnostics:
                raise
        except Echo:
            self.lost = True

    # ------------------------------------------------------------ expressions

    def value(self, expression: ast.Expression, names: Names, *, tensors: bool = False) -> Kind:
        """Resolves an expression; `tensors` says whether tensors have a place in it. Gives the kind of its value.

        One with a mistake in its names is not computed later: what is wrong with the numbers in it is told here.
        """
        if self._is_inside:
            return self._value(expression, names, tensors=tensors)
        self._is_inside, n_told = True, len(self.problems.found)
        try:
            kind = self._value(expression, names, tensors=tensors)
        finally:
            self._is_inside = False
        if len(self.problems.found) > n_told:
            self._compute(constant_parts(expression))
        return kind

    def _compute(self, parts: Iterable[ast.Expression]) -> None:
        """Tells what is wrong with expressions without names."""
        beside = Beside()
        for part in parts:
            with beside:
                evaluate_value(part, Scope(self.module))
        with self.problems.go_on():
            beside.check()

    def _value(self, expression: ast.Expression, names: Names, *, tensors: bool) -> Kind:
        match expression:
            case ast.Integer() | ast.Real() | ast.String() | ast.Boolean() | ast.Quantity() | ast.Size():
                return "value"
            case ast.Reference():
                return self._named(expression, names, tensors=tensors)
            case ast.Group():
                return self.value(expression.value, names, tensors=tensors)
            case ast.Unary():
                return self.value(expression.operand, names, tensors=tensors)
            case ast.Binary():
                return self._binary(expression, names, tensors=tensors)
            case ast.Choose():
                self.value(expression.condition, names)
                kind = self.value(expression.then, names, tensors=tensors)
                self.value(expression.otherwise, names, tensors=tensors)
                return kind
            case ast.ListOf():
                for item in expression.items:
                    self.value(item, names)
                return "value"
            case ast.Index():
                self.value(expression.value, names)
                self.value(expression.index, names)
                return "value"
            case ast.Feed():
                return self._feed(expression, names, tensors=tensors)

    def _named(self, reference: ast.Reference, names: Names, *, tensors: bool) -> Kind:
        bound = names.find(reference.name)
        if bound is None:
            return self._function(reference, names, tensors=tensors)
        bound.used = True
        if bound.kind == "tensor" and not tensors:
            message = f"a value is wanted here; `{reference.name}` is a tensor"
            help = "arguments and `let` take what is known beforehand; tensors stand in equations"
            self._tell(Code.VALUE_TYPE, message, reference.name_span, help=help)
        if reference.arguments is not None:
            self._arguments(reference, names)
            if bound.kind != "unknown":
                message = f"`{reference.name}` is {a(bound.kind)} and takes no arguments"
                self._tell(Code.VALUE_TYPE, message, reference.name_span)
        return bound.kind

    def _function(self, reference: ast.Reference, names: Names, *, tensors: bool) -> Kind:
        name, span = reference.name, reference.name_span
        functions = [*FUNCTIONS, *(["concat"] if tensors else [])] if reference.arguments is not None else []
        with self.collect():
            if name in functions:
                for argument in reference.arguments or ():
                    self._function_argument(reference, argument, names, tensors=tensors)
                return "tensor" if name == "concat" else "value"
            if name in FUNCTIONS:
                raise mistake(Code.NAME_KIND, f"`{name}` is a function: it takes arguments", span)
            self._arguments(reference, names)
            if name in names.later:
                notes = (Note(names.later[name], "gets it here"),)
                message = f"`{name}` has no value yet: only what stands above is known"
                raise mistake(Code.NAME_UNKNOWN, message, span, notes=notes, help="move that line up")
            if names.may_hold_more():
                raise Echo
            raise unknown_value(name, span, self.module, names.visible("value", "tensor"), functions)
        return "unknown"

    def _function_argument(
        self, reference: ast.Reference, argument: ast.Argument, names: Names, *, tensors: bool
    ) -> None:
        if not isinstance(argument, ast.Positional):
            message = f"`{reference.name}` takes values without names"
            self._tell(Code.ARGUMENT_UNKNOWN, message, argument.span)
        self.value(argument.value, names, tensors=tensors and reference.name == "concat")

    def _binary(self, expression: ast.Binary, names: Names, *, tensors: bool) -> Kind:
        # a + a + … + a leans left as deep as it is long: walk down that side without recursion
        operands: list[ast.Expression] = []
        left: ast.Expression = expression
        while isinstance(left, ast.Binary):
            operands.append(left.right)
            left = left.left
        kinds = [self.value(operand, names, tensors=tensors) for operand in (left, *reversed(operands))]
        return "tensor" if "tensor" in kinds else "unknown" if "unknown" in kinds else "value"

    def _feed(self, feed: ast.Feed, names: Names, *, tensors: bool) -> Kind:
        if not tensors:
            message = "layers take tensors, and there are none here"
            help = "`->` stands in chains and in equations"
            self._tell(Code.VALUE_TYPE, message, feed.span, help=help)
            return "value"
        kind = self.value(feed.value, names, tensors=True)
        if kind not in ("tensor", "unknown"):
            message = f"a tensor is wanted before `->`, and `{feed.value.span.text}` is a value"
            self._tell(Code.VALUE_TYPE, message, feed.value.span, help="`x` is the tensor that comes in")
        for layer in feed.layers:
            self.use("layer", layer, names)
        return "tensor"

    def text(self, text: ast.String, names: Names) -> None:
        """The names in braces in a message: `{depth}`."""
        for match in NAME_IN_BRACES.finditer(text.value):
            name = match.group(1)
            bound = names.find(name)
            if bound is not None and bound.kind in ("value", "unknown"):
                bound.used = True
            elif bound is not None:
                self._tell(Code.NAME_KIND, f"a value is wanted in braces; `{name}` is none", text.span)
            else:
                with self.collect():
                    raise unknown_value(name, part(text.span, name), self.module, names.visible("value"))

    # ------------------------------------------------------------ blocks, kinds, layers, schedules

    def chain(self, chain: ast.Chain, names: Names) -> None:
        """Layers one after another."""
        for layer in chain.layers:
            self.use("layer", layer, names)

    def kinds(self, kinds: ast.Kinds, names: Names) -> None:
        """`A else B`."""
        self.use("shortcut", kinds.first, names)
        if kinds.otherwise is not None:
            self.use("shortcut", kinds.otherwise, names)

    def use(self, kind: Kind, reference: ast.Reference, names: Names, *, partly: bool = False, given: str = "") -> None:
        """A block, kind or layer where one is wanted.

        Args:
            kind: what is wanted.
            reference: what is written.
            names: what is bound there.
            partly: whether its user may give further arguments.
            given: a parameter that gets its value otherwise.
        """
        bound = names.find(reference.name)
        if bound is not None:
            bound.used = True
        if reference.name in ("norm", "act") or (bound is not None and bound.kind in (kind, "unknown")):
            self._arguments(reference, names)
            return
        found = self.module.find(kind, reference.name)
        if found is not None:
            self.call(found, reference, names, partly=partly, given=given)
        elif kind == "layer" and reference.name in OPS:
            self._primitive(OPS[reference.name], reference, names, partly=partly)
        else:
            self._arguments(reference, names)
            known = names.visible(kind)
            words = a(bound.kind) if bound is not None else ""
            notes = (Note(bound.span, "given here"),) if bound is not None and bound.span is not None else ()
            with self.collect():
                raise unknown_definition(
                    kind, reference.name, reference.name_span, self.module, known=known, bound=words, notes=notes
                )

    def call(
        self, found: Found, reference: ast.Reference, names: Names, *, partly: bool = False, given: str = ""
    ) -> None:
        """The arguments of a definition."""
        self.refer(found, reference.name_span)
        definition = found.definition
        if definition.lost_list is not None:
            self._arguments(reference, names)
            return
        fits = self.place(definition.name, definition.parameters, definition.name_span, reference, names)
        placed = {parameter.name for parameter in fits or ()}
        if partly or fits is None:
            return
        for parameter in definition.parameters:
            if parameter.default is None and parameter.name not in placed | {given}:
                self.problems.add(parameter_missing(definition, parameter, reference.span).diagnostic)

    def place(
        self,
        name: str,
        parameters: tuple[ast.Parameter, ...],
        declared: Span | None,
        reference: ast.Reference,
        names: Names,
    ) -> list[ast.Parameter] | None:
        """The parameters that get a value from the arguments; None where an argument fits none."""
        placer = ParameterPlacer(name, parameters, declared)
        placed: list[ast.Parameter] = []
        for argument in reference.arguments or ():
            with self.collect():
                parameter = placer.add(argument)
                placed.append(parameter)
                self.argument(parameter, argument.value, names)
        return placed if len(placed) == len(reference.arguments or ()) else None

    def argument(self, parameter: ast.Parameter, expression: ast.Expression, names: Names) -> None:
        """The value of a parameter: a block, kind or layer where that is its type."""
        kind = CLOSURES.get(parameter.type)
        if kind is None:
            self.value(expression, names)
        elif isinstance(expression, ast.Reference):
            self.use(kind, expression, names, partly=True)
        else:
            self._tell(Code.ARGUMENT_TYPE, f"the name of {a(kind)} is wanted here", expression.span)

    def _primitive(self, op: type[Op], reference: ast.Reference, names: Names, *, partly: bool) -> None:
        placer = SettingPlacer(op)
        fits = True
        for argument in reference.arguments or ():
            fits = False
            with self.collect():
                setting = placer.add(argument)
                fits = True
                value = argument.value
                if setting.type == "word" and isinstance(value, ast.Reference) and names.find(value.name) is None:
                    continue
                self.value(value, names)
            if not fits:
                return
        for setting in placer.missing() if not partly else ():
            self.problems.add(setting_missing(op, setting, reference.span).diagnostic)

    def schedule(self, expression: ast.Expression, names: Names) -> None:
        """What follows `survive`: a schedule of that name, or a formula in l and L."""
        if isinstance(expression, ast.Reference) and names.find(expression.name) is None:
            found = self.module.find("schedule", expression.name)
            if found is not None:
                self.call(found, expression, names)
                return
            if expression.name not in ("l", "L", *FUNCTIONS):
                self._arguments(expression, names)
                with self.collect():
                    raise unknown_definition("schedule", expression.name, expression.name_span, self.module)
                return
        self.value(expression, names.child("l", "L"))

    def _arguments(self, reference: ast.Reference, names: Names) -> None:
        """Arguments of what only its user knows: names of definitions pass."""
        for argument in reference.arguments or ():
            value = argument.value
            if isinstance(value, ast.Reference) and names.find(value.name) is None:
                found = next((f for kind in KINDS if (f := self.module.find(kind, value.name))), None)
                if found is not None:
                    self.refer(found, value.name_span)
                    continue
                if value.name in OPS:
                    continue
            self.value(value, names)

    def refer(self, found: Found, span: Span) -> None:
        """Notes that a definition is referred to."""
        self.found.append(found)
        self.spans.append(span)

    def _tell(self, code: Code, message: str, span: Span, *, help: str = "") -> None:
        self.problems.add(mistake(code, message, span, help=help).diagnostic)


def part(span: Span, word: str, *, last: bool = False) -> Span:
    """The characters of a word within a span; its first, or its last place there."""
    text = span.text
    spend(1 + len(text) // 1000, span)
    at = text.rfind(word) if last else text.find(word)
    while at >= 0 and not _stands_alone(text, at, at + len(word)):
        at = text.rfind(word, 0, at + len(word) - 1) if last else text.find(word, at + 1)
    if at < 0:
        return span
    start = span.start + at
    return Span(span.source, start, start + len(word))


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter, digit or `_` stands beside."""
    around = text[max(start - 1, 0) : start] + text[end : end + 1]
    return not around or not _OF_NAME.search(around)


_OF_NAME = re.compile(r"\w")
