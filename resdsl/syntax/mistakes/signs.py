"""Mistakes in signs and words: another language's, one too many, one left out, a keyword for a name."""

from __future__ import annotations

from resdsl.diagnostics import Code, nearest
from resdsl.syntax.mistakes.mistake import Mend, Mistake, as_in, form, insert, quote, replace, shorten, tell
from resdsl.syntax.place import CLOSER, Place
from resdsl.syntax.table import load_table
from resdsl.syntax.token import Token
from resdsl.syntax.words import DEFINITIONS, FOREIGN_WORDS, INSERTIONS, SIGNS, STATEMENTS, TYPES, WRONG_SIGNS


def wrong_sign(place: Place) -> Mistake | None:
    """A sign that other languages use for what another sign means here."""
    if _follows_list(place):
        return None
    for signs, rights in WRONG_SIGNS.items():
        found = place.tokens[place.at : place.at + len(signs)]
        after = place.tokens[min(place.at + len(signs), len(place.tokens) - 1)]
        on_one_line = not any(place.begins_line(place.at + n) for n in range(1, len(found)))
        if tuple(token.text for token in found) != signs or not on_one_line:
            continue
        for kind in rights:
            if place.machine.takes(kind, after.kind):
                right, span = SIGNS.get(kind, "=="), place.span(found[0], found[-1])
                return tell(
                    f"`{span.text}` stands where `{right}` is wanted",
                    span,
                    help=form(place),
                    fix=right,
                    mend=replace(place, kind, right, drop=len(signs)),
                )
    return None


def _follows_list(place: Place) -> bool:
    """`extern block a(heads: int -> (in)`, `schedule s(p = 0.5 = p`: whether the `)` of a list is missing before."""
    if place.token.kind not in ("ARROW", "EQUALS"):
        return False
    depth = 0
    for at in range(place.at, len(place.tokens)):
        if at > place.at and place.begins_line(at):
            break
        depth += (place.tokens[at].kind == "OPEN_PAREN") - (place.tokens[at].kind == "CLOSE_PAREN")
        if depth < 0:
            return False
    return place.machine.takes("CLOSE_PAREN", place.token.kind, place.after.kind)


def power(place: Place) -> Mistake | None:
    """`2 ** 3`."""
    if place.token.text != "*" or place.before.text != "*" or place.before.end != place.token.start:
        return None
    span = place.span(place.before, place.token)
    mend = Mend((Token("CARET", "^", span.start, span.end),), drop=1, back=1)
    return tell("a power is written `^`", span, fix="^", mend=mend)


def times(place: Place) -> Mistake | None:
    """`basic(16) x 3`."""
    if place.token.text not in ("x", "X") or not place.machine.takes("STAR", place.after.kind):
        return None
    mend = replace(place, "STAR", "*")
    return tell("a count of blocks follows `*`", place.span(place.token), help=as_in("STAGE"), fix="*", mend=mend)


def comment(place: Place) -> Mistake | None:
    """`// like this`."""
    first = next((at for at in range(place.at, -1, -1) if place.tokens[at].kind == "FLOOR" or place.begins_line(at)), 0)
    is_word = place.token.kind == "NAME" or place.token.text in load_table().keywords
    if place.tokens[first].kind != "FLOOR" or not (first == place.at or is_word):
        return None
    rest = place.at
    while place.tokens[rest].kind != "$END" and (rest <= first or not place.begins_line(rest)):
        rest += 1
    mend = Mend(drop=rest - place.at) if first == place.at else None
    return tell("a comment begins with `#`", place.span(place.tokens[first]), fix="#", mend=mend)


def separator(place: Place) -> Mistake | None:
    """A comma between statements, or after the last."""
    ends = place.after.kind in STATEMENTS | DEFINITIONS | {"CLOSE_BRACE"}
    if place.token.kind != "COMMA" or not ends or not place.follows():
        return None
    return tell("statements need no `,` between them", place.span(place.token), fix="", mend=Mend())


def twice(place: Place) -> Mistake | None:
    """`stage stage s1 : …`."""
    token = place.token
    if not token.text or token.text != place.before.text or not place.carries_on((), drop=1):
        return None
    return tell(f"`{shorten(token.text)}` stands twice", place.span(token), fix="", mend=Mend())


def thousands(place: Place) -> Mistake | None:
    """`expect params = 1,727,962`."""
    height = len(place.machine.values) - 1
    groups: list[Token] = [place.before]
    for comma, group in zip(place.tokens[place.at :: 2], place.tokens[place.at + 1 :: 2], strict=False):
        is_close = groups[-1].end == comma.start and comma.end == group.start
        if (comma.kind, group.kind) != ("COMMA", "INT") or not is_close or len(group.text) != _N_DIGITS:
            break
        groups.append(group)
    if len(groups) == 1 or place.machine.kind_at(height) != "INT" or place.keyword() == "INPUT":
        return None
    span = place.span(groups[0], groups[-1])
    right = "_".join(group.text for group in groups)
    mend = Mend((Token("INT", right, span.start, span.end),), drop=2 * len(groups) - 2, back=1)
    return tell(f"thousands are set apart by `_`: `{shorten(right)}`", span, fix=right, mend=mend)


