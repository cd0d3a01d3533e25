"""Mistakes in single characters: signs and quotes of other languages, foreign letters, numbers that run into words."""

from __future__ import annotations

from collections.abc import Callable

from resdsl.diagnostics import Code
from resdsl.source import Span
from resdsl.syntax.mistakes.mistake import Mend, Mistake, quote, replace, shorten, tell
from resdsl.syntax.place import Place
from resdsl.syntax.text import name_character
from resdsl.syntax.token import NO_NAME, Token
from resdsl.syntax.words import FOREIGN_SIGNS


def bad_token(place: Place) -> Mistake | None:
    """Characters that no part of the language uses."""
    read = _BAD_TOKENS.get(place.token.kind)
    return read(place) if read else None


def spaced_size(place: Place) -> Mistake | None:
    """`3 x 3`, `3x 3`, `3 × 3`: a size is one word."""
    height = len(place.machine.values)
    begun = place.machine.kind_at(height - 1) in ("INT", "SIZE") and place.machine.takes_at(height - 1, "SIZE")
    pieces: list[Token] = []
    for at in range(place.at - begun, len(place.tokens) - 1):
        token = place.tokens[at]
        joined = not pieces or "x" in (_as_x(pieces[-1])[-1:], _as_x(token)[:1])
        if not joined or not _IN_SIZES.issuperset(_as_x(token)) or (pieces and place.begins_line(at)):
            break
        pieces.append(token)
    size = "".join(map(_as_x, pieces))
    if len(pieces) < 2 or not all(part.isdigit() and len(part) < 9 for part in size.split("x")):
        return None
    span = place.span(pieces[0], pieces[-1])
    mend = Mend((Token("SIZE", size, span.start, span.end),), len(pieces) - begun, back=int(begun))
    wrong = "without spaces" if any(sign.isspace() for sign in span.text) else "with an `x`"
    return tell(f"a size is one word, {wrong}: `{shorten(size)}`", span, fix=size, mend=mend)


def _as_x(token: Token) -> str:
    return token.text.replace("×", "x")


def _open_text(place: Place) -> Mistake:
    return tell(
        "this text is not closed on its line",
        place.span(place.token),
        code=Code.SYNTAX_UNCLOSED,
        help='close it by `"`',
        mend=replace(place, "STRING", '""'),
    )


def _open_comment(place: Place) -> Mistake:
    span = Span(place.source, place.token.start, place.token.start + 2)
    message = "this comment is never closed"
    return tell(message, span, code=Code.SYNTAX_UNCLOSED, help="close it by `*/`", mend=Mend(sure=True))


def _other_quotes(place: Place) -> Mistake:
    right = quote(place.token.text[1:-1])
    return tell(
        f"a text stands in double quotes: `{shorten(right)}`",
        place.span(place.token),
        code=Code.SYNTAX_CHARACTER,
        fix=right,
        mend=replace(place, "STRING", right),
    )


def _foreign_letters(place: Place) -> Mistake:
    text = place.token.text
    letter = name_character(next(letter for letter in text if not letter.isascii()))
    message = f"`{shorten(text)}` has {letter} in it; names are made of the letters a to z, digits and `_`"
    span = place.span(place.token)
    return tell(message, span, code=Code.SYNTAX_CHARACTER, mend=replace(place, "NAME", NO_NAME))


def _number_with_letters(place: Place) -> Mistake:
    if size := spaced_size(place):
        return size
    text = place.token.text
    thousands = text.rstrip("kmgb")
    fix: str | None = None
    kind, stand_in, help = "INT", "1", "a name begins with a letter, and `_` in a number stands between digits"
    if not place.machine.takes("INT"):
        kind, stand_in, help = "NAME", NO_NAME, "a name begins with a letter"
    elif thousands != text and thousands.isdigit():
        kind, stand_in, fix = "INT", f"{thousands[:9]}_000", f"{thousands}_000" if text[-1] == "k" else None
        help = f"thousands are written out: `{stand_in}`"
    message = f"`{shorten(text)}` is neither a number nor a name"
    return tell(message, place.span(place.token), help=help, fix=fix, mend=replace(place, kind, stand_in))


def _foreign_sign(place: Place) -> Mistake:
    if size := spaced_size(place):
        return size
    token, after = place.token, place.after
    span = place.span(token)
    if token.text == ";":
        message = "statements need no `;` between them"
        return tell(message, span, code=Code.SYNTAX_CHARACTER, fix="", mend=Mend())
    if token.text in _DASHES and after.text == ">" and after.start == token.end and (mend := _arrow(place)):
        span = place.span(token, after)
        return tell(f"`{span.text}` is written `->`", span, code=Code.SYNTAX_CHARACTER, fix="->", mend=mend)
    right, kind = FOREIGN_SIGNS.get(token.text, ("", ""))
    if mend := replace(place, kind, right):
        return tell(f"`{token.text}` is written `{right}`", span, code=Code.SYNTAX_CHARACTER, fix=right, mend=mend)
    if token.text == "." and after.kind == "INT" and after.start == token.end and place.machine.takes("REAL"):
        right, span = f"0.{after.text}", place.span(token, after)
        message, mend = f"a number begins with a digit: `{shorten(right)}`", replace(place, "REAL", "0.5", drop=2)
        return tell(message, span, code=Code.SYNTAX_CHARACTER, fix=right, mend=mend)
    shown = f"`{token.text}`" if token.text.isascii() else name_character(token.text)
    return tell(f"no part of the language uses {shown}", span, code=Code.SYNTAX_CHARACTER, mend=Mend())


def _arrow(place: Place) -> Mend | None:
    return replace(place, "ARROW", "->", drop=2)


_BAD_TOKENS: dict[str, Callable[[Place], Mistake]] = {
    "BAD_STRING": _open_text,
    "BAD_COMMENT": _open_comment,
    "BAD_QUOTES": _other_quotes,
    "BAD_NAME": _foreign_letters,
    "BAD_NUMBER": _number_with_letters,
    "BAD": _foreign_sign,
}

_DASHES = "–—−"
_IN_SIZES = frozenset("0123456789x")
