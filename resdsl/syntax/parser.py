"""Parses a source to its syntax tree, and tells every syntax mistake in it at once."""

from __future__ import annotations

from bisect import bisect_left

from resdsl.diagnostics import Code, Diagnostic, InternalError, ResError
from resdsl.limits import DEFAULT, Limits
from resdsl.record import evolve
from resdsl.source import Source, Span
from resdsl.syntax import ast
from resdsl.syntax.lexer import Lexed, find_docs, lex
from resdsl.syntax.machine import Machine
from resdsl.syntax.place import Place
from resdsl.syntax.recovery import get_over
from resdsl.syntax.text import check_characters, check_size
from resdsl.syntax.token import Token
from resdsl.syntax.tree import TreeBuilder
from resdsl.syntax.words import DEFINITIONS, STATEMENTS

EDITION = 1

_BEGINNINGS = (STATEMENTS | DEFINITIONS) - {"NORM", "ACT"}  # these two stand in chains as well


def parse(text: Source | str, *, limits: Limits = DEFAULT, lexed: Lexed | None = None) -> ast.Program:
    """The program that a text is. Raises ResError with all syntax diagnostics, in file order."""
    source = Source("text", text) if isinstance(text, str) else text
    program, diagnostics = parse_recovering(source, limits=limits, lexed=lexed)
    if diagnostics:
        raise ResError(diagnostics)
    return program


def parse_recovering(
    source: Source, *, limits: Limits = DEFAULT, lexed: Lexed | None = None
) -> tuple[ast.Program, tuple[Diagnostic, ...]]:
    """What of a source could be understood, and what is wrong with the rest, in file order.

    A definition that lost a part is there without it, and says so in `lost`. A text that is too large, nested too deep
    or of another edition is not looked into: its program is empty.

    Args:
        source: the text.
        limits: what is looked into.
        lexed: its tokens, if they are at hand; they are left as they are.
    """
    if too_large := check_size(source, limits):
        return _nothing(source), (too_large,)
    hidden = check_characters(source)
    lexed = lexed or lex(source, limits)
    if refusal := lexed.too_deep or _check_edition(source, lexed.tokens):
        return _nothing(source), (refusal,)
    try:
        program, mistakes = _parse(source, lexed, limits)
    except ResError as too_deep:
        return _nothing(source), too_deep.diagnostics
    found = sorted([*hidden, *lexed.diagnostics, *mistakes], key=lambda d: d.span.start if d.span else 0)
    return program, tuple(found[: limits.diagnostics])


def _parse(source: Source, lexed: Lexed, limits: Limits) -> tuple[ast.Program, list[Diagnostic]]:
    """The way from tokens to a tree: feed them one after another, and mend or skip what cannot stand."""
    machine = Machine(source, TreeBuilder(source, find_docs(source, lexed)), limits)
    tokens = list(lexed.tokens)
    mistakes: list[Diagnostic] = []
    skipped: list[ast.Lost] = []
    cut_short = any(token.kind == "BAD_COMMENT" for token in tokens[-2:])
    at = 0
    while at < len(tokens):
        if machine.feed(tokens[at]):
            at += 1
            continue
        silent = cut_short and tokens[at].kind == "$END"
        mistake, at = get_over(Place(source, machine, tokens, at))
        mistakes += [] if silent else [mistake.diagnostic]
        if mistake.mend is None:
            skipped.append(_lost(source, tokens, machine.ends[-1], tokens[min(at, len(tokens) - 1)].start))
        if len(mistakes) >= limits.diagnostics and not cut_short:
            cut_short = True
            del tokens[at:-1]
    if not machine.values or not isinstance(machine.values[0], ast.Program):
        raise InternalError("the parse did not end in a program")
    return _mark(machine.values[0], skipped), mistakes


def _check_edition(source: Source, tokens: list[Token]) -> Diagnostic | None:
    if [token.kind for token in tokens[:2]] != ["RES", "INT"] or tokens[1].text == str(EDITION):
        return None
    span = Span(source, tokens[0].start, tokens[1].end)
    message = f"edition {tokens[1].text} of the language is unknown here; this is edition {EDITION}"
    return Diagnostic(Code.SYNTAX_EDITION, message, span, help="a later resdsl may know it")


def _lost(source: Source, tokens: list[Token], start: int, end: int) -> ast.Lost:
    """What lies between two places of a text, with the keyword of the one statement that it is."""
    first, last = (bisect_left(tokens, place, key=lambda token: token.start) for place in (start, end))
    kinds = [token.kind for token in tokens[first:last]]
    is_one = kinds[:1] and kinds[0] in STATEMENTS and not _BEGINNINGS.intersection(kinds[1:])
    word = tokens[first].text if is_one else ""
    return ast.Lost(word, span=Span(source, start, end))


def _mark(program: ast.Program, skipped: list[ast.Lost]) -> ast.Program:
    """The program, with what its definitions lost."""
    definitions = tuple(_mark_one(definition, skipped) for definition in program.definitions)
    spans = tuple(lost.span for lost in skipped)
    return evolve(program, definitions=definitions, skipped=spans) if skipped else program


def _mark_one(definition: ast.AnyDefinition, skipped: list[ast.Lost]) -> ast.AnyDefinition:
    span = definition.span
    parts = [part for part in skipped if part.span.start < span.end and span.start < part.span.end]
    if not parts:
        return definition
    lists = {part.span.start: _with_sign(part.span) for part in parts}
    parameters = lists.pop(definition.name_span.end, None)
    arguments = lists.pop(definition.base.span.end, None) if isinstance(definition, ast.Derived) else None
    lost = tuple(part for part in parts if part.span.start in lists)
    marked = evolve(definition, lost=lost, lost_list=parameters)
    return evolve(marked, lost_arguments=arguments) if isinstance(marked, ast.Derived) else marked


def _with_sign(span: Span) -> Span:
    """The text of a list, and the sign behind it that a body begins with: `{`, `=`, `->`."""
    return Span(span.source, span.start, span.end + (2 if span.source.text.startswith("->", span.end) else 1))


def _nothing(source: Source) -> ast.Program:
    return ast.Program(EDITION, (), (), span=Span(source, 0, 0))
