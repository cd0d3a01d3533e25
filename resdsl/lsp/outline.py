"""The parts of a document for an editor's outline: definitions, and within networks their stages and links."""

from __future__ import annotations

from collections.abc import Iterator

from resdsl.elaborate.definitions import Found, Module
from resdsl.lsp.meanings import definition_signature
from resdsl.lsp.symbols import Kind, Symbol, definition_symbol, kind_of, let_symbol, statements_of
from resdsl.record import record
from resdsl.source import Span
from resdsl.syntax import ast


@record
class Entry:
    """One part: its name, what it is, its whole text and its name's place, and its own parts."""

    name: str
    kind: Kind
    detail: str
    span: Span
    name_span: Span
    children: tuple[Entry, ...] = ()


def outline(module: Module) -> list[Entry]:
    """The definitions of a file, in order."""
    return [_definition(Found(definition, module)) for definition in module.program.definitions]


def definitions(module: Module, query: str) -> Iterator[Symbol]:
    """The definitions whose names hold the letters of a query, in their order."""
    for definition in module.program.definitions:
        if _matches(query.lower(), definition.name.lower()):
            yield definition_symbol(Found(definition, module))


def foldings(module: Module) -> Iterator[Span]:
    """What an editor may fold away: bodies of definitions and of stages."""
    for definition in module.program.definitions:
        if "\n" in definition.span.text:
            yield definition.span
        for statement in statements_of(definition):
            if isinstance(statement, ast.Stage) and "\n" in statement.span.text:
                yield statement.span


def _definition(found: Found) -> Entry:
    definition = found.definition
    children = tuple(_statements(found)) if kind_of(definition) == "network" else ()
    detail = definition_signature(definition).partition(definition.name)[2].strip()
    return Entry(definition.name, kind_of(definition), detail, definition.span, definition.name_span, children)


def _statements(found: Found) -> Iterator[Entry]:
    for statement in statements_of(found.definition):
        match statement:
            case ast.Let():
                symbol = let_symbol(statement, found)
                name_span = symbol.span or statement.span
                yield Entry(statement.name, "let", statement.value.span.text, statement.span, name_span)
            case ast.Stem() | ast.Head():
                name = type(statement).__name__.lower()
                start = statement.span.start
                name_span = Span(statement.span.source, start, start + len(name))
                yield Entry(name, "layers", _chain(statement.chain), statement.span, name_span)
            case ast.Layers():
                yield Entry(statement.label, "layers", _chain(statement.chain), statement.span, statement.label_span)
            case ast.Stage():
                detail = " + ".join(" ".join(run.span.text.split()) for run in statement.runs)
                yield Entry(statement.label, "stage", detail, statement.span, statement.label_span)
            case ast.Link():
                detail = f"over {statement.over.span.text} via {statement.kinds.span.text}"
                yield Entry(statement.name, "link", detail, statement.span, statement.name_span)
            case _:
                continue


def _chain(chain: ast.Chain) -> str:
    return " ".join(chain.span.text.split())


def _matches(query: str, name: str) -> bool:
    letters = iter(name)
    return all(letter in letters for letter in query)
