"""Builds the unit of a block: y = after(junction(x or before(x), survive(residual(before(x)))))."""

from __future__ import annotations

from typing import Literal, cast

from resdsl.diagnostics import Code, Diagnostic, InternalError, Note
from resdsl.elaborate.bind import Target, bind
from resdsl.elaborate.definitions import Found
from resdsl.elaborate.evaluate import evaluate_int, evaluate_value
from resdsl.elaborate.layers import LayerFrame
from resdsl.elaborate.library import STANDARD, use_file
from resdsl.elaborate.problems import Echo, mistake, sure
from resdsl.elaborate.scope import POISON, Poison, Scope, Value, if_known, write
from resdsl.elaborate.shortcuts import Joined, Junction, Site
from resdsl.elaborate.tensors import Tensor
from resdsl.elaborate.told import lost_names
from resdsl.ir.dropped import drop_residual, is_droppable
from resdsl.ir.unit import Unit
from resdsl.ops import Extern, Survive
from resdsl.ops import Value as SettingValue
from resdsl.record import record
from resdsl.shape import UNKNOWN, Shape
from resdsl.source import Span
from resdsl.syntax import ast

Shared = Literal["change", "first", "stage", "never"]


@record
class LinkEnd:
    """A link that ends at the block: its name, its kinds, and the shape that it brings."""

    name: str
    junction: Junction
    source: Shape


@record
class Placing:
    """Where and how a block is placed; blocks of one definition that are placed alike share a unit.

    Attributes:
        x: the shape that enters.
        stride: the stage's stride, for its first block.
        junction: the statement that says which shortcut; None leaves it to the block, poison where it is not known.
        fallback: the junction where the block says nothing either.
        links: the links that end here, inner first.
        survives: whether a survival schedule applies.
        is_first: whether it is the network's first block, and its stage's.
        label: how messages call it: `conv3[1]`.
    """

    x: Shape
    stride: Value | Poison | None
    junction: Junction | Poison | None
    fallback: Junction | Poison | None
    links: tuple[LinkEnd, ...]
    survives: bool
    is_first: tuple[bool, bool]
    label: str


def build_block(target: Target, placing: Placing, frame: LayerFrame, span: Span) -> Unit:
    """The unit of a block at its place; where the frame meets problems it stands for what is known of its shapes.

    Raises Mistake or Echo where nothing is.
    """
    found = sure(target.found, Found)
    definition = found.definition
    scope = bind(found, target.calls, span, frame.dynamic, frame.problems, stride=placing.stride)
    arguments = _write_arguments(definition, scope, target) if not frame.problems.has_errors else ""
    scope.names["in"] = if_known(placing.x.channels)
    builder = frame.builder
    parts = _Parts() if isinstance(definition, ast.Extern) else _read(sure(definition, ast.Block), scope, frame)
    block = _Block(frame, scope, parts, placing, span)
    x = builder.input(0)
    before = block.before(x)
    f = block.extern(definition, before) if isinstance(definition, ast.Extern) else block.residual(before)
    source = before if _shares(parts.shared, placing, x, f) else x
    junction = block.junction()
    joined = block.join(junction, source, block.survive(f))
    merged, link_kinds = block.merge_links(joined.y)
    nodes, output = builder.finish(block.after(merged))
    unit = Unit(
        definition=definition.name,
        inputs=builder.inputs,
        nodes=nodes,
        output=output,
        arguments=arguments,
        shortcut=joined.kind,
        links=tuple(link.name for link in placing.links),
        link_kinds=link_kinds,
        span=definition.name_span,
        doc=definition.doc,
        cite=_cite(definition),
    )
    if placing.survives and frame.is_whole and isinstance(junction, Junction):
        with frame.problems.go_on():
            block.check_dropped(unit, junction)
    return unit


def build_chain(name: str, chain: ast.Chain, scope: Scope, frame: LayerFrame, maker: Span | None) -> Unit:
    """The unit of a chain of layers: `stem`, `head` or `layers`; `maker` is the text that made what enters."""
    builder = frame.builder
    nodes, output = builder.finish(frame.feed(chain.layers, builder.input(0), scope, maker))
    return Unit(definition=name, inputs=builder.inputs, nodes=nodes, output=output, span=chain.span)


