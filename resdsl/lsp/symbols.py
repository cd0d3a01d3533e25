"""What each name in a file stands for: definitions, parameters, labels, and every place where they are named."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, assert_never

from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.evaluate import FUNCTIONS
from resdsl.elaborate.unknown import GIVEN
from resdsl.elaborate.vocabulary import SUBJECTS
from resdsl.limits import DEFAULT
from resdsl.ops import OPS
from resdsl.record import field, record, state
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


@record
class Occurrence:
    """A place where a symbol is named; `defines` where it is defined, or defined anew for a derived network."""

    span: Span
    symbol: Symbol
    defines: bool = False


@state
class SymbolTable:
    """The occurrences of one file, in order."""

    module: Module
    occurrences: list[Occurrence] = field(factory=list[Occurrence])
    _starts: list[int] = field(factory=list[int])

    def finish(self) -> SymbolTable:
        """Puts the occurrences in order; a place is named once."""
        unique = {(o.span.start, o.span.end): o for o in self.occurrences}
        self.occurrences = [unique[place] for place in sorted(unique)]
        self._starts = [o.span.start for o in self.occurrences]
        return self

    def at(self, offset: int) -> Occurrence | None:
        """The occurrence that a cursor stands in, or right behind."""
        place = bisect_right(self._starts, offset)
        for near in (place - 1, place - 2):
            if near >= 0:
                occurrence = self.occurrences[near]
                if occurrence.span.start <= offset <= occurrence.span.end:
                    return occurrence
        return None

    def of(self, symbol: Symbol) -> Iterator[Occurrence]:
        """Every place where the symbol is named in this file."""
        return (o for o in self.occurrences if o.symbol == symbol)


def build_table(module: Module) -> SymbolTable:
    """The table of a file; what stands in a part that could not be parsed is found by its words."""
    table = SymbolTable(module)
    for definition in module.program.definitions:
        _Walk(table, Found(definition, module)).definition()
    for use in module.program.uses:
        table.occurrences.append(Occurrence(path_span(use), Symbol("file", use.path)))
    for skipped in module.program.skipped:
        table.occurrences += _in_skipped(module, skipped)
    return table.finish()


def path_span(use: ast.Use) -> Span:
    """The text in quotes of `use "…"`, without the quotes."""
    start = use.span.start + use.span.text.index('"') + 1
    return Span(use.span.source, start, use.span.end - 1)


# ---------------------------------------------------------------- what a definition brings into scope


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


def parameters_of(found: Found) -> dict[str, Symbol]:
    """The parameters that a definition can be given: of a derived network, those too that its base leaves open."""
    own = {parameter.name: _parameter(parameter, found) for parameter in found.definition.parameters}
    base = base_of(found)
    if base is None or not isinstance(found.definition, ast.Derived):
        return own
    given = {argument.name for argument in found.definition.base.arguments or () if isinstance(argument, ast.Keyword)}
    return own | {name: symbol for name, symbol in parameters_of(base).items() if name not in own and name not in given}


def values_of(found: Found) -> dict[str, Symbol]:
    """The names of values in a definition: parameters, `let`s and equations; of a derived network, its base's too."""
    base = base_of(found)
    values = values_of(base) if base is not None else {}
    values |= {parameter.name: _parameter(parameter, found) for parameter in found.definition.parameters}
    for statement in statements_of(found.definition):
        if isinstance(statement, ast.Let):
            values[statement.name] = let_symbol(statement, found)
        elif isinstance(statement, ast.Equation) and (
            statement.name not in values or values[statement.name].found is not found
        ):
            span = Span(statement.span.source, statement.span.start, statement.span.start + len(statement.name))
            values[statement.name] = Symbol("equation", statement.name, span, statement, found)
    return values


def labels_of(found: Found) -> dict[str, Symbol]:
    """The labels of a network's stages, chains and links, its base's included: a label defined anew is the base's."""
    base = base_of(found)
    labels = labels_of(base) if base is not None else {}
    for statement in statements_of(found.definition):
        match statement:
            case ast.Stage():
                symbol = Symbol("stage", statement.label, statement.label_span, statement, found)
            case ast.Layers():
                symbol = Symbol("layers", statement.label, statement.label_span, statement, found)
            case ast.Link():
                symbol = Symbol("link", statement.name, statement.name_span, statement, found)
            case _:
                continue
        labels.setdefault(symbol.name, symbol)
    return labels


