"""Tells a person what is wrong where the parse met a token that cannot stand there, and how to mend it if one knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from resdsl.diagnostics import Code, Diagnostic, Fix, Note, nearest
from resdsl.source import Span
from resdsl.syntax.place import CLOSER, Place
from resdsl.syntax.table import load_table
from resdsl.syntax.text import name_character
from resdsl.syntax.token import Token
from resdsl.syntax.words import (
    DEFINITIONS, FOREIGN_SIGNS, FOREIGN_WORDS, FORMS, INSERTIONS, LOOPS, SIGNS, STATEMENTS, TYPES, WRONG_SIGNS,
    list_wanted,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mend:
    """Tokens to put in place of `drop` tokens from the mistake on, with which the parse goes on.

    A mend that is not sure must prove itself: the parse has to get along with the tokens that follow.
    """

    tokens: tuple[Token, ...]
    drop: int
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is said; without a mend, the statement that it is about is given up."""

    diagnostic: Diagnostic
    mend: Mend | None = None


def diagnose(place: Place) -> Mistake:
    """What is wrong at a place: the first of the known mistakes that fits, else what was found and what is wanted."""
    mistake = next((mistake for known in KNOWN if (mistake := known(place))), None) or _unexpected(place)
    mend = mistake.mend
    if mend is None or mend.sure or place.carries_on([token.kind for token in mend.tokens], mend.drop):
        return mistake
    return Mistake(mistake.diagnostic)


# ---------------------------------------------------------------- characters


def _bad_token(place: Place) -> Mistake | None:
    """Characters that no part of the language uses."""
    read = _BAD_TOKENS.get(place.token.kind)
    return read(place) if read else None


def _open_text(place: Place) -> Mistake:
    diagnostic = Diagnostic(
        Code.SYNTAX_UNCLOSED, "this text is not closed on its line", place.span(place.token), help='close it by `"`'
    )
    return Mistake(diagnostic, _replace(place, "STRING", '""'))


def _open_comment(place: Place) -> Mistake:
    span = Span(place.source, place.token.start, place.token.start + 2)
    return Mistake(
        Diagnostic(Code.SYNTAX_UNCLOSED, "this comment is never closed", span, help="close it by `*/`"), Mend((), 1)
    )


def _single_quotes(place: Place) -> Mistake:
    span = place.span(place.token)
    right = _quote(place.token.text[1:-1])
    message = f"a text stands in double quotes: `{right}`"
    return Mistake(Diagnostic(Code.SYNTAX_CHARACTER, message, span, fix=Fix(span, right)), _replace(place, "STRING", right))


def _foreign_letters(place: Place) -> Mistake:
    text = place.token.text
    letter = name_character(next(letter for letter in text if not letter.isascii()))
    message = f"`{_shorten(text)}` has {letter} in it; names are made of the letters a to z, digits and `_`"
    return Mistake(Diagnostic(Code.SYNTAX_CHARACTER, message, place.span(place.token)), _replace(place, "NAME", "_"))


def _number_with_letters(place: Place) -> Mistake:
    if size := _spaced_size(place):
        return size
    text = place.token.text
    thousands = text.rstrip("kmgb")
    if not place.machine.takes("INT"):
        help, mend = "a name begins with a letter", _replace(place, "NAME", "_")
    elif thousands != text and thousands.isdigit():
        help, mend = f"thousands are written out: `{int(thousands[:9])}_000`", _replace(place, "INT", "1")
    else:
        help, mend = "a name begins with a letter, and `_` in a number stands between digits", _replace(place, "INT", "1")
    message = f"`{_shorten(text)}` is neither a number nor a name"
    return Mistake(Diagnostic(Code.SYNTAX_UNEXPECTED, message, place.span(place.token), help=help), mend)


