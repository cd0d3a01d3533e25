"""Cuts a text into tokens and comments; it never stops, whatever the text."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache

from resdsl.diagnostics import Code, Diagnostic
from resdsl.limits import Limits
from resdsl.record import record
from resdsl.source import Source, Span
from resdsl.syntax.slips import BOOLEANS, mend_tokens
from resdsl.syntax.table import load_table
from resdsl.syntax.text import HIDDEN
from resdsl.syntax.token import Token


@record
class Lexed:
    """What a text is made of.

    Attributes:
        tokens: without spaces and comments.
        comments: with the signs that begin and end them.
        diagnostics: what is wrong with tokens in themselves; what stands in for them needs no further message.
        too_deep: a bracket that is nested deeper than the limits allow: such a text is not to be parsed.
    """

    tokens: list[Token]
    comments: list[Token]
    diagnostics: list[Diagnostic]
    too_deep: Diagnostic | None


def lex(source: Source, limits: Limits) -> Lexed:
    """All tokens and comments of a source."""
    table = load_table()
    keywords, ignored = table.keywords, table.ignored
    long_name, long_number = limits.name_characters, limits.number_bits * 3 // 10
    tokens: list[Token] = []
    comments: list[Token] = []
    suspects: list[int] = []
    for match in _scanner(foreign=not source.text.isascii()).finditer(source.text):
        kind = match.lastgroup or ""
        if kind == "SPACE":
            continue
        text = match.group()
        start, end = match.span()
        if kind == "NAME":
            kind = keywords.get(text, kind)
            if end - start > long_name or text in BOOLEANS:
                suspects.append(len(tokens))
        elif kind in ignored:
            comments.append(Token(kind, text, start, end))
            continue
        elif kind == "REAL" or (kind == "STRING" and "\\" in text) or (kind in _NUMBERS and end - start > long_number):
            suspects.append(len(tokens))
        elif kind == "BAD" and HIDDEN.match(text):
            continue  # told of already
        elif kind == "BAD_STRING":
            tokens += _close_text(text, start)
            continue
        tokens.append(Token(kind, text, start, end))
    tokens.append(Token("$END", "", len(source.text), len(source.text)))
    mended = mend_tokens(source, tokens, suspects, limits)
    return Lexed(tokens, comments, mended, _check_nesting(source, tokens, limits))


def find_docs(source: Source, lexed: Lexed) -> dict[int, str]:
    """By the offset of a token, the text of the `##` lines above it."""
    lines: dict[int, list[str]] = {}
    starts = [token.start for token in lexed.tokens]
    for comment in lexed.comments:
        if not comment.text.startswith("##") or comment.text.startswith("###"):
            continue
        place = bisect_left(starts, comment.start)
        if place and source.text.find("\n", lexed.tokens[place - 1].end, comment.start) < 0:
            continue  # at the end of a line: it speaks of what is before it
        lines.setdefault(starts[place], []).append(comment.text[2:].removeprefix(" ").rstrip())
    return {start: "\n".join(text) for start, text in lines.items()}


@cache
def _scanner(*, foreign: bool) -> re.Pattern[str]:
    """One expression of all terminals, and of what is none of them. No two of its parts fight over a text for long."""
    table = load_table()
    parts = dict(table.terminals)
    first = {"BLOCK_COMMENT": parts["BLOCK_COMMENT"], **(_BAD_NAME if foreign else {}), **_BAD_COMMENT}
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in {**first, **parts, **_BAD}.items()))


def _check_nesting(source: Source, tokens: list[Token], limits: Limits) -> Diagnostic | None:
    depth = 0
    for token in tokens:
        if token.kind in _OPENING:
            depth += 1
            if depth > limits.nesting:
                message = f"brackets are nested {depth} deep here; they may be {limits.nesting} deep"
                return Diagnostic(Code.LIMIT_NESTING, message, Span(source, token.start, token.end))
        elif token.kind in _CLOSING and depth:
            depth -= 1
    return None


def _close_text(text: str, start: int) -> list[Token]:
    """A text that its line does not close ends before the brackets at the line's end, which are meant for others."""
    inside = text.rstrip(" \t\r)]}")
    tokens = [Token("BAD_STRING", inside, start, start + len(inside))]
    closers = ((at, text[at]) for at in range(len(inside), len(text)) if text[at] in _CLOSERS)
    tokens += (Token(_CLOSERS[sign], sign, start + at, start + at + 1) for at, sign in closers)
    return tokens


_NUMBERS = frozenset({"INT", "SIZE", "QUANTITY"})
_OPENING = frozenset({"OPEN_PAREN", "OPEN_BRACKET", "OPEN_BRACE"})
_CLOSING = frozenset({"CLOSE_PAREN", "CLOSE_BRACKET", "CLOSE_BRACE"})
_CLOSERS = {")": "CLOSE_PAREN", "]": "CLOSE_BRACKET", "}": "CLOSE_BRACE"}

# What is no terminal: before all of them, names in other letters and a comment that is never closed; after them, a text
# that its line does not close, a text in other quotes, a number that runs into letters, and at last any character.
_BAD_NAME = {"BAD_NAME": r"[A-Za-z_][A-Za-z0-9_]*[^\W\x00-\x7f]\w*|[^\W\x00-\x7f]\w*"}
_BAD_COMMENT = {"BAD_COMMENT": r"/\*[\s\S]*"}
_BAD = {
    "BAD_STRING": r'"[^\n]*',
    "BAD_QUOTES": r"'[^'\n]*'|“[^“”\n]*”",
    "BAD_NUMBER": r"[0-9][0-9A-Za-z_]*",
    "BAD": r"&&|\|\||[\s\S]",
}