def base_of(found: Found) -> Found | None:
    """The network that a network derives from; None where there is none, or where that leads back to it."""
    definition = found.definition
    if not isinstance(definition, ast.Derived):
        return None
    seen = [found.definition]
    base = first = found.module.find("network", definition.base.name)
    while base is not None and isinstance(base.definition, ast.Derived):
        if base.definition in seen:
            return None
        seen.append(base.definition)
        base = base.module.find("network", base.definition.base.name)
    return None if first is None or first.definition in seen[:1] else first


def statements_of(definition: ast.AnyDefinition) -> tuple[ast.Syntax, ...]:
    """The statements of a definition's body; none where it has no body."""
    return () if isinstance(definition, ast.Schedule | ast.Extern) else definition.statements


def let_symbol(statement: ast.Let, found: Found) -> Symbol:
    """The symbol that a `let` defines."""
    return Symbol("let", statement.name, _names(statement.span)[0], statement, found)


def _parameter(parameter: ast.Parameter, found: Found) -> Symbol:
    start = parameter.span.start
    return Symbol(
        "parameter", parameter.name, Span(parameter.span.source, start, start + len(parameter.name)), parameter, found
    )


def _names(span: Span) -> list[Span]:
    """The names among the tokens of a span."""
    tokens = lex(Source("", span.text), DEFAULT).tokens
    return [Span(span.source, span.start + t.start, span.start + t.end) for t in tokens if t.kind == "NAME"]


# ---------------------------------------------------------------- walking a definition