def _foreign_sign(place: Place) -> Mistake:
    token, takes = place.token, place.machine.takes
    span = place.span(token)
    right, kind = FOREIGN_SIGNS.get(token.text, ("", ""))
    if size := _spaced_size(place):
        return size
    if token.text == ";":
        diagnostic = Diagnostic(Code.SYNTAX_CHARACTER, "statements need no `;` between them", span, fix=Fix(span, ""))
        return Mistake(diagnostic, Mend((), 1))
    if kind and takes(kind):
        diagnostic = Diagnostic(Code.SYNTAX_CHARACTER, f"`{token.text}` is written `{right}`", span, fix=Fix(span, right))
        return Mistake(diagnostic, _replace(place, kind, right))
    if token.text == "." and place.after.kind == "INT" and place.after.start == token.end and takes("REAL"):
        right, span = f"0.{place.after.text}", place.span(token, place.after)
        message = f"a number begins with a digit: `{_shorten(right)}`"
        diagnostic = Diagnostic(Code.SYNTAX_CHARACTER, message, span, fix=Fix(span, right))
        return Mistake(diagnostic, _replace(place, "REAL", "0.5", drop=2))
    shown = f"`{token.text}`" if token.text.isascii() else name_character(token.text)
    diagnostic = Diagnostic(Code.SYNTAX_CHARACTER, f"no part of the language uses {shown}", span)
    return Mistake(diagnostic, Mend((), 1) if place.follows() else None)


# ---------------------------------------------------------------- the edition


def _edition(place: Place) -> Mistake | None:
    """A file that does not begin with `res 1`."""
    token = place.token
    if place.machine.takes("RES"):
        begin = Span(place.source, 0, 0)
        message = "a file begins with the edition of the language that it is written in: `res 1`"
        diagnostic = Diagnostic(Code.SYNTAX_EDITION, message, place.span(token), fix=Fix(begin, "res 1\n"))
        return Mistake(diagnostic, _insert(place, "RES", "INT", sure=True))
    if place.machine.kind_at(0) != "RES" or len(place.machine.values) != 1:
        return None
    wrong = not place.begins_line() and token.kind not in DEFINITIONS | {"$END"}
    diagnostic = Diagnostic(
        Code.SYNTAX_EDITION,
        "`res` is followed by the edition of the language, a whole number: `res 1`",
        place.span(token) if wrong else place.gap,
    )
    number = Token("INT", "1", place.gap.start, place.gap.end)
    return Mistake(diagnostic, Mend((number,), int(wrong), sure=True))


# ---------------------------------------------------------------- brackets


def _unclosed(place: Place) -> Mistake | None:
    """A bracket that something follows which cannot stand inside it, or that the file ends in."""
    brackets = place.open_brackets()
    if not brackets or place.token.kind == CLOSER[brackets[-1].kind]:
        return None
    innermost, token = brackets[-1], place.token
    closer = CLOSER[innermost.kind]
    closes = place.machine.takes(closer)
    if innermost.kind == "OPEN_BRACE":
        ends = place.unclosed_before(place.at)
    else:
        ends = any(CLOSER[bracket.kind] == token.kind for bracket in brackets) or (
            token.kind in STATEMENTS | DEFINITIONS and place.begins_line() and not place.follows("NAME")
        )
    if not ends and token.kind != "$END":
        return None
    diagnostic = Diagnostic(
        Code.SYNTAX_UNCLOSED,
        f"`{innermost.text}` is never closed",
        place.span(innermost),
        "opened here",
        () if token.kind == "$END" else (Note(place.span(token), "this does not stand inside it"),),
    )
    return Mistake(diagnostic, _insert(place, closer, sure=True) if closes else None)


def _early_closer(place: Place) -> Mistake | None:
    """A brace that closes a definition before its last statement."""
    closer, machine = place.before, place.machine
    height = len(machine.values) - 1
    if machine.kind_at(height) != "CLOSE_BRACE" or place.unclosed_braces() >= 0:
        return None
    if not machine.takes_at(height, place.token.kind, place.after.kind):
        return None
    machine.pop_to(height)
    span = place.span(closer)
    notes = (Note(place.span(place.token), "this would stand outside of it"),)
    return Mistake(
        Diagnostic(Code.SYNTAX_UNEXPECTED, "`}` is one too many", span, notes=notes, fix=Fix(span, "")), Mend((), 0, sure=True)
    )


def _stray_closer(place: Place) -> Mistake | None:
    """A closing bracket without its opening one."""
    brackets, token = place.open_brackets(), place.token
    if token.kind not in CLOSER.values() or any(CLOSER[bracket.kind] == token.kind for bracket in brackets):
        return None
    span = place.span(token)
    if not brackets or brackets[-1].kind == "OPEN_BRACE":
        diagnostic = Diagnostic(Code.SYNTAX_UNEXPECTED, f"`{token.text}` closes nothing", span, fix=Fix(span, ""))
        return Mistake(diagnostic, Mend((), 1))
    innermost = brackets[-1]
    right = SIGNS[CLOSER[innermost.kind]]
    diagnostic = Diagnostic(
        Code.SYNTAX_UNEXPECTED,
        f"`{token.text}` stands where `{right}` is wanted",
        span,
        notes=(Note(place.span(innermost), "opened here"),),
        fix=Fix(span, right),
    )
    return Mistake(diagnostic, _replace(place, CLOSER[innermost.kind], right))