def unbracketed(place: Place) -> Mistake | None:
    """`survive linear 0.5`, `stem conv 3x3`: a value behind the name that it is for."""
    if place.before.kind != "NAME" or place.token.kind not in ("INT", "REAL", "SIZE") or place.begins_line():
        return None
    if place.keyword() not in ("SURVIVE", "STEM", "HEAD", "LAYERS", "STAGE", "NORM", "INIT") or _is_named(place):
        return None
    right = f"({place.token.text})"
    value = place.token.kind
    bracket = Token("OPEN_PAREN", "(", place.before.end, place.before.end)
    close = Token("CLOSE_PAREN", ")", place.token.end, place.token.end)
    if not place.carries_on(("OPEN_PAREN", value, "CLOSE_PAREN"), drop=1):
        return None
    whole = place.span(place.before, place.token)
    fix = f"{place.before.text}{right}"
    message = f"what `{shorten(place.before.text)}` is given stands in parentheses: `{shorten(fix)}`"
    return tell(message, whole, help=form(place), fix=fix, mend=Mend((bracket, place.token, close)))


def keyword_as_name(place: Place) -> Mistake | None:
    """`let stage = 3`."""
    token = place.token
    if token.text not in load_table().keywords or place.begins_line() or not place.follows("NAME"):
        return None
    return tell(
        f"`{token.text}` is a keyword of the language and cannot be a name",
        place.span(token),
        code=Code.SYNTAX_RESERVED,
        help=f"`{token.text}_` could be one",
        mend=replace(place, "NAME", token.text),
    )


def misspelt(place: Place) -> Mistake | None:
    """`stagee s1 : …`, `import "std.res"`."""
    token = place.token
    if token.kind != "NAME":
        return None
    words = {word: kind for word, kind in load_table().keywords.items() if place.machine.takes(kind)}
    word = (nearest(token.text, words) if len(token.text) > 2 else None) or FOREIGN_WORDS.get(token.text.lower(), "")
    kind = words.get(word, "")
    if not kind or not place.follows(kind) or (kind in STATEMENTS and not place.begins_line() and missing(place)):
        return None
    message = f"`{shorten(token.text)}` is no word of the language; did you mean `{word}`?"
    help = as_in(kind) or form(place)
    return tell(message, place.span(token), help=help, fix=word, mend=replace(place, kind, word))


def missing(place: Place) -> Mistake | None:
    """One sign or word left out."""
    if place.begins_line() and place.complete() and not place.lacks_brace():
        return None  # the token begins something
    first = "COLON" if place.token.text in TYPES else "EQUALS" if _is_named(place) else ""
    for kind in sorted(INSERTIONS, key=lambda kind: kind != first):
        text = INSERTIONS[kind]
        if kind == CLOSER.get(place.before.kind):
            continue
        if place.machine.takes(kind, place.token.kind, place.after.kind):
            message = f"`{text.strip()}` is missing after `{shorten(place.before.text)}`"
            return tell(message, place.gap, help=form(place), fix=text, mend=insert(place, kind))
    return None


def _is_named(place: Place) -> bool:
    """Whether a value stands behind a name in a list in which values are named."""
    brackets = place.open_brackets()
    if not brackets or brackets[-1].kind != "OPEN_PAREN" or place.before.kind != "NAME":
        return False
    if place.token.kind not in _VALUES or place.tokens[place.at - 2].kind not in ("OPEN_PAREN", "COMMA"):
        return False
    first = place.index_of(brackets[-1].start)
    depth = 0
    for token in place.tokens[first : first + _FAR]:
        depth += (token.kind in CLOSER) - (token.kind in CLOSER.values())
        if depth == 0 or (depth == 1 and token.kind == "EQUALS"):
            return depth == 1 or place.tokens[first - 2].kind == "EXPECT"
    return False


def unquoted(place: Place) -> Mistake | None:
    """`use std.res`, `about Deep residual networks`."""
    if not place.machine.takes("STRING") or place.machine.takes("INT") or place.begins_line():
        return None
    rest = place.at
    while place.tokens[rest].kind not in _ENDS and (rest == place.at or not place.begins_line(rest)):
        rest += 1
    if rest == place.at:
        return None
    span = place.span(place.token, place.tokens[rest - 1])
    right = quote(span.text)
    message = f"a text stands in quotes: `{shorten(right, 60)}`"
    mend = Mend((Token("STRING", right, span.start, span.end),), drop=rest - place.at)
    return tell(message, span, help=form(place), fix=right, mend=mend)


_ENDS = frozenset({"$END", "CLOSE_BRACE", "STRING"})

_VALUES = frozenset("INT REAL SIZE STRING QUANTITY TRUE FALSE OPEN_BRACKET".split())

_FAR = 200  # tokens of a list that are looked through

_N_DIGITS = 3
