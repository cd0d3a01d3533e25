"""Mistakes in whole statements: no edition, one out of place, and whatever else is not expected."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from resdsl.diagnostics import Code, Note
from resdsl.source import Span
from resdsl.syntax.mistakes.mistake import Mend, Mistake, form, insert, replace, shorten, tell
from resdsl.syntax.place import CLOSER, Place
from resdsl.syntax.table import load_table
from resdsl.syntax.token import Token
from resdsl.syntax.words import DEFINITIONS, LOOPS, ROUNDED, STATEMENTS, list_wanted


def edition(place: Place) -> Mistake | None:
    """A file that does not begin with `res 1`."""
    token = place.token
    if place.machine.takes("RES"):
        return tell(
            "a file begins with the edition of the language that it is written in: `res 1`",
            Span(place.source, token.start, token.start),
            code=Code.SYNTAX_EDITION,
            fix="res 1\n",
            mend=insert(place, "RES", "INT", sure=True),
        )
    if place.machine.kind_at(0) != "RES" or len(place.machine.values) != 1:
        return None
    wrong = not place.begins_line() and token.kind not in DEFINITIONS | {"$END"}
    span = place.span(token) if wrong else place.gap
    message = "`res` is followed by the edition of the language, a whole number: `res 1`"
    mend = Mend((Token("INT", "1", place.gap.start, place.gap.end),), drop=int(wrong), sure=True)
    return tell(message, span, code=Code.SYNTAX_EDITION, mend=mend)


def misplaced(place: Place) -> Mistake | None:
    """A statement of blocks in a network, a definition within another, a statement outside of all."""
    token = place.token
    if token.kind not in STATEMENTS | DEFINITIONS or not place.complete():
        return None
    home = _home(place)
    homes = [name for symbol, name in _HOMES.items() if token.kind in _statements_of(symbol)]
    help = f"it is a statement of {' or '.join(homes)}" if homes and home not in homes else ""
    notes: tuple[Note, ...] = ()
    if token.kind == "USE":
        message, help = "`use` stands before all definitions", "move it up, below `res 1`"
    elif token.kind in DEFINITIONS - STATEMENTS:
        message, help = f"{home} has no definitions in it", f"move this `{token.text}` out"
    elif home:
        message = f"{home} has no statement `{token.text}`"
    else:
        message = f"`{token.text}` stands outside of every definition"
        if place.before.kind == "CLOSE_BRACE":
            notes = (Note(place.span(place.before), "this ends the definition before it"),)
    return tell(message, place.span(token), notes=notes, help=help)


def without_use(place: Place) -> Mistake | None:
    """The name of a file alone."""
    token = place.token
    if token.kind != "STRING" or not place.machine.takes("USE", "STRING"):
        return None
    return _put_before(place, "USE")


def _put_before(place: Place, kind: str) -> Mistake:
    """A keyword that is missing before the token."""
    token, word = place.token, kind.lower()
    keyword = Token(kind, word, token.start, token.start)
    message = f"`{word}` is missing before `{shorten(token.text)}`"
    return tell(message, place.span(token), fix=f"{word} {token.text}", mend=Mend((keyword,), drop=0))


def without_keyword(place: Place) -> Mistake | None:
    """A network or a block that begins with its name, or with another word."""
    token = place.token
    if token.kind != "NAME" or not place.complete() or _home(place) or (kind := _kind_of_body(place)) is None:
        return None
    if place.after.kind == "NAME":
        word = kind.lower()
        message = f"a {word} begins with `{word}`, not with `{shorten(token.text)}`"
        return tell(message, place.span(token), fix=word, mend=replace(place, kind, word))
    return _put_before(place, kind)


def _kind_of_body(place: Place) -> str | None:
    """NETWORK where braces follow which hold a statement that networks alone have, BLOCK likewise; else None.

    What derives from something and has braces is a network, whatever they hold.
    """
    networks, blocks = _statements_of("statement"), _statements_of("block_statement")
    kinds = dict.fromkeys(networks - blocks - {"NORM", "ACT"}, "NETWORK") | dict.fromkeys(blocks - networks, "BLOCK")
    is_head, derives, depth = True, False, 0
    for before, token in pairwise(place.tokens[place.at : place.at + _FAR]):
        if depth == 0 and token.kind not in (_IN_HEAD if is_head else ()):
            return None
        if depth == 0 and token.kind == "NAME" and before.kind != "EQUALS" and before is not place.token:
            return None  # words of a text
        derives |= depth == 0 and token.kind == "EQUALS"
        if derives and token.kind == "OPEN_BRACE":
            return "NETWORK"
        is_head &= token.kind != "OPEN_BRACE"
        depth += (token.kind in CLOSER) - (token.kind in CLOSER.values())
        if depth == 1 and not is_head and token.kind in kinds:
            return kinds[token.kind]
    return None


def begins_nothing(place: Place) -> Mistake | None:
    """A line that begins with a word that begins no statement."""
    token = place.token
    if token.kind != "NAME" or not place.begins_line() or not place.complete():
        return None
    home = _home(place)
    help = LOOPS if token.text in ("for", "while", "repeat", "loop") else ""
    if place.after.kind in ("OPEN_PAREN", "ARROW"):
        help = "layers stand in a chain after their keyword: `stem conv(3x3, 16) -> bn -> relu`"
    elif place.after.kind == "EQUALS":
        form = "a value is named by `let`: `let" if home else "a value is named in a network: `let"
        if not home and place.tokens[place.at + 2].kind == "NAME":
            form = "a network begins with `network`: `network"
        help = f"{form} {token.text} = …`" if len(token.text) < 24 else ""
    what = f"no statement of {home}" if home else "no definition"
    return tell(f"`{shorten(token.text)}` begins {what}", place.span(token), help=help)


def unexpected(place: Place) -> Mistake:
    """What was found, and what is wanted."""
    token = place.token
    wanted = list_wanted(place.machine.expected())
    help = ROUNDED if token.kind == "QUANTITY" else form(place)
    ends = token.kind in STATEMENTS | DEFINITIONS | {"$END", "CLOSE_BRACE"} or place.begins_equation(place.at)
    if ends and place.before.text:
        return tell(f"{wanted} is wanted after `{shorten(place.before.text)}`", place.gap, help=help)
    return tell(f"`{shorten(token.text)}` stands where {wanted} is wanted", place.span(token), help=help)


def _home(place: Place) -> str:
    """What the mistake stands in the braces of; empty outside of every definition."""
    inside = place.machine.symbols_at(place.open_lists()[0])
    return next((name for symbol, name in _HOMES.items() if symbol in inside), "")


@cache
def _statements_of(symbol: str) -> frozenset[str]:
    """The keywords that begin a statement of this kind."""
    return frozenset(kind for row in load_table().states if symbol in row for kind in row if kind in STATEMENTS)


_FAR = 1000  # tokens that are looked through for a statement that shows what they belong to
_IN_HEAD = ("OPEN_PAREN", "OPEN_BRACE", "EQUALS", "NAME")

_HOMES = {
    "statement": "a network",
    "stage_statement": "a stage",
    "block_statement": "a block",
    "equation_statement": "a kind or layer",
}
