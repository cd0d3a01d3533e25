"""Parses a source to its syntax tree, and tells every syntax mistake in it at once."""

from __future__ import annotations

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.limits import DEFAULT, Limits
from resdsl.source import Source, Span
from resdsl.syntax import ast
from resdsl.syntax.lexer import lex
from resdsl.syntax.machine import Machine
from resdsl.syntax.tree import TreeBuilder


def parse(source: Source, *, limits: Limits = DEFAULT) -> ast.Program:
    """The program that a source is. Raises ResError with all syntax diagnostics, in file order."""
    program, diagnostics = parse_recovering(source, limits=limits)
    if diagnostics:
        raise ResError(diagnostics)
    return program


def parse_recovering(
    source: Source, *, limits: Limits = DEFAULT
) -> tuple[ast.Program, tuple[Diagnostic, ...]]:
    """What of a source could be understood, and what is wrong with the rest."""
    lexed = lex(source, limits)
    machine = Machine(source, TreeBuilder(source, lexed.docs))
    for token in lexed.tokens:
        if not machine.feed(token):
            span = Span(source, token.start, token.end)
            return ast.Program(1, (), (), span=span), (
                Diagnostic(Code.SYNTAX_UNEXPECTED, f"`{token.text}` cannot stand here", span),
            )
    return machine.values[0], ()
