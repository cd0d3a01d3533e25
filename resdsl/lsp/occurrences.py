"""Every place of a file where something is named, and what is named there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import assert_never

from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.definitions import path_span as quoted_span
from resdsl.elaborate.vocabulary import SUBJECTS
from resdsl.lsp.inherited import Inherited, labels_of, values_of
from resdsl.lsp.symbols import (
    Scope,
    Symbol,
    Want,
    definition_symbol,
    first_word,
    let_name,
    let_symbol,
    names_in,
    parameter_symbol,
    resolve,
    statements_of,
    target_of,
    wanted,
)
from resdsl.ops import OPS
from resdsl.record import field, record, state
from resdsl.source import Span
from resdsl.syntax import ast
from resdsl.syntax.token import NAME, NAME_IN_BRACES


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

    def within(self, start: int, end: int) -> list[Occurrence]:
        """The occurrences between two offsets."""
        return self.occurrences[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def of(self, symbol: Symbol) -> Iterator[Occurrence]:
        """Every place where the symbol is named in this file."""
        return (o for o in self.occurrences if o.symbol == symbol)


def build_table(module: Module) -> SymbolTable:
    """The table of a file; what stands in a part that could not be parsed is found by its words."""
    table, inherited = SymbolTable(module), Inherited()
    for definition in module.program.definitions:
        _Walk(table, Found(definition, module), inherited).definition()
    for use in module.program.uses:
        table.occurrences.append(Occurrence(path_span(use), Symbol("file", use.path)))
    for skipped in module.program.skipped:
        table.occurrences += _in_skipped(module, skipped)
    return table.finish()


def path_span(use: ast.Use) -> Span:
    """The text in quotes of `use "…"`, without the quotes; in a broken text, what stands in its place."""
    span = quoted_span(use)
    is_quoted = len(span.text) > 1 and span.text[0] == span.text[-1] == '"'
    return Span(span.source, span.start + is_quoted, span.end - is_quoted)


class _Walk:
    """Finds every name in one definition."""

    def __init__(self, table: SymbolTable, found: Found, inherited: Inherited) -> None:
        self._table = table
        self._inherited = inherited
        self._found = found
        self._module = found.module
        self._values: Scope = inherited.values(found)
        self._labels: Scope = inherited.labels(found)

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
        symbol = parameter_symbol(parameter, self._found)
        self._add(symbol.span or parameter.span, symbol, defines=True)
        self._expression(parameter.default, self._values, wanted(parameter.type))
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
                for span in names_in(statement.span):
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
        is_let = isinstance(statement, ast.Let)
        span = let_name(statement) if is_let else first_word(statement.span, statement.name)
        if symbol is not None:
            self._add(span, symbol, defines=True)

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
        self._arguments(expect.arguments, self._inherited.parameters(self._found), scope)
        self._expression(expect.value, scope)

    def _over(self, over: ast.Over, scope: Scope) -> None:
        match over:
            case ast.OverAll() | ast.OverEachStage():
                pass
            case ast.OverEach():
                self._expression(over.blocks, scope)
            case ast.OverStage() | ast.OverBlock() | ast.OverBlocks():
                self._label(over.label, first_word(over.span, over.label))
                for expression in _indices(over):
                    self._expression(expression, scope)
            case ast.OverStages():
                for span in names_in(over.span):
                    self._label(span.text, span)
            case _:
                assert_never(over)

    def _label(self, label: str, span: Span, *, defines: bool = False) -> None:
        symbol = self._labels.get(label)
        if symbol is not None:
            self._add(span, symbol, defines=defines)

    def _options(self, options: Iterable[ast.Option]) -> None:
        for option in options:
            self._add(first_word(option.span, option.name), Symbol("option", option.name))
            self._add(_last_word(option.span), Symbol("word", option.value))

    def _kinds(self, kinds: ast.Kinds, scope: Scope) -> None:
        self._reference(kinds.first, "shortcut", scope)
        if kinds.otherwise is not None:
            self._reference(kinds.otherwise, "shortcut", scope)

    def _chain(self, chain: ast.Chain, scope: Scope) -> None:
        for layer in chain.layers:
            self._reference(layer, "layer", scope)

    def _braces(self, text: ast.String, scope: Scope) -> None:
        for match in NAME_IN_BRACES.finditer(text.span.text):
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
        target = target_of(symbol)
        if target is not None and target.kind == "op":
            settings = OPS[target.name].SETTINGS
            symbols = {s.name: Symbol("setting", f"{target.name}.{s.name}") for s in settings}
            words = {s.name for s in settings if s.type == "word"}
            self._arguments(reference.arguments, symbols, scope, words=words)
        else:
            found = target.found if target is not None else None
            self._arguments(reference.arguments, self._inherited.parameters(found) if found is not None else {}, scope)

    def _arguments(
        self,
        arguments: Iterable[ast.Argument],
        parameters: Mapping[str, Symbol],
        scope: Scope,
        *,
        words: Container[str] = (),
    ) -> None:
        names = list(parameters)
        n_positional = 0
        for argument in arguments:
            name = "stride" if isinstance(argument, ast.Stride) else ""
            if isinstance(argument, ast.Keyword):
                name = argument.name
                if name in parameters:
                    self._add(first_word(argument.span, name), parameters[name])
            elif isinstance(argument, ast.Positional):
                name = names[n_positional] if n_positional < len(names) else ""
                n_positional += 1
            value = argument.value
            if name in words and isinstance(value, ast.Reference) and value.name not in scope:
                self._add(value.name_span, Symbol("word", value.name))
                continue
            node = parameters[name].node if name in parameters else None
            self._expression(value, scope, wanted(node.type) if isinstance(node, ast.Parameter) else "value")


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
    *_, last = NAME.finditer(span.text)
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
    for span in names_in(skipped):
        name = span.text
        candidates = [scope[name]] if name in scope else by_name.get(name, [])
        if not candidates and name in OPS:
            candidates = [Symbol("op", name)]
        if len(candidates) == 1:
            yield Occurrence(span, candidates[0])
