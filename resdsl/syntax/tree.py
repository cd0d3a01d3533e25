"""Builds the syntax tree, bottom up: one method for each rule of the grammar.

A method gets the span of what its rule matched, and the values of the children: tokens, nodes, lists, and None for
an optional part that is absent.
"""

# ruff: noqa: PLR0917 - a method takes what its rule has

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from resdsl.source import Source, Span
from resdsl.syntax import ast
from resdsl.syntax.phrase import hundredth
from resdsl.syntax.slips import unescape
from resdsl.syntax.token import Token


class TreeBuilder:
    """The methods that rules are reduced by; `docs` holds the `##` lines above the token at an offset."""

    def __init__(self, source: Source, docs: dict[int, str]) -> None:
        self._source = source
        self._docs = docs

    def _span(self, token: Token) -> Span:
        return Span(self._source, token.start, token.end)

    def _doc(self, span: Span) -> str:
        return self._docs.get(span.start, "")

    # ------------------------------------------------------------ definitions

    def program(self, span: Span, edition: int, *parts: ast.Use | ast.AnyDefinition) -> ast.Program:
        uses = tuple(part for part in parts if isinstance(part, ast.Use))
        return ast.Program(edition, uses, tuple(part for part in parts if not isinstance(part, ast.Use)), span=span)

    def edition(self, span: Span, word: Token, number: Token) -> int:
        return int(number.text)

    def use(self, span: Span, word: Token, path: Token) -> ast.Use:
        return ast.Use(unescape(path.text), span=span)

    def network(
        self, span: Span, word: Token, name: Token, parameters: _Parameters, *statements: ast.Statement
    ) -> ast.Network:
        return ast.Network(
            name.text, parameters or (), statements, doc=self._doc(span), name_span=self._span(name), span=span
        )

    def derived(
        self,
        span: Span,
        word: Token,
        name: Token,
        parameters: _Parameters,
        base: ast.Reference,
        *statements: ast.Statement | None,
    ) -> ast.Derived:
        kept = tuple(statement for statement in statements if statement is not None)
        return ast.Derived(
            name.text, parameters or (), base, kept, doc=self._doc(span), name_span=self._span(name), span=span
        )

    def block(
        self, span: Span, word: Token, name: Token, parameters: _Parameters, *statements: ast.BlockStatement
    ) -> ast.Block:
        return ast.Block(
            name.text, parameters or (), statements, doc=self._doc(span), name_span=self._span(name), span=span
        )

    def shortcut_kind(
        self, span: Span, word: Token, name: Token, parameters: _Parameters, *statements: ast.EquationStatement
    ) -> ast.ShortcutKind:
        return ast.ShortcutKind(
            name.text, parameters or (), statements, doc=self._doc(span), name_span=self._span(name), span=span
        )

    def layer(
        self, span: Span, word: Token, name: Token, parameters: _Parameters, *statements: ast.EquationStatement
    ) -> ast.Layer:
        return ast.Layer(
            name.text, parameters or (), statements, doc=self._doc(span), name_span=self._span(name), span=span
        )

    def schedule(
        self, span: Span, word: Token, name: Token, parameters: _Parameters, formula: ast.Expression
    ) -> ast.Schedule:
        return ast.Schedule(
            name.text, parameters or (), formula, doc=self._doc(span), name_span=self._span(name), span=span
        )

    def extern(
        self,
        span: Span,
        word: Token,
        block: Token,
        name: Token,
        parameters: _Parameters,
        channels: ast.Expression,
        stride: ast.Expression | None,
        *options: ast.Keyword,
    ) -> ast.Extern:
        return ast.Extern(
            name.text,
            parameters or (),
            channels,
            stride,
            options,
            doc=self._doc(span),
            name_span=self._span(name),
            span=span,
        )

    def extern_option(self, span: Span, name: Token, value: ast.Expression) -> ast.Keyword:
        return ast.Keyword(name.text, value, span=Span(self._source, name.start, span.end))

    def parameters(self, span: Span, *parameters: ast.Parameter | None) -> tuple[ast.Parameter, ...]:
        return tuple(parameter for parameter in parameters if parameter is not None)

    def parameter(
        self,
        span: Span,
        name: Token,
        type_: Token | None,
        in_: Token | None,
        low: ast.Expression | None,
        high: ast.Expression | None,
        default: ast.Expression | None,
    ) -> ast.Parameter:
        return ast.Parameter(name.text, type_ and type_.text, low, high, default, span=span)

    # ------------------------------------------------------------ statements

    def let(self, span: Span, word: Token, name: Token, value: ast.Expression) -> ast.Let:
        return ast.Let(name.text, value, span=span)

    def require(self, span: Span, word: Token, condition: ast.Expression, message: Token) -> ast.Require:
        return ast.Require(condition, self.string(self._span(message), message), span=span)

    def input(self, span: Span, word: Token, shape: ast.Expression) -> ast.Input:
        return ast.Input(shape, span=span)

    def stem(self, span: Span, word: Token, chain: ast.Chain) -> ast.Stem:
        return ast.Stem(chain, span=span)

    def head(self, span: Span, word: Token, chain: ast.Chain) -> ast.Head:
        return ast.Head(chain, span=span)

    def layers(self, span: Span, word: Token, label: Token, chain: ast.Chain) -> ast.Layers:
        return ast.Layers(label.text, chain, label_span=self._span(label), span=span)

    def stage(self, span: Span, word: Token, label: Token, stride: ast.Expression | None, *rest: Any) -> ast.Stage:
        return ast.Stage(
            label.text,
            stride,
            tuple(part for part in rest if isinstance(part, ast.Run)),
            tuple(part for part in rest if part is not None and not isinstance(part, ast.Run)),
            doc=self._doc(span),
            label_span=self._span(label),
            span=span,
        )

    def run(
        self, span: Span, block: ast.Reference, via: Token | None, kinds: ast.Kinds | None, count: ast.Expression | None
    ) -> ast.Run:
        return ast.Run(block, kinds, count, span=span)

    def shortcut(self, span: Span, word: Token, kinds: ast.Kinds) -> ast.Shortcut:
        return ast.Shortcut(kinds, span=span)

    def kinds(
        self, span: Span, first: ast.Reference, else_: Token | None, otherwise: ast.Reference | None
    ) -> ast.Kinds:
        return ast.Kinds(first, otherwise, span=span)

    def link(
        self, span: Span, word: Token, name: Token, over: Token, what: ast.Over, via: Token, kinds: ast.Kinds
    ) -> ast.Link:
        return ast.Link(name.text, what, kinds, doc=self._doc(span), name_span=self._span(name), span=span)

    def levels(self, span: Span, word: Token, count: ast.Expression, via: Token, kinds: ast.Kinds) -> ast.Levels:
        return ast.Levels(count, kinds, span=span)

    def survive(self, span: Span, word: Token, schedule: ast.Expression, *options: ast.Option) -> ast.Survive:
        return ast.Survive(schedule, options, span=span)

    def option(self, span: Span, name: Token, value: Token) -> ast.Option:
        return ast.Option(name.text, value.text, span=Span(self._source, name.start, span.end))

    def init(self, span: Span, word: Token, *rules: ast.Reference) -> ast.Init:
        return ast.Init(rules, span=span)

    def tap(self, span: Span, word: Token, *labels: Token) -> ast.Tap:
        return ast.Tap(tuple(label.text for label in labels), span=span)

    def keys(self, span: Span, word: Token, scheme: Token) -> ast.Keys:
        return ast.Keys(scheme.text, span=span)

    def norm(self, span: Span, word: Token, layer: ast.Reference) -> ast.Norm:
        return ast.Norm(layer, span=span)

    def act(self, span: Span, word: Token, layer: ast.Reference) -> ast.Act:
        return ast.Act(layer, span=span)

    def about(self, span: Span, word: Token, text: Token) -> ast.About:
        return ast.About(self.string(self._span(text), text), span=span)

    def cite(self, span: Span, word: Token, text: Token) -> ast.Cite:
        return ast.Cite(self.string(self._span(text), text), span=span)

    def over_all(self, span: Span, word: Token) -> ast.OverAll:
        return ast.OverAll(span=span)

    def over_each_stage(self, span: Span, each: Token, stage: Token) -> ast.OverEachStage:
        return ast.OverEachStage(span=span)

    def over_each(self, span: Span, each: Token, blocks: ast.Expression) -> ast.OverEach:
        return ast.OverEach(blocks, span=span)

    def over_stage(self, span: Span, label: Token) -> ast.OverStage:
        return ast.OverStage(label.text, span=span)

    def over_block(self, span: Span, label: Token, index: ast.Expression) -> ast.OverBlock:
        return ast.OverBlock(label.text, index, span=span)

    def over_blocks(self, span: Span, label: Token, first: ast.Expression, last: ast.Expression) -> ast.OverBlocks:
        return ast.OverBlocks(label.text, first, last, span=span)

    def over_stages(self, span: Span, first: Token, last: Token) -> ast.OverStages:
        return ast.OverStages(first.text, last.text, span=span)

    def expect(self, span: Span, word: Token, subject: Token, *rest: Any) -> ast.Expect:
        relation, value, tolerance = rest[-1]
        arguments = tuple(argument for argument in rest[:-1] if argument is not None)
        return ast.Expect(
            subject.text, arguments, relation, value, tolerance, subject_span=self._span(subject), span=span
        )

    def exactly(self, span: Span, value: ast.Expression) -> _Relation:
        return "=", value, None

    def about_equal(
        self, span: Span, value: ast.Expression, within: Token | None, tolerance: float | None
    ) -> _Relation:
        return "~", value, tolerance

    def quantity(self, span: Span, value: Token | ast.Expression) -> ast.Expression:
        return ast.Quantity(value.text, span=span) if isinstance(value, Token) else value

    def percent(self, span: Span, number: Token, sign: Token) -> float:
        return hundredth(number.text.replace("_", "").lower())

    def drop(self, span: Span, word: Token, target: tuple[Any, str | None]) -> ast.Drop:
        kind, label = target
        return ast.Drop(kind, label, span=span)

    def drop_target(self, span: Span, kind: Token, label: Token | None = None) -> tuple[str, str | None]:
        return kind.text, label and label.text

    def before(self, span: Span, word: Token, chain: ast.Chain, *options: ast.Option) -> ast.Before:
        return ast.Before(chain, options, span=span)

    def residual(self, span: Span, word: Token, chain: ast.Chain) -> ast.Residual:
        return ast.Residual(chain, span=span)

    def after(self, span: Span, word: Token, chain: ast.Chain) -> ast.After:
        return ast.After(chain, span=span)

    def equation(self, span: Span, name: Token, value: ast.Expression) -> ast.Equation:
        return ast.Equation(name.text, value, span=span)

    # ------------------------------------------------------------ expressions

    def chain(self, span: Span, *layers: ast.Reference) -> ast.Chain:
        return ast.Chain(layers, span=span)

    def feed(self, span: Span, value: ast.Expression, *layers: ast.Reference) -> ast.Feed:
        return ast.Feed(value, layers, span=span)

    def choose(
        self,
        span: Span,
        if_: Token,
        condition: ast.Expression,
        then_: Token,
        then: ast.Expression,
        else_: Token,
        otherwise: ast.Expression,
    ) -> ast.Choose:
        return ast.Choose(condition, then, otherwise, span=span)

    def binary(self, span: Span, left: ast.Expression, operator: Token, right: ast.Expression) -> ast.Binary:
        return ast.Binary(operator.text, left, right, span=span)

    def unary(self, span: Span, operator: Token, operand: ast.Expression) -> ast.Unary:
        return ast.Unary(operator.text, operand, span=span)

    def index(self, span: Span, value: ast.Expression, index: ast.Expression) -> ast.Index:
        return ast.Index(value, index, span=span)

    def integer(self, span: Span, token: Token) -> ast.Integer:
        return ast.Integer(int(token.text), span=span)

    def real(self, span: Span, token: Token) -> ast.Real:
        return ast.Real(float(token.text), span=span)

    def size(self, span: Span, token: Token) -> ast.Size:
        return ast.Size(tuple(map(int, token.text.split("x"))), span=span)

    def string(self, span: Span, token: Token) -> ast.String:
        return ast.String(unescape(token.text), span=span)

    def boolean(self, span: Span, token: Token) -> ast.Boolean:
        return ast.Boolean(token.text == "true", span=span)

    def group(self, span: Span, value: ast.Expression) -> ast.Group:
        return ast.Group(value, span=span)

    def list_of(self, span: Span, *items: ast.Expression | None) -> ast.ListOf:
        return ast.ListOf(tuple(item for item in items if item is not None), span=span)

    def reference(self, span: Span, name: Token, *arguments: ast.Argument | None) -> ast.Reference:
        given = None if span.end == name.end else tuple(x for x in arguments if x is not None)
        return ast.Reference(name.text, given, name_span=self._span(name), span=span)

    def token(self, span: Span, token: Token) -> Token:
        return token

    def positional(self, span: Span, value: ast.Expression) -> ast.Positional:
        return ast.Positional(value, span=span)

    def keyword(self, span: Span, name: Token, value: ast.Expression) -> ast.Keyword:
        return ast.Keyword(name.text, value, span=span)

    def stride(self, span: Span, value: ast.Expression) -> ast.Stride:
        return ast.Stride(value, span=span)


