"""Mends tokens that are wrong wherever they stand: numbers too large, names too long, unknown escapes, `True`."""

from __future__ import annotations

from collections.abc import Iterable

from resdsl.diagnostics import Code, Diagnostic, Fix
from resdsl.limits import Limits
from resdsl.source import Source, Span
from resdsl.syntax.token import Token


def mend_tokens(source: Source, tokens: list[Token], suspects: Iterable[int], limits: Limits) -> list[Diagnostic]:
    """Looks at the suspects among the tokens; one that is wrong is told of, and replaced by one that will do."""
    diagnostics: list[Diagnostic] = []
    for place in suspects:
        token = tokens[place]
        diagnostic, kind, text = _inspect(source, token, limits) or (None, "", "")
        if diagnostic is not None:
            diagnostics.append(diagnostic)
            tokens[place] = Token(kind, text, token.start, token.end)
    return diagnostics


def _inspect(source: Source, token: Token, limits: Limits) -> tuple[Diagnostic, str, str] | None:
    """What is wrong with a token, and the kind and text of one that will do."""
    span = Span(source, token.start, token.end)
    match token.kind:
        case "STRING":
            return _inspect_text(source, token)
        case "NAME" if token.text in BOOLEANS:
            right = BOOLEANS[token.text]
            message = f"`{token.text}` is written `{right}`"
            return Diagnostic(Code.SYNTAX_UNEXPECTED, message, span, fixes=(Fix(span, right),)), right.upper(), right
        case "NAME" if len(token.text) > limits.name_characters:
            message = f"a name has {len(token.text):,} characters; it may have {limits.name_characters:,}"
            return Diagnostic(Code.LIMIT_NAME, message, span), "NAME", token.text[: limits.name_characters]
        case "INT" | "SIZE" | "REAL" | "QUANTITY":
            if problem := _measure(token, limits):
                shown = token.text if len(token.text) <= 24 else f"{token.text[:12]}…"
                stand_in = {"SIZE": "1x1", "REAL": "1.0", "QUANTITY": "1K"}.get(token.kind, "1")
                message = f"`{shown}` is {problem}"
                return Diagnostic(Code.LIMIT_NUMBER, message, span), token.kind, stand_in
        case _:
            pass
    return None


def _measure(token: Token, limits: Limits) -> str | None:
    if token.kind in ("REAL", "QUANTITY"):
        digits = token.text.rstrip("KMGB")
        value = float(digits)
        if value == float("inf"):
            return "larger than any number that the language computes with"
        if value == 0 and any(digit in "123456789" for digit in digits.lower().partition("e")[0]):
            return "nearer to zero than any number that the language computes with"
        return None
    longest = max(token.text.replace("_", "").split("x"), key=len)
    if len(longest) > _INT_DIGITS or int(longest).bit_length() > limits.number_bits:
        return f"larger than 2^{limits.number_bits}, the largest whole number that the language computes with"
    return None


def _inspect_text(source: Source, token: Token) -> tuple[Diagnostic, str, str] | None:
    at = 1
    while (at := token.text.find("\\", at)) >= 0:
        pair = token.text[at : at + 2]
        if pair not in ESCAPES:
            span = Span(source, token.start + at, token.start + at + 2)
            help = f"a backslash itself is written `\\\\`; the escapes are {', '.join(f'`{e}`' for e in ESCAPES)}"
            message = f"`{pair}` stands for no character"
            return Diagnostic(Code.SYNTAX_CHARACTER, message, span, help=help), "STRING", '""'
        at += 2
    return None


def unescape(literal: str) -> str:
    """The text that a literal in quotes stands for."""
    pieces = literal[1:-1].split("\\\\")
    for escape, character in ESCAPES.items():
        pieces = [piece.replace(escape, character) for piece in pieces]
    return "\\".join(pieces)


_INT_DIGITS = 4000  # Python itself refuses to read more than 4300

BOOLEANS = {"True": "true", "False": "false", "TRUE": "true", "FALSE": "false"}

ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n", "\\t": "\t"}