class _Walk:
    """Finds every name in one definition."""

    def __init__(self, table: SymbolTable, found: Found) -> None:
        self._table = table
        self._found = found
        self._module = found.module
        self._values: Scope = values_of(found)
        self._labels: Scope = labels_of(found)

    def definition(self) -> None:
        definition = self._found.definition
        self._add(definition.name_span, definition_symbol(self._found), defines=True)
        for parameter in definition.parameters:
            self._parameter(parameter)
        match definition:
            case ast.Derived():
                self._reference(definition.base, "network", self._values)
            case ast.Schedule():
                self._expression(definition.formula, self._values)
            case ast.Extern():
                for expression in (definition.channels, definition.stride, *(o.value for o in definition.options)):
                    self._expression(expression, self._values)
            case _:
                pass
        for statement in statements_of(definition):
            self._statement(statement, self._values)

    def _add(self, span: Span, symbol: Symbol, *, defines: bool = False) -> None:
        self._table.occurrences.append(Occurrence(span, symbol, defines))

    def _parameter(self, parameter: ast.Parameter) -> None:
        symbol = _parameter(parameter, self._found)
        self._add(symbol.span or parameter.span, symbol, defines=True)
        self._expression(parameter.default, self._values, _wanted(parameter.type))
        self._expression(parameter.low, self._values)
        self._expression(parameter.high, self._values)

    def _statement(self, statement: ast.Syntax, scope: Scope) -> None:
        match statement:
            case ast.Let() | ast.Equation():
                self._named(statement, scope)
                self._expression(statement.value, scope)
            case ast.Require():
                self._expression(statement.condition, scope)
                self._braces(statement.message, scope)
            case ast.Input():
                self._expression(statement.shape, scope)
            case ast.Stem() | ast.Head() | ast.Residual() | ast.After():
                self._chain(statement.chain, scope)
            case ast.Before():
                self._chain(statement.chain, scope)
                self._options(statement.options)
            case ast.Layers():
                self._label(statement.label, statement.label_span, defines=True)
                self._chain(statement.chain, scope)
            case ast.Stage():
                self._stage(statement, scope)
            case ast.Shortcut():
                self._kinds(statement.kinds, scope)
            case ast.Link():
                self._label(statement.name, statement.name_span, defines=True)
                self._over(statement.over, scope)
                self._kinds(statement.kinds, scope)
            case ast.Levels():
                self._expression(statement.count, scope)
                self._kinds(statement.kinds, scope)
            case ast.Survive():
                self._expression(statement.schedule, scope, "schedule")
                self._options(statement.options)
            case ast.Init():
                for rule in statement.rules:
                    self._reference(rule, "init", scope)
            case ast.Tap():
                for span in _names(statement.span):
                    self._label(span.text, span)
            case ast.Keys():
                self._add(_last_word(statement.span), Symbol("scheme", statement.scheme))
            case ast.Norm() | ast.Act():
                self._reference(statement.layer, "layer", scope)
            case ast.Expect():
                self._expect(statement, scope)
            case ast.Drop():
                if statement.label is not None:
                    self._label(statement.label, _last_word(statement.span))
            case _:
                pass

    def _named(self, statement: ast.Let | ast.Equation, scope: Scope) -> None:
        symbol = scope.get(statement.name)
        if symbol is None or (isinstance(statement, ast.Let) and symbol.kind != "let"):
            symbol = let_symbol(statement, self._found) if isinstance(statement, ast.Let) else None
        start = statement.span.start if isinstance(statement, ast.Equation) else _names(statement.span)[0].start
        if symbol is not None:
            self._add(Span(statement.span.source, start, start + len(statement.name)), symbol, defines=True)

    def _stage(self, stage: ast.Stage, scope: Scope) -> None:
        self._label(stage.label, stage.label_span, defines=True)
        lets = {s.name: let_symbol(s, self._found) for s in stage.statements if isinstance(s, ast.Let)}
        inner = {**scope, **lets}
        self._expression(stage.stride, inner)
        for run in stage.runs:
            self._reference(run.block, "block", inner)
            if run.kinds is not None:
                self._kinds(run.kinds, inner)
            self._expression(run.count, inner)
        for statement in stage.statements:
            self._statement(statement, inner)

    def _expect(self, expect: ast.Expect, scope: Scope) -> None:
        subject = self._labels.get(expect.subject)
        if subject is not None and expect.subject not in SUBJECTS:
            self._add(expect.subject_span, subject)
        else:
            self._add(expect.subject_span, Symbol("subject", expect.subject))
        self._arguments(expect.arguments, parameters_of(self._found), {}, scope)
        self._expression(expect.value, scope)

    def _over(self, over: ast.Over, scope: Scope) -> None:
        match over:
            case ast.OverAll() | ast.OverEachStage():
                pass
            case ast.OverEach():
                self._expression(over.blocks, scope)
            case ast.OverStage() | ast.OverBlock() | ast.OverBlocks():
                self._label(over.label, Span(over.span.source, over.span.start, over.span.start + len(over.label)))
                for expression in _indices(over):
                    self._expression(expression, scope)
            case ast.OverStages():
                for span in _names(over.span):
                    self._label(span.text, span)
            case _:
                assert_never(over)

    def _label(self, label: str, span: Span, *, defines: bool = False) -> None:
        symbol = self._labels.get(label)
        if symbol is not None:
            self._add(span, symbol, defines=defines)

    def _options(self, options: Iterable[ast.Option]) -> None:
        for option in options:
            start = option.span.start
            self._add(Span(option.span.source, start, start + len(option.name)), Symbol("option", option.name))
            self._add(_last_word(option.span), Symbol("word", option.value))

    def _kinds(self, kinds: ast.Kinds, scope: Scope) -> None:
        self._reference(kinds.first, "shortcut", scope)
        if kinds.otherwise is not None:
            self._reference(kinds.otherwise, "shortcut", scope)

    def _chain(self, chain: ast.Chain, scope: Scope) -> None:
        for layer in chain.layers:
            self._reference(layer, "layer", scope)

    def _braces(self, text: ast.String, scope: Scope) -> None:
        for match in _NAME_IN_BRACES.finditer(text.span.text):
            symbol = scope.get(match.group(1))
            if symbol is not None:
                self._add(
                    Span(text.span.source, text.span.start + match.start(1), text.span.start + match.end(1)), symbol
                )

    # ------------------------------------------------------------ expressions

    def _expression(self, expression: ast.Expression | None, scope: Scope, want: Want = "value") -> None:
        waiting = [expression]
        while waiting:
            here = waiting.pop()
            match here:
                case ast.Reference():
                    self._reference(here, want if here is expression else "value", scope)
                case ast.Binary():
                    waiting += [here.left, here.right]
                case ast.Unary():
                    waiting.append(here.operand)
                case ast.Choose():
                    waiting += [here.condition, here.then, here.otherwise]
                case ast.Index():
                    waiting += [here.value, here.index]
                case ast.Group():
                    waiting.append(here.value)
                case ast.ListOf():
                    waiting += here.items
                case ast.Feed():
                    waiting.append(here.value)
                    for layer in here.layers:
                        self._reference(layer, "layer", scope)
                case _:
                    pass

    def _reference(self, reference: ast.Reference, want: Want, scope: Scope) -> None:
        symbol = resolve(self._module, reference.name, want, scope)
        if symbol is not None:
            self._add(reference.name_span, symbol)
        if reference.arguments is None:
            return
        if want == "network":
            found = symbol.found if symbol is not None else None
            self._arguments(reference.arguments, parameters_of(found) if found else {}, {}, scope)
            return
        target = target_of(symbol)
        if target is None:
            self._arguments(reference.arguments, {}, {}, scope)
        elif target.kind == "op":
            settings = {s.name: Symbol("setting", f"{target.name}.{s.name}") for s in OPS[target.name].SETTINGS}
            words = {s.name for s in OPS[target.name].SETTINGS if s.type == "word"}
            self._arguments(reference.arguments, settings, dict.fromkeys(words, "word"), scope)
        else:
            found = target.found
            self._arguments(reference.arguments, parameters_of(found) if found else {}, {}, scope)

    def _arguments(
        self,
        arguments: Iterable[ast.Argument],
        parameters: Mapping[str, Symbol],
        words: Mapping[str, str],
        scope: Scope,
    ) -> None:
        names = list(parameters)
        n_positional = 0
        for argument in arguments:
            name = "stride" if isinstance(argument, ast.Stride) else ""
            if isinstance(argument, ast.Keyword):
                name = argument.name
                if name in parameters:
                    start = argument.span.start
                    self._add(Span(argument.span.source, start, start + len(name)), parameters[name])
            elif isinstance(argument, ast.Positional):
                name = names[n_positional] if n_positional < len(names) else ""
                n_positional += 1
            value = argument.value
            if name in words and isinstance(value, ast.Reference) and value.name not in scope:
                self._add(value.name_span, Symbol("word", value.name))
                continue
            node = parameters[name].node if name in parameters else None
            self._expression(value, scope, _wanted(node.type) if isinstance(node, ast.Parameter) else "value")


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
        want = _wanted(node.type)
        symbol = resolve(symbol.found.module, node.default.name, want, {}) if want != "value" else None
    return None