_Parameters = tuple[ast.Parameter, ...] | None
_Relation = tuple[Literal["=", "~"], ast.Expression, float | None]

# The rules that make a tree higher by one than their highest part.
DEEPENING = frozenset({"binary", "unary", "choose", "index", "group", "list_of", "reference", "feed"})

ACTIONS: dict[str, Callable[..., Any]] = {
    "program": TreeBuilder.program,
    "edition": TreeBuilder.edition,
    "use": TreeBuilder.use,
    "network": TreeBuilder.network,
    "derived": TreeBuilder.derived,
    "block": TreeBuilder.block,
    "shortcut_kind": TreeBuilder.shortcut_kind,
    "layer": TreeBuilder.layer,
    "schedule": TreeBuilder.schedule,
    "extern": TreeBuilder.extern,
    "extern_option": TreeBuilder.extern_option,
    "parameters": TreeBuilder.parameters,
    "parameter": TreeBuilder.parameter,
    "let": TreeBuilder.let,
    "require": TreeBuilder.require,
    "input": TreeBuilder.input,
    "stem": TreeBuilder.stem,
    "head": TreeBuilder.head,
    "layers": TreeBuilder.layers,
    "stage": TreeBuilder.stage,
    "run": TreeBuilder.run,
    "shortcut": TreeBuilder.shortcut,
    "kinds": TreeBuilder.kinds,
    "link": TreeBuilder.link,
    "levels": TreeBuilder.levels,
    "survive": TreeBuilder.survive,
    "option": TreeBuilder.option,
    "init": TreeBuilder.init,
    "tap": TreeBuilder.tap,
    "keys": TreeBuilder.keys,
    "norm": TreeBuilder.norm,
    "act": TreeBuilder.act,
    "about": TreeBuilder.about,
    "cite": TreeBuilder.cite,
    "over_all": TreeBuilder.over_all,
    "over_each_stage": TreeBuilder.over_each_stage,
    "over_each": TreeBuilder.over_each,
    "over_stage": TreeBuilder.over_stage,
    "over_block": TreeBuilder.over_block,
    "over_blocks": TreeBuilder.over_blocks,
    "over_stages": TreeBuilder.over_stages,
    "expect": TreeBuilder.expect,
    "exactly": TreeBuilder.exactly,
    "about_equal": TreeBuilder.about_equal,
    "quantity": TreeBuilder.quantity,
    "percent": TreeBuilder.percent,
    "drop": TreeBuilder.drop,
    "drop_target": TreeBuilder.drop_target,
    "before": TreeBuilder.before,
    "residual": TreeBuilder.residual,
    "after": TreeBuilder.after,
    "equation": TreeBuilder.equation,
    "chain": TreeBuilder.chain,
    "feed": TreeBuilder.feed,
    "choose": TreeBuilder.choose,
    "binary": TreeBuilder.binary,
    "unary": TreeBuilder.unary,
    "index": TreeBuilder.index,
    "integer": TreeBuilder.integer,
    "real": TreeBuilder.real,
    "size": TreeBuilder.size,
    "string": TreeBuilder.string,
    "boolean": TreeBuilder.boolean,
    "group": TreeBuilder.group,
    "list_of": TreeBuilder.list_of,
    "reference": TreeBuilder.reference,
    "positional": TreeBuilder.positional,
    "keyword": TreeBuilder.keyword,
    "stride": TreeBuilder.stride,
    "type": TreeBuilder.token,
    "word": TreeBuilder.token,
}