@record
class _Parts:
    before: ast.Chain | None = None
    residual: ast.Chain | None = None
    after: ast.Chain | None = None
    junction: Junction | None = None
    shared: Shared = "change"
    lost: frozenset[str] = frozenset()


@record
class _Block:
    """A block that is being built, part by part, in the order of its equation."""

    frame: LayerFrame
    scope: Scope
    parts: _Parts
    placing: Placing
    span: Span

    def before(self, x: Tensor) -> Tensor:
        """What feeds the residual branch."""
        if "before" in self.parts.lost:
            return self.unknown(x)
        if self.parts.before is None:
            return x
        with self.frame.builder.standing("before"):
            return self.frame.feed(self.parts.before.layers, x, self.scope)

    def residual(self, x: Tensor) -> Tensor:
        """f, what the residual branch computes."""
        if "residual" in self.parts.lost:
            return self.unknown(x)
        with self.frame.builder.standing("residual"):
            return self.frame.feed(sure(self.parts.residual, ast.Chain).layers, x, self.scope)

    def extern(self, definition: ast.Extern, x: Tensor) -> Tensor:
        """f, where a Python class computes it."""
        channels = self._signed(definition.channels, "the number of channels")
        stride = self._signed(definition.stride, "the stride") if definition.stride is not None else 1
        costs = {option.name: self._signed(option.value, f"`{option.name}`", least=0) for option in definition.options}
        names = [parameter.name for parameter in definition.parameters]
        values = {name: value for name in names if not isinstance(value := self.scope.names[name], Poison)}
        self.frame.is_whole &= len(values) == len(names)
        arguments = tuple((name, _plain(value)) for name, value in values.items())
        op = Extern(definition.name, arguments, channels, stride, costs.get("params", 0), costs.get("macs", 0))
        with self.frame.builder.standing("residual"), self.frame.go_on(definition.channels, self.scope):
            return self.frame.builder.add(op, (x,), self.span)
        return self.frame.builder.unknown(x, self.frame.unknown())

    def unknown(self, x: Tensor) -> Tensor:
        """What a statement makes of x that could not be understood."""
        self.frame.is_whole = False
        return self.frame.builder.unknown(x, self.frame.unknown())

    def _signed(self, expression: ast.Expression, wanted: str, *, least: int = 1) -> int:
        """A number of a signature, unknown where it is wrong."""
        with self.frame.go_on(expression, self.scope):
            return evaluate_int(expression, self.scope, wanted, least=least)
        return UNKNOWN

    def junction(self) -> Junction | Poison:
        """The statement that says which shortcut: the place's, else the block's own, else the default."""
        own = POISON if "shortcut" in self.parts.lost else self.parts.junction
        junction = self.placing.junction or own or self.placing.fallback
        if junction is not None:
            return junction
        message = (
            f"no statement says which shortcut goes around {self.placing.label}, nor does the file know the default"
        )
        help = '`use "std.res"` for the default `identity else projection`'
        fix = use_file(self.scope.module, STANDARD, sure=True)
        self.frame.problems.add(Diagnostic(Code.NETWORK_MISSING, message, self.span, help=help, fixes=(fix,)))
        return POISON

    def survive(self, f: Tensor) -> Tensor:
        """f, or zero where the block is dropped."""
        if not self.placing.survives:
            return f
        with self.frame.builder.standing("survive"):
            return self.frame.builder.add(Survive(), (f,), self.span)

    def check_dropped(self, unit: Unit, junction: Junction) -> None:
        """Raises Mistake where dropping f would leave nothing, or something that has to be computed of it."""
        kind, label = junction.kinds.first.name, self.placing.label
        try:
            left, _ = drop_residual(unit)
        except ValueError:
            message = f"{label} leaves nothing when it is dropped: `{kind}` has no path for x"
            help = "`shortcut identity` keeps x"
        else:
            if not is_droppable(left):
                return
            message = f"{label} cannot be dropped: `{kind}` takes f through a layer that makes something even of zero"
            help = "`shortcut identity` adds f as it is"
        notes = (Note(self.span, "this block may be dropped"),)
        raise mistake(Code.SURVIVE_NOTHING, message, junction.kinds.span, notes=notes, help=help)

    def join(self, junction: Junction | Poison, source: Tensor, f: Tensor) -> Joined:
        """What the block's own shortcut makes of x and f."""
        with self.frame.builder.standing("shortcut"):
            return Site(self.frame, source, f, self.placing.label, self.span).join(junction)

    def merge_links(self, y: Tensor) -> tuple[Tensor, tuple[str, ...]]:
        """What the links that end here make of it, inner first, and their kinds."""
        builder = self.frame.builder
        kinds: list[str] = []
        for number, link in enumerate(self.placing.links, start=1):
            what = f"link {link.name}, which ends at {self.placing.label}"
            with builder.standing("link", link.name):
                joined = Site(self.frame, builder.input(number), y, what, self.span).join(link.junction)
            y = joined.y
            kinds.append(joined.kind)
        return y, tuple(kinds)

    def after(self, y: Tensor) -> Tensor:
        """What leaves the block."""
        if "after" in self.parts.lost:
            return self.unknown(y)
        if self.parts.after is None:
            return y
        with self.frame.builder.standing("after"):
            return self.frame.feed(self.parts.after.layers, y, self.scope)


