"""A mistake as it is told, and how the parse gets over it."""

from __future__ import annotations

from resdsl.diagnostics import Code, Diagnostic, Fix, Note
from resdsl.record import record
from resdsl.source import Span
from resdsl.syntax.place import Place
from resdsl.syntax.token import Token
from resdsl.syntax.words import FORMS, SIGNS


@record
class Mend:
    """Tokens with which the parse goes on, in place of the next `drop` and of the `back` that were taken last.

    A mend that is not sure has to prove itself: it holds only if the parse gets along with the tokens that follow.
    """

    tokens: tuple[Token, ...] = ()
    drop: int = 1
    back: int = 0
    sure: bool = False


@record
class Mistake:
    """What is said; without a mend, the statement that it is about is given up."""

    diagnostic: Diagnostic
    mend: Mend | None = None


def tell(
    message: str,
    span: Span,
    *,
    code: Code = Code.SYNTAX_UNEXPECTED,
    label: str = "",
    notes: tuple[Note, ...] = (),
    help: str = "",
    fix: str | None = None,
    mend: Mend | None = None,
) -> Mistake:
    """A mistake at a place; `fix` is the text to write in its stead."""
    fixes = () if fix is None else (Fix(span, fix),)
    return Mistake(Diagnostic(code, message, span, label, notes, help, fixes), mend)


def insert(place: Place, *kinds: str, sure: bool = False) -> Mend:
    """Go on as if these signs stood before the token."""
    at = place.before.end
    tokens = tuple(Token(kind, "1" if kind == "INT" else SIGNS.get(kind, ""), at, at) for kind in kinds)
    return Mend(tokens, drop=0, sure=sure)


def replace(place: Place, kind: str, text: str, *, drop: int = 1) -> Mend | None:
    """Go on as if another token stood in place of the next, if that one can stand there."""
    if not place.machine.takes(kind):
        return None
    return Mend((Token(kind, text, place.token.start, place.tokens[place.at + drop - 1].end),), drop)


def as_in(kind: str) -> str:
    """How the statement is written that begins with a keyword."""
    return f"as in `{FORMS[kind]}`" if kind in FORMS else ""


def form(place: Place) -> str:
    """How the statement is written that a mistake stands in."""
    kind = place.keyword()
    if kind == "SHORTCUT" and not place.in_braces():
        return as_in("KIND")
    return as_in(kind or ("EQUATION" if "equation" in place.machine.symbols_at(place.open_lists()[0]) else ""))


def quote(text: str) -> str:
    """A text in the quotes that the language has."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def shorten(text: str, length: int = 24) -> str:
    """A text that a message can hold."""
    return text if len(text) <= length else f"{text[: length - 4]}…"