# ---------------------------------------------------------------- signs and words that mean something else


def _spaced_size(place: Place) -> Mistake | None:
    """`3 x 3`, `3x 3`, `3 × 3`: a size is one word."""
    height = len(place.machine.values)
    begun = place.machine.kind_at(height - 1) in ("INT", "SIZE") and place.machine.takes_at(height - 1, "SIZE")
    start = place.at - begun
    pieces: list[str] = []
    for at in range(start, len(place.tokens) - 1):
        piece = place.tokens[at].text.replace("×", "x")
        joined = not pieces or pieces[-1].endswith("x") or piece.startswith("x")
        if not piece or not set(piece) <= _IN_SIZES or not joined or (pieces and place.begins_line(at)):
            break
        pieces.append(piece)
    size = "".join(pieces)
    if len(pieces) < 2 or not all(part.isdigit() and len(part) < 9 for part in size.split("x")):
        return None
    place.machine.pop_to(height - begun)
    first, last = place.tokens[start], place.tokens[start + len(pieces) - 1]
    span = place.span(first, last)
    diagnostic = Diagnostic(
        Code.SYNTAX_UNEXPECTED, f"a size is one word, without spaces: `{size}`", span, fix=Fix(span, size)
    )
    return Mistake(diagnostic, Mend((Token("SIZE", size, first.start, last.end),), start + len(pieces) - place.at))


def _wrong_sign(place: Place) -> Mistake | None:
    """A sign that other languages use for what another sign means here."""
    for signs, rights in WRONG_SIGNS.items():
        found = place.tokens[place.at : place.at + len(signs)]
        after = place.tokens[min(place.at + len(signs), len(place.tokens) - 1)]
        if tuple(token.text for token in found) != signs or any(a.end != b.start for a, b in zip(found, found[1:])):
            continue
        for kind in rights:
            if place.machine.takes(kind, after.kind):
                right, span = SIGNS.get(kind, "=="), place.span(found[0], found[-1])
                message = f"`{''.join(signs)}` stands where `{right}` is wanted"
                diagnostic = Diagnostic(
                    Code.SYNTAX_UNEXPECTED, message, span, help=_form(place.keyword()), fix=Fix(span, right)
                )
                return Mistake(diagnostic, _replace(place, kind, right, drop=len(signs)))
    return None


def _power(place: Place) -> Mistake | None:
    """`2 ** 3`."""
    if place.token.text != "*" or place.before.text != "*" or place.before.end != place.token.start:
        return None
    span = place.span(place.before, place.token)
    diagnostic = Diagnostic(Code.SYNTAX_UNEXPECTED, "a power is written `^`", span, fix=Fix(span, "^"))
    return Mistake(diagnostic, Mend((), 1) if place.follows() else None)


def _times(place: Place) -> Mistake | None:
    """`basic(16) x 3`."""
    if place.token.text not in ("x", "X") or not place.machine.takes("STAR", place.after.kind):
        return None
    span = place.span(place.token)
    diagnostic = Diagnostic(
        Code.SYNTAX_UNEXPECTED, "a count of blocks follows `*`", span, help=_form(place.keyword()), fix=Fix(span, "*")
    )
    return Mistake(diagnostic, _replace(place, "STAR", "*"))


def _comment(place: Place) -> Mistake | None:
    """`// like this`."""
    first = next((at for at in range(place.at, -1, -1) if place.tokens[at].kind == "FLOOR" or place.begins_line(at)), 0)
    sign = place.tokens[first]
    words = place.token.kind == "NAME" or place.token.text in load_table().keywords
    if sign.kind != "FLOOR" or not (first == place.at or words):
        return None
    rest = next(at for at in range(place.at, len(place.tokens)) if place.tokens[at].kind == "$END" or (at > first and place.begins_line(at)))
    diagnostic = Diagnostic(
        Code.SYNTAX_UNEXPECTED, "a comment begins with `#`", place.span(sign), fix=Fix(place.span(sign), "#")
    )
    return Mistake(diagnostic, Mend((), rest - place.at) if first == place.at else None)


