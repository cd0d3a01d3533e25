"""Mistakes in brackets: one that is never closed, one that closes nothing, a brace too early."""

from __future__ import annotations

from resdsl.diagnostics import Code, Note
from resdsl.syntax.mistakes.mistake import Mend, Mistake, insert, replace, shorten, tell
from resdsl.syntax.place import CLOSER, Place
from resdsl.syntax.words import DEFINITIONS, SIGNS, STATEMENTS


def unclosed(place: Place) -> Mistake | None:
    """A bracket that something follows which cannot stand inside it, or that the file ends in."""
    brackets, token = place.open_brackets(), place.token
    if not brackets or token.kind == CLOSER[brackets[-1].kind]:
        return None
    innermost = brackets[-1]
    closer = CLOSER[innermost.kind]
    if innermost.kind == "OPEN_BRACE":
        ends = place.unclosed_before(place.at)
    elif token.kind in STATEMENTS | DEFINITIONS:
        ends = place.begins_line() and not place.follows("NAME")
    elif place.begins_equation(place.at):
        ends = True
    else:
        ends = any(CLOSER[bracket.kind] == token.kind for bracket in brackets)
    if not ends and token.kind != "$END":
        return None
    notes = () if token.kind == "$END" else (Note(place.span(token), "this does not stand inside it"),)
    return tell(
        f"`{innermost.text}` is never closed",
        place.span(innermost),
        code=Code.SYNTAX_UNCLOSED,
        label="opened here",
        notes=notes,
        mend=insert(place, closer, sure=True) if place.machine.takes(closer) and not _holds_more(place) else None,
    )


def _holds_more(place: Place) -> bool:
    """Whether more than a list stands in the innermost bracket, a layer's: it was to close somewhere before."""
    opened = place.open_brackets()[-1]
    first = place.index_of(opened.start)
    is_layers = bool(place.keyword()) or place.tokens[first - 1].kind in ("NAME", "NORM", "ACT")
    holds = any(place.tokens[at].kind == "ARROW" or place.begins_equation(at) for at in range(first, place.at))
    return opened.kind == "OPEN_PAREN" and is_layers and holds


def closed_early(place: Place) -> Mistake | None:
    """A brace that closes a definition before its last statement."""
    height = len(place.machine.values) - 1
    if place.machine.kind_at(height) != "CLOSE_BRACE" or place.unclosed_braces() >= 0:
        return None
    if not place.machine.takes_at(height, place.token.kind, place.after.kind):
        return None
    return tell(
        "`}` is one too many",
        place.span(place.before),
        notes=() if place.token.kind == "$END" else (Note(place.span(place.token), "this would stand outside of it"),),
        fix="",
        mend=Mend(drop=0, back=1, sure=True),
    )


def no_brace(place: Place) -> Mistake | None:
    """Another word where a brace opens that is closed further down."""
    if place.token.kind in STATEMENTS | DEFINITIONS and place.begins_line():
        return None  # it begins something
    if not place.follows("OPEN_BRACE") or not place.lacks_one_here():
        return None
    message = f"`{shorten(place.token.text)}` stands where `{{` is wanted"
    return tell(message, place.span(place.token), fix="{", mend=replace(place, "OPEN_BRACE", "{"))


def closes_nothing(place: Place) -> Mistake | None:
    """A closing bracket that no opening one is meant for."""
    brackets, token = place.open_brackets(), place.token
    if token.kind not in CLOSER.values() or any(CLOSER[bracket.kind] == token.kind for bracket in brackets):
        return None
    if not brackets or brackets[-1].kind == "OPEN_BRACE":
        return tell(f"`{token.text}` closes nothing", place.span(token), fix="", mend=Mend(sure=not brackets))
    closer = CLOSER[brackets[-1].kind]
    return tell(
        f"`{token.text}` stands where `{SIGNS[closer]}` is wanted",
        place.span(token),
        notes=(Note(place.span(brackets[-1]), "opened here"),),
        fix=SIGNS[closer],
        mend=replace(place, closer, SIGNS[closer]),
    )