def _read(definition: ast.Block, scope: Scope, frame: LayerFrame) -> _Parts:
    before = residual = after = None
    junction: Junction | None = None
    shared: Shared = "change"
    scope.names |= dict.fromkeys(lost_names(definition), POISON)
    for statement in definition.statements:
        match statement:
            case ast.Let():
                scope.names[statement.name] = POISON
                with frame.problems.go_on():
                    frame.problems.heed_brackets(statement)
                    scope.names[statement.name] = evaluate_value(statement.value, scope)
            case ast.Require():
                frame.require(statement, definition.statements, scope)
            case ast.Before() if before is None:
                before = statement.chain
                shared = _read_shared(statement)
            case ast.Residual() if residual is None:
                residual = statement.chain
            case ast.After() if after is None:
                after = statement.chain
            case ast.Shortcut() if junction is None:
                junction = Junction(statement.kinds, scope)
            case _:  # a second one is told
                pass
    lost = definition.lost_words
    if "" in lost:  # it may be any that is not there
        parts = {"before": before, "residual": residual, "after": after, "shortcut": junction}
        lost |= {word for word, part in parts.items() if part is None}
    if residual is None and "residual" not in lost:
        raise Echo  # as is told
    return _Parts(before, residual, after, junction, shared, lost)


def _read_shared(statement: ast.Before) -> Shared:
    choices: dict[str, Shared] = {"change": "change", "first": "first", "stage": "stage", "never": "never"}
    for option in statement.options:
        if option.value in choices:  # others are told
            return choices[option.value]
    return "change"


def _shares(shared: Shared, placing: Placing, x: Tensor, f: Tensor) -> bool:
    """Whether the shortcut takes what `before` made, and not x itself (He et al. 2016b, appendix)."""
    changes = x.shape != f.shape
    first_of_network, first_of_stage = placing.is_first
    match shared:
        case "change":
            return changes
        case "first":
            return changes or first_of_network
        case "stage":
            return changes or first_of_stage
        case "never":
            return False


def _plain(value: object) -> SettingValue:
    if isinstance(value, int | float | str | tuple):
        return cast("SettingValue", value)
    raise InternalError(f"an extern block's parameter is a plain value, not {value!r}")


def _write_arguments(definition: ast.AnyDefinition, scope: Scope, target: Target) -> str:
    """The arguments as the author wrote them, computed; those left at their defaults stay unsaid."""
    written: list[str] = []
    names = [parameter.name for parameter in definition.parameters]
    n_positional = 0
    for call in target.calls:
        for argument in call.arguments:
            if isinstance(argument, ast.Positional):
                written.append(write(scope.names[names[n_positional]]))
                n_positional += 1
            elif isinstance(argument, ast.Keyword):
                written.append(f"{argument.name} = {write(scope.names[argument.name])}")
    stride = scope.names.get("stride", 1)
    if stride != 1 and "stride" in names and names.index("stride") >= n_positional:
        written = [text for text in written if not text.startswith("stride =")]
        written.append(f"stride = {write(stride)}")
    return ", ".join(written)


def _cite(definition: ast.AnyDefinition) -> str:
    if not isinstance(definition, ast.Block):
        return ""
    return "; ".join(statement.text.value for statement in definition.statements if isinstance(statement, ast.Cite))