def _separator(place: Place) -> Mistake | None:
    """A comma between statements, or after the last."""
    token = place.token
    begins = place.after.kind in STATEMENTS | DEFINITIONS | {"CLOSE_BRACE"}
    if token.kind != "COMMA" or not begins or not place.follows():
        return None
    span = place.span(token)
    diagnostic = Diagnostic(Code.SYNTAX_UNEXPECTED, "statements need no `,` between them", span, fix=Fix(span, ""))
    return Mistake(diagnostic, Mend((), 1))


def _twice(place: Place) -> Mistake | None:
    """`stage stage s1 : …`."""
    token = place.token
    if not token.text or token.text != place.before.text or not place.carries_on([], 1):
        return None
    span = place.span(token)
    message = f"`{_shorten(token.text)}` stands twice"
    return Mistake(Diagnostic(Code.SYNTAX_UNEXPECTED, message, span, fix=Fix(span, "")), Mend((), 1))


def _keyword_as_name(place: Place) -> Mistake | None:
    """`let stage = 3`."""
    token = place.token
    if token.text not in load_table().keywords or place.begins_line() or not place.follows("NAME"):
        return None
    message = f"`{token.text}` is a keyword of the language and cannot be a name"
    diagnostic = Diagnostic(Code.SYNTAX_RESERVED, message, place.span(token), help=f"`{token.text}_` could be one")
    return Mistake(diagnostic, _replace(place, "NAME", token.text))


def _misspelt(place: Place) -> Mistake | None:
    """`stagee s1 : …`, `import "std.res"`."""
    token, machine = place.token, place.machine
    if token.kind != "NAME":
        return None
    words = {word: kind for word, kind in load_table().keywords.items() if machine.takes(kind)}
    word = (nearest(token.text, words) if len(token.text) > 2 else None) or FOREIGN_WORDS.get(token.text.lower(), "")
    kind = words.get(word, "")
    if not kind or not place.follows(kind) or (kind in STATEMENTS and not place.begins_line() and _missing(place)):
        return None
    span = place.span(token)
    message = f"`{_shorten(token.text)}` is no word of the language; did you mean `{word}`?"
    help = _form(kind) or _form(place.keyword())
    return Mistake(
        Diagnostic(Code.SYNTAX_UNEXPECTED, message, span, help=help, fix=Fix(span, word)), _replace(place, kind, word)
    )


def _missing(place: Place) -> Mistake | None:
    """One sign or word left out."""
    if place.begins_line() and place.complete():
        return None  # it is the beginning of something
    for kind, text in INSERTIONS.items():
        if kind == "COLON" and place.machine.takes("COMMA") and place.token.text not in TYPES:
            continue
        if kind == CLOSER.get(place.before.kind):
            continue
        if place.machine.takes(kind, place.token.kind, place.after.kind):
            message = f"`{text.strip()}` is missing after `{_shorten(place.before.text)}`"
            diagnostic = Diagnostic(
                Code.SYNTAX_UNEXPECTED, message, place.gap, help=_form(place.keyword()), fix=Fix(place.gap, text)
            )
            return Mistake(diagnostic, _insert(place, kind))
    return None


def _unquoted(place: Place) -> Mistake | None:
    """`use std.res`, `about Deep residual networks`."""
    if not place.machine.takes("STRING") or place.machine.takes("INT") or place.begins_line():
        return None
    rest = [place.at]
    while place.tokens[rest[-1]].kind not in ("$END", "CLOSE_BRACE", "STRING") and not place.begins_line(rest[-1] + 1):
        rest.append(rest[-1] + 1)
    if place.tokens[rest[-1]].kind in ("$END", "CLOSE_BRACE", "STRING"):
        rest.pop()
    if not rest:
        return None
    span = place.span(place.token, place.tokens[rest[-1]])
    right = _quote(span.text)
    diagnostic = Diagnostic(
        Code.SYNTAX_UNEXPECTED,
        f"a text stands in quotes: `{_shorten(right, 60)}`",
        span,
        help=_form(place.keyword()),
        fix=Fix(span, right),
    )
    return Mistake(diagnostic, Mend((Token("STRING", right, span.start, span.end),), len(rest)))


# ---------------------------------------------------------------- anything else