def _wanted(type_: str | None) -> Want:
    match type_:
        case "block" | "shortcut" | "layer":
            return type_
        case _:
            return "value"


def _indices(over: ast.OverStage | ast.OverBlock | ast.OverBlocks) -> tuple[ast.Expression, ...]:
    match over:
        case ast.OverStage():
            return ()
        case ast.OverBlock():
            return (over.index,)
        case ast.OverBlocks():
            return over.first, over.last


def _last_word(span: Span) -> Span:
    """The last word of a span, which ends in one."""
    *_, last = _WORD.finditer(span.text)
    return Span(span.source, span.start + last.start(), span.start + last.end())


# ---------------------------------------------------------------- what could not be parsed


def _in_skipped(module: Module, skipped: Span) -> Iterator[Occurrence]:
    """Names in a part that was left out, where a name means one thing only."""
    enclosing = [
        d for d in module.program.definitions if d.span.start <= skipped.start and skipped.end <= d.span.end + 1
    ]
    scope: dict[str, Symbol] = {}
    for definition in enclosing:
        found = Found(definition, module)
        scope |= {**labels_of(found), **values_of(found)}
    by_name: dict[str, list[Symbol]] = defaultdict(list)
    for found in module.names.values():
        by_name[found.definition.name].append(definition_symbol(found))
    for span in _names(skipped):
        name = span.text
        candidates = [scope[name]] if name in scope else by_name.get(name, [])
        if not candidates and name in OPS:
            candidates = [Symbol("op", name)]
        if len(candidates) == 1:
            yield Occurrence(span, candidates[0])


_NAME_IN_BRACES = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
