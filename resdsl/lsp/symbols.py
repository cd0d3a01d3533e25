"""What a name may stand for: definitions, what each brings into scope, and what comes with the language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.functions import FUNCTIONS
from resdsl.elaborate.unknown import GIVEN
from resdsl.limits import DEFAULT
from resdsl.ops import OPS
from resdsl.record import field, record
from resdsl.source import Source, Span
from resdsl.syntax import ast
from resdsl.syntax.lexer import lex

Kind = Literal[
    "network", "block", "shortcut", "layer", "schedule",
    "parameter", "let", "equation", "stage", "layers", "link", "file",
    "op", "setting", "function", "given", "init", "scheme", "subject", "option", "word",
]  # fmt: skip

Want = Literal["value", "layer", "block", "shortcut", "schedule", "network", "init"]
"""What a reference may stand for at its place."""

Scope = Mapping[str, "Symbol"]

DEFINED: tuple[Kind, ...] = ("network", "block", "shortcut", "layer", "schedule")


@record
class Symbol:
    """A thing with a name. Two symbols are the same where they are defined at the same place.

    Attributes:
        span: the name where it is defined; None for what the language brings.
        node: what defines it.
        found: the definition that it is, or that it stands in; None for what the language brings.
    """

    kind: Kind
    name: str
    span: Span | None = None
    node: ast.Syntax | None = field(default=None, compare=False)
    found: Found | None = field(default=None, compare=False)


def definition_symbol(found: Found) -> Symbol:
    """The symbol of a definition."""
    definition = found.definition
    return Symbol(kind_of(definition), definition.name, definition.name_span, definition, found)


def kind_of(definition: ast.AnyDefinition) -> Kind:
    """Which kind of thing a definition defines."""
    match definition:
        case ast.Network() | ast.Derived():
            return "network"
        case ast.Block() | ast.Extern():
            return "block"
        case ast.ShortcutKind():
            return "shortcut"
        case ast.Layer():
            return "layer"
        case ast.Schedule():
            return "schedule"


def base_of(found: Found) -> Found | None:
    """The network that a network derives from; None where there is none, or where that leads back to it."""
    return next(iter(chain_of(found)[1:]), None)


def chain_of(found: Found) -> list[Found]:
    """A definition, and the networks that it derives from one after another; none where these go in a circle.

    As many as may derive from each other: those further down are not looked at.
    """
    chain, seen = [found], {id(found.definition)}
    while isinstance(definition := chain[-1].definition, ast.Derived) and len(chain) <= DEFAULT.nesting:
        base = chain[-1].module.find("network", definition.base.name)
        if base is None:
            break
        if id(base.definition) in seen:
            return [found]
        seen.add(id(base.definition))
        chain.append(base)
    return chain


def statements_of(definition: ast.AnyDefinition) -> tuple[ast.Syntax, ...]:
    """The statements of a definition's body; none where it has no body."""
    return () if isinstance(definition, ast.Schedule | ast.Extern) else definition.statements


def let_symbol(statement: ast.Let, found: Found) -> Symbol:
    """The symbol that a `let` defines."""
    return Symbol("let", statement.name, let_name(statement), statement, found)


def let_name(statement: ast.Let) -> Span:
    """Where the name of a `let` stands: in a broken text, a word of the language may have been taken for one."""
    span = statement.span
    tokens = lex(Source("", span.text), DEFAULT).tokens
    token = next((token for token in tokens if token.text == statement.name), tokens[0])
    return Span(span.source, span.start + token.start, span.start + token.end)


def parameter_symbol(parameter: ast.Parameter, found: Found) -> Symbol:
    """The symbol of a parameter of a definition."""
    return Symbol("parameter", parameter.name, first_word(parameter.span, parameter.name), parameter, found)


def first_word(span: Span, word: str) -> Span:
    """The word that a span begins with."""
    return Span(span.source, span.start, span.start + len(word))


def names_in(span: Span) -> list[Span]:
    """The names among the tokens of a span."""
    tokens = lex(Source("", span.text), DEFAULT).tokens
    return [Span(span.source, span.start + t.start, span.start + t.end) for t in tokens if t.kind == "NAME"]


def resolve(module: Module, name: str, want: Want, scope: Scope) -> Symbol | None:
    """What a name stands for where that kind of thing is wanted."""
    if want == "init":
        return Symbol("init", name)
    if want == "layer" and name in ("norm", "act"):
        return Symbol("given", name)
    local = scope.get(name)
    if local is not None and want != "network":
        return local
    if want == "value":
        if name in FUNCTIONS or name == "concat":
            return Symbol("function", name)
        return Symbol("given", name) if name in GIVEN or name == "y" else None
    found = module.find(want, name)
    if found is not None:
        return definition_symbol(found)
    if want == "schedule":
        return resolve(module, name, "value", scope)
    return Symbol("op", name) if want == "layer" and name in OPS else None


def target_of(symbol: Symbol | None) -> Symbol | None:
    """The definition or layer that a symbol stands for: of a parameter, its default."""
    for _ in range(8):
        if symbol is None or symbol.kind in ("op", *DEFINED):
            return symbol
        node = symbol.node
        if not isinstance(node, ast.Parameter) or not isinstance(node.default, ast.Reference) or symbol.found is None:
            return None
        want = wanted(node.type)
        symbol = resolve(symbol.found.module, node.default.name, want, {}) if want != "value" else None
    return None


def wanted(type_: str | None) -> Want:
    """What an argument stands for, by the type of its parameter."""
    match type_:
        case "block" | "shortcut" | "layer":
            return type_
        case _:
            return "value"
