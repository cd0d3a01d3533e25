"""Cuts a text into tokens, keeping the comments; never stops at a character that it does not know."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from resdsl.diagnostics import Code, Diagnostic, Fix
from resdsl.limits import Limits
from resdsl.source import Source, Span
from resdsl.syntax.table import Table, load_table


class Token(NamedTuple):
    """A word, number or sign: the name of its terminal, its characters, and where they stand."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lexed:
    """What a text is made of.

    Attributes:
        tokens: all of them, the last of kind `$END`.
        comments: in file order, with the signs that begin them.
        docs: the text of the `##` lines that stand directly above a token, by the token's offset.
        diagnostics: what is wrong with single characters, numbers and texts. A token stands in for each, so that the
            parser has nothing to add.
    """

    tokens: list[Token]
    comments: list[Token]
    docs: dict[int, str]
    diagnostics: list[Diagnostic]


def lex(source: Source, limits: Limits) -> Lexed:
    """All tokens and comments of a source."""
    table = load_table()
    keywords, ignored = table.keywords, table.ignored
    tokens: list[Token] = []
    comments: list[Token] = []
    for match in _scanner().finditer(source.text):
        kind = match.lastgroup or ""
        if kind == "SPACE":
            continue
        start, end = match.span()
        text = match.group()
        if kind == "NAME":
            tokens.append(Token(keywords.get(text, kind), text, start, end))
        elif kind in ignored:
            comments.append(Token(kind, text, start, end))
        else:
            tokens.append(Token(kind, text, start, end))
    end = len(source.text)
    tokens.append(Token("$END", "", end, end))
    return Lexed(tokens, comments, {}, [])


@cache
def _scanner() -> re.Pattern[str]:
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in load_table().terminals))