def _misplaced(place: Place) -> Mistake | None:
    """A statement of blocks in a network, a definition within another, a statement outside of all."""
    token, machine = place.token, place.machine
    if token.kind not in STATEMENTS | DEFINITIONS or not place.complete():
        return None
    inside = place.machine.symbols_at(place.open_lists()[0])
    home = next((name for symbol, name in _HOMES.items() if symbol in inside), "")
    homes = [name for symbol, name in _HOMES.items() if token.kind in _statements_of(symbol)]
    help = f"it is a statement of {' or '.join(homes)}" if homes and home not in homes else ""
    if token.kind == "USE":
        message, help = "`use` stands before all definitions", "move it up, below `res 1`"
    elif token.kind in DEFINITIONS - STATEMENTS:
        message, help = f"{home} has no definitions in it", f"move this `{token.text}` out"
    elif not home:
        message = f"`{token.text}` stands outside of every definition"
    else:
        message = f"{home} has no statement `{token.text}`"
    closed = not home and place.before.kind == "CLOSE_BRACE"
    notes = (Note(place.span(place.before), "this ends the definition before it"),) if closed else ()
    return Mistake(Diagnostic(Code.SYNTAX_UNEXPECTED, message, place.span(token), notes=notes, help=help))


def _no_statement(place: Place) -> Mistake | None:
    """A line that begins with a word that begins nothing."""
    token = place.token
    if token.kind != "NAME" or not place.begins_line() or not place.complete():
        return None
    inside = place.machine.symbols_at(place.open_lists()[0])
    home = next((f"no statement of {name}" for symbol, name in _HOMES.items() if symbol in inside), "no definition")
    help = LOOPS if token.text in ("for", "while", "repeat", "loop") else ""
    if not help and place.after.text in ("(", "->"):
        help = "layers stand in a chain after their keyword: `stem conv(3x3, 16) -> bn -> relu`"
    message = f"`{_shorten(token.text)}` begins {home}"
    return Mistake(Diagnostic(Code.SYNTAX_UNEXPECTED, message, place.span(token), help=help))


def _unexpected(place: Place) -> Mistake:
    """What was found, and what is wanted."""
    token = place.token
    wanted = list_wanted(place.machine.expected())
    help = _form(place.keyword())
    begins = token.kind in STATEMENTS | DEFINITIONS | {"$END", "CLOSE_BRACE"}
    if begins and place.before.text:
        message = f"{wanted} is wanted after `{_shorten(place.before.text)}`"
        return Mistake(Diagnostic(Code.SYNTAX_UNEXPECTED, message, place.gap, help=help))
    message = f"`{_shorten(token.text)}` stands where {wanted} is wanted"
    return Mistake(Diagnostic(Code.SYNTAX_UNEXPECTED, message, place.span(token), help=help))


# ---------------------------------------------------------------- parts


def _insert(place: Place, *kinds: str, sure: bool = False) -> Mend:
    at = place.before.end
    tokens = tuple(Token(kind, "1" if kind == "INT" else SIGNS.get(kind, ""), at, at) for kind in kinds)
    return Mend(tokens, 0, sure)


def _replace(place: Place, kind: str, text: str, *, drop: int = 1) -> Mend | None:
    end = place.tokens[place.at + drop - 1].end if drop else place.token.start
    return Mend((Token(kind, text, place.token.start, end),), drop) if place.machine.takes(kind) else None


@cache
def _statements_of(symbol: str) -> frozenset[str]:
    """The keywords that begin a statement of this kind."""
    return frozenset(kind for row in load_table().states if symbol in row for kind in row if kind in STATEMENTS)


def _form(kind: str) -> str:
    return f"as in `{FORMS[kind]}`" if kind in FORMS else ""


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shorten(text: str, length: int = 24) -> str:
    return text if len(text) <= length else f"{text[: length - 4]}…"


# ---------------------------------------------------------------- tables

KNOWN: tuple[Callable[[Place], Mistake | None], ...] = (
    _edition, _bad_token, _spaced_size, _wrong_sign, _power, _times, _early_closer, _stray_closer, _unclosed, _comment, _separator,
    _twice, _keyword_as_name, _misspelt, _missing, _unquoted, _misplaced, _no_statement,
)  # fmt: skip

_BAD_TOKENS: dict[str, Callable[[Place], Mistake]] = {
    "BAD_STRING": _open_text,
    "BAD_COMMENT": _open_comment,
    "BAD_QUOTES": _single_quotes,
    "BAD_NAME": _foreign_letters,
    "BAD_NUMBER": _number_with_letters,
    "BAD": _foreign_sign,
}

_IN_SIZES = frozenset("0123456789x")

_HOMES = {
    "statement": "a network",
    "stage_statement": "a stage",
    "block_statement": "a block",
    "equation_statement": "a kind or layer",
}
