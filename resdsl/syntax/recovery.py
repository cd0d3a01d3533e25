"""Finds out what is wrong where the parser meets a token that cannot stand there, says it, and finds a way on.

A mistake that one knows is mended: its tokens are replaced, and nothing is lost. After any other, the statement that
it stands in is dropped (panic mode), and the parse goes on with the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from resdsl.diagnostics import Code, Diagnostic, Fix, Note, nearest
from resdsl.source import Source, Span
from resdsl.syntax.machine import Machine
from resdsl.syntax.table import load_table
from resdsl.syntax.text import name_character
from resdsl.syntax.token import Token
from resdsl.syntax.words import DEFINITIONS, FOREIGN, FORMS, SIGNS, STATEMENTS, list_wanted


@dataclass(frozen=True, slots=True)
class Mend:
    """Tokens to put in place of `drop` tokens from the mistake on."""

    tokens: tuple[Token, ...]
    drop: int = 0


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is said, and how the parse goes on; without a mend, in panic mode."""

    diagnostic: Diagnostic
    mend: Mend | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A token that cannot stand where it stands."""

    source: Source
    machine: Machine
    tokens: list[Token]
    at: int

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    @property
    def before(self) -> Token | None:
        return self.tokens[self.at - 1] if self.at else None

    @property
    def after(self) -> Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def ahead(self, count: int) -> list[Token]:
        """The token and those after it, `count` in all where there are as many."""
        return self.tokens[self.at : self.at + count]

    def span(self, first: Token, last: Token | None = None) -> Span:
        return Span(self.source, first.start, (last or first).end)

    @property
    def gap(self) -> Span:
        """The place between the token before and this one, where something may be missing."""
        end = self.before.end if self.before else 0
        return Span(self.source, end, end)

    def begins_line(self, at: int | None = None) -> bool:
        """Whether a token is the first of its line."""
        at = self.at if at is None else at
        return at == 0 or self.source.text.find("\n", self.tokens[at - 1].end, self.tokens[at].start) >= 0

    def follows(self, *kinds: str) -> bool:
        """Whether the token after this one could come after these."""
        return self.machine.takes(*kinds, self.after.kind)

    def open_brackets(self) -> list[Token]:
        """The brackets that are open here, the innermost last."""
        return [v for v in self.machine.values if isinstance(v, Token) and v.kind in _CLOSER]

    def unclosed_braces(self) -> int:
        """How many of the braces that are open here nothing in the rest of the text closes."""
        depth = sum(bracket.kind == "OPEN_BRACE" for bracket in self.open_brackets())
        for token in self.tokens[self.at :]:
            depth += (token.kind == "OPEN_BRACE") - (token.kind == "CLOSE_BRACE")
        return depth

    def statement(self) -> Token | None:
        """The keyword of the statement or definition that the mistake stands in."""
        inside = self.machine.values[self.machine.lists()[0] :] if self.machine.lists() else self.machine.values
        return next((v for v in inside if isinstance(v, Token) and v.kind in FORMS), None)


def diagnose(place: Place) -> Mistake:
    """What is wrong at a place: the first of the known mistakes that fits, else what was found and what is wanted."""
    for known in KNOWN:
        if mistake := known(place):
            return mistake
    return _unexpected(place)


def resynchronise(place: Place) -> int:
    """Give up the statement that a mistake stands in; returns the index of the token to go on with."""
    machine, tokens = place.machine, place.tokens
    braces, brackets = 0, sum(bracket.kind != "OPEN_BRACE" for bracket in place.open_brackets())
    for at in range(place.at, len(tokens)):
        kind = tokens[at].kind
        if kind == "OPEN_BRACE":
            if not braces and _reopen(place):
                return at
            braces += 1
        elif kind == "CLOSE_BRACE" and braces:
            braces -= 1
        elif kind in ("OPEN_PAREN", "OPEN_BRACKET"):
            brackets += 1
        elif kind in ("CLOSE_PAREN", "CLOSE_BRACKET"):
            brackets = max(brackets - 1, 0)
        elif not braces and _may_begin(place, at, brackets) and _give_up_to(place, at):
            return at
    machine.pop_to(machine.lists()[-1])
    return len(tokens) - 1


# ---------------------------------------------------------------- panic mode


def _may_begin(place: Place, at: int, brackets: int) -> bool:
    """Whether a statement, a definition, or the end of what encloses the mistake may stand at a token."""
    token, before = place.tokens[at], place.tokens[at - 1] if at else None
    if token.kind in ("CLOSE_BRACE", "$END"):
        return True
    if token.kind == "NAME":
        return not brackets and place.tokens[at + 1].kind == "EQUALS"
    if token.kind not in STATEMENTS | DEFINITIONS or (before and before.kind in ("EACH", "DROP", "COLON", "EXTERN")):
        return False
    if token.kind in ("NORM", "ACT"):
        return not brackets and (before is None or before.kind not in _BEFORE_OPERANDS)
    return not brackets or place.begins_line(at)


def _give_up_to(place: Place, at: int) -> bool:
    """Pop the stack to a list that takes the token; not past an open brace, unless nothing closes that brace."""
    machine, kind = place.machine, place.tokens[at].kind
    heights = machine.lists()
    for height in heights:
        if machine.takes_at(height, kind):
            machine.pop_to(height)
            return True
        if kind in DEFINITIONS and Place(place.source, machine, place.tokens, at).unclosed_braces() > 0:
            machine.pop_to(height)
            return True  # the missing brace is a mistake of its own
        if kind != "$END":
            return False
    return False


def _reopen(place: Place) -> bool:
    """After a mistake in the head of a definition, take up its body as if the head had been without parameters."""
    machine = place.machine
    height = machine.lists()[-1]
    head = machine.values[height:]
    if len(machine.lists()) > 1 or not head or not isinstance(head[0], Token) or head[0].kind not in DEFINITIONS:
        return False
    name = head[1] if len(head) > 1 and isinstance(head[1], Token) and head[1].kind == "NAME" else None
    keyword = head[0]
    if keyword.kind not in ("NETWORK", "BLOCK", "SHORTCUT", "LAYER"):
        return False
    machine.pop_to(height)
    return machine.feed(keyword) and machine.feed(name or Token("NAME", "_", keyword.end, keyword.end))


# ---------------------------------------------------------------- known mistakes


def _bad_token(place: Place) -> Mistake | None:
    """Characters that no part of the language uses."""
    token = place.token
    if not token.kind.startswith("BAD"):
        return None
    span = place.span(token)
    match token.kind:
        case "BAD_STRING":
            diagnostic = Diagnostic(Code.SYNTAX_UNCLOSED, "this text is not closed on its line", span, help='close it by `"`')
            return Mistake(diagnostic, _stand_in(place, "STRING", '""'))
        case "BAD_COMMENT":
            opening = Span(place.source, token.start, token.start + 2)
            diagnostic = Diagnostic(Code.SYNTAX_UNCLOSED, "this comment is never closed", opening, help="close it by `*/`")
            return Mistake(diagnostic, Mend((), 1))
        case "BAD_QUOTES":
            right = '"' + token.text[1:-1].replace("\\", "\\\\").replace('"', '\\"') + '"'
            diagnostic = Diagnostic(
                Code.SYNTAX_CHARACTER, f"a text stands in double quotes: `{right}`", span, fix=Fix(span, right)
            )
            return Mistake(diagnostic, _stand_in(place, "STRING", right))
        case "BAD_NAME":
            letters = "".join(c for c in token.text if not c.isascii())
            diagnostic = Diagnostic(
                Code.SYNTAX_CHARACTER,
                f"`{token.text}` has {_characters(letters)} in it; names are made of the letters a to z, digits and `_`",
                span,
            )
            return Mistake(diagnostic, _stand_in(place, "NAME", "_"))
        case "BAD_NUMBER":
            return _bad_number(place)
        case _:
            return _bad_sign(place)


def _bad_number(place: Place) -> Mistake:
    token = place.token
    span = place.span(token)
    message = f"`{token.text}` is neither a number nor a name"
    if size := _spaced_size(place):
        return size
    if not place.machine.takes("INT"):
        return Mistake(Diagnostic(Code.SYNTAX_UNEXPECTED, message, span, help="a name begins with a letter"), _stand_in(place, "NAME", "_"))
    help = "thousands are written out, with `_` where it helps: `64_000`"
    digits = token.text.rstrip("_kKmMgGbB")
    if digits == token.text or not digits.replace("_", "").isdigit():
        help = "a name begins with a letter, and `_` in a number stands between digits"
    return Mistake(Diagnostic(Code.SYNTAX_UNEXPECTED, message, span, help=help), _stand_in(place, "INT", "1"))


def _bad_sign(place: Place) -> Mistake:
    token = place.token
    span = place.span(token)
    right, kind = FOREIGN_SIGNS.get(token.text, ("", ""))
    if token.text == ";":
        diagnostic = Diagnostic(Code.SYNTAX_CHARACTER, "statements need no `;` between them", span, fix=Fix(span, ""))
        return Mistake(diagnostic, Mend((), 1))
    if token.text == "×" and (size := _spaced_size(place)):
        return size
    if kind and place.machine.takes(kind):
        message = f"`{token.text}` is written `{right}`"
        diagnostic = Diagnostic(Code.SYNTAX_CHARACTER, message, span, fix=Fix(span, right))
        return Mistake(diagnostic, Mend((Token(kind, right, token.start, token.end),), 1))
    if token.text == "." and place.after.kind in ("INT", "BAD_NUMBER") and place.machine.takes("REAL"):
        right = f"0.{place.after.text}"
        message = f"a number begins with a digit: `{right}`"
        return Mistake(Diagnostic(Code.SYNTAX_CHARACTER, message, span), _stand_in(place, "REAL", "0.5", drop=2))
    shown = f"`{token.text}`" if token.text.isascii() else name_character(token.text)
    diagnostic = Diagnostic(Code.SYNTAX_CHARACTER, f"no part of the language uses {shown}", span)
    return Mistake(diagnostic, Mend((), 1) if place.follows() else None)


def _edition(place: Place) -> Mistake | None:
    """A file that does not begin with `res 1`."""
    if place.machine.takes("RES"):
        begin = Span(place.source, 0, 0)
        diagnostic = Diagnostic(
            Code.SYNTAX_EDITION,
            "a file begins with the edition of the language that it is written in: `res 1`",
            place.span(place.token) if place.token.kind != "$END" else begin,
            fix=Fix(begin, "res 1\n"),
        )
        return Mistake(diagnostic, Mend((_new("RES", place), _new("INT", place, "1"))))
    if place.before and place.before.kind == "RES" and len(place.machine.states) == 2:
        message = f"`res` is followed by the edition of the language, a whole number: `res 1`"
        wrong = not place.begins_line() and place.token.kind not in DEFINITIONS | {"$END"}
        diagnostic = Diagnostic(Code.SYNTAX_EDITION, message, place.span(place.token) if wrong else place.gap)
        return Mistake(diagnostic, _stand_in(place, "INT", "1", drop=int(wrong)))
    return None


def _unclosed(place: Place) -> Mistake | None:
    """A bracket that something else follows than its like."""
    brackets = place.open_brackets()
    token = place.token
    if token.kind in _CLOSER.values() and not any(_CLOSER[b.kind] == token.kind for b in brackets):
        return _closes_nothing(place, brackets)
    if not brackets:
        return None
    innermost = brackets[-1]
    closer = _CLOSER[innermost.kind]
    if token.kind == closer:
        return None
    if innermost.kind == "OPEN_BRACE":
        unclosed = token.kind == "$END" or (
            token.kind in STATEMENTS | DEFINITIONS and place.machine.takes(closer) and place.unclosed_braces() > 0
        )
    else:
        unclosed = token.kind in ("$END", "CLOSE_BRACE", "CLOSE_PAREN", "CLOSE_BRACKET") or (
            token.kind in STATEMENTS | DEFINITIONS and (place.begins_line() or place.machine.takes(closer, token.kind))
            and not place.follows("NAME")
        )
    if not unclosed:
        return None
    notes = () if token.kind == "$END" else (Note(place.span(token), "is still inside it"),)
    sign = SIGNS[innermost.kind]
    diagnostic = Diagnostic(Code.SYNTAX_UNCLOSED, f"`{sign}` is never closed", place.span(innermost), "opened here", notes)
    return Mistake(diagnostic, Mend((_new(closer, place),)) if place.machine.takes(closer) else None)


def _closes_nothing(place: Place, brackets: list[Token]) -> Mistake:
    token = place.token
    span = place.span(token)
    if brackets and brackets[-1].kind != "OPEN_BRACE" and token.kind != "CLOSE_BRACE":
        innermost = brackets[-1]
        right = SIGNS[_CLOSER[innermost.kind]]
        diagnostic = Diagnostic(
            Code.SYNTAX_UNEXPECTED,
            f"`{token.text}` cannot close `{innermost.text}`",
            span,
            notes=(Note(place.span(innermost), "opened here"),),
            fix=Fix(span, right),
            help=f"write `{right}`",
        )
        return Mistake(diagnostic, _stand_in(place, _CLOSER[innermost.kind], right))
    diagnostic = Diagnostic(Code.SYNTAX_UNEXPECTED, f"`{token.text}` closes nothing", span, fix=Fix(span, ""))
    return Mistake(diagnostic, Mend((), 1))


def _spaced_size(place: Place) -> Mistake | None:
    """`3 x 3`, `3x 3`, `3 × 3`: a size is one word."""
    start = place.at - 1 if place.before and place.before.kind in ("INT", "SIZE") else place.at
    text, at = "", start
    while at < len(place.tokens) and (piece := place.tokens[at].text.replace("×", "x")) and set(piece) <= _SIZE_LETTERS:
        if place.begins_line(at) and at > start:
            break
        text, at = text + piece, at + 1
    if at - start < 2 or not _is_size(text):
        return None
    first, last = place.tokens[start], place.tokens[at - 1]
    span = place.span(first, last)
    if start < place.at:
        place.machine.pop_to(len(place.machine.values) - 1)
    if not place.machine.takes("SIZE"):
        return None
    diagnostic = Diagnostic(
        Code.SYNTAX_UNEXPECTED, f"a size is one word: `{text}`", span, fix=Fix(span, text), help="write it without spaces"
    )
    return Mistake(diagnostic, Mend((Token("SIZE", text, first.start, last.end),), at - place.at))


def _wrong_sign(place: Place) -> Mistake | None:
    """A sign that other languages use for what another sign means here."""
    token, after = place.token, place.after
    for found, rights in WRONG_SIGNS.items():
        length = len(found)
        if [t.text for t in place.ahead(length)] != list(found) or not _adjacent(place.ahead(length)):
            continue
        for kind in rights:
            following = place.tokens[min(place.at + length, len(place.tokens) - 1)]
            if place.machine.takes(kind, following.kind):
                span = place.span(token, place.ahead(length)[-1])
                right = SIGNS.get(kind) or "=="
                message = f"`{''.join(found)}` stands where `{right}` is wanted"
                diagnostic = Diagnostic(Code.SYNTAX_UNEXPECTED, message, span, help=_form(place), fix=Fix(span, right))
                return Mistake(diagnostic, Mend((Token(kind, right, token.start, span.end),), length))
    if token.text == "*" and place.before and place.before.text == "*" and _adjacent([place.before, token]) and place.follows():
        span = place.span(place.before, token)
        diagnostic = Diagnostic(Code.SYNTAX_UNEXPECTED, "a power is written `^`", span, fix=Fix(span, "^"))
        return Mistake(diagnostic, Mend((), 1))
    if token.text in ("x", "X", "×") and after.kind in ("INT", "NAME") and place.machine.takes("STAR", after.kind):
        span = place.span(token)
        diagnostic = Diagnostic(Code.SYNTAX_UNEXPECTED, "a count of blocks follows `*`", span, help=_form(place), fix=Fix(span, "*"))
        return Mistake(diagnostic, _stand_in(place, "STAR", "*"))
    return None


def _comment(place: Place) -> Mistake | None:
    """`// like this`, or `-- like this`."""
    token = place.token
    line_end = place.source.text.find("\n", token.start)
    line_end = len(place.source.text) if line_end < 0 else line_end
    if token.kind != "FLOOR" or place.before is None:
        return None
    span = place.span(token)
    rest = [t for t in place.tokens[place.at :] if t.start < line_end and t.kind != "$END"]
    diagnostic = Diagnostic(Code.SYNTAX_UNEXPECTED, "a comment begins with `#`", span, fix=Fix(span, "#"))
    return Mistake(diagnostic, Mend((), len(rest)))


def _separator(place: Place) -> Mistake | None:
    """A comma between statements."""
    token, after = place.token, place.after
    begins = after.kind in STATEMENTS | DEFINITIONS | {"CLOSE_BRACE"}
    if token.kind != "COMMA" or not begins or not place.follows():
        return None
    span = place.span(token)
    diagnostic = Diagnostic(Code.SYNTAX_UNEXPECTED, "statements need no `,` between them", span, fix=Fix(span, ""))
    return Mistake(diagnostic, Mend((), 1))


def _keyword_as_name(place: Place) -> Mistake | None:
    """`let stage = 3`."""
    token = place.token
    if load_table().keywords.get(token.text) != token.kind or place.begins_line() or not place.follows("NAME"):
        return None
    if token.kind in STATEMENTS and place.after.kind == "NAME":
        return None
    message = f"`{token.text}` is a keyword of the language and cannot be a name"
    diagnostic = Diagnostic(Code.SYNTAX_RESERVED, message, place.span(token), help=f"call it `{token.text}_` or another word")
    return Mistake(diagnostic, _stand_in(place, "NAME", token.text))


def _misspelt(place: Place) -> Mistake | None:
    """`stagee s1 : …`, `import "std.res"`."""
    token = place.token
    if token.kind != "NAME":
        return None
    words = {word: kind for word, kind in load_table().keywords.items() if place.machine.takes(kind)}
    near = nearest(token.text, words) if len(token.text) > 2 else None
    word = near or FOREIGN.get(token.text.lower(), "")
    if word not in words or not place.follows(words[word]):
        return None
    if not place.begins_line() and words[word] in STATEMENTS and _missing(place):
        return None
    span = place.span(token)
    message = f"`{token.text}` is no word of the language here; did you mean `{word}`?"
    diagnostic = Diagnostic(
        Code.SYNTAX_UNEXPECTED, message, span, help=_form_of(words[word]) or _form(place), fix=Fix(span, word)
    )
    return Mistake(diagnostic, _stand_in(place, words[word], word))


def _missing(place: Place) -> Mistake | None:
    """One sign or word left out."""
    if place.begins_line() and place.token.kind == "NAME" and place.machine.takes("STAGE"):
        return None  # more likely a statement that begins with a word it should not begin with
    for kind, text in INSERTIONS.items():
        if kind == "COLON" and place.machine.takes("COMMA") and place.token.text not in TYPES:
            continue
        if place.machine.takes(kind, place.token.kind, place.after.kind):
            assert place.before is not None
            message = f"`{text.strip()}` is missing after `{_shorten(place.before.text)}`"
            diagnostic = Diagnostic(
                Code.SYNTAX_UNEXPECTED, message, place.gap, help=_form(place), fix=Fix(place.gap, text)
            )
            return Mistake(diagnostic, Mend((_new(kind, place, text.strip()),)))
    return None


def _unquoted(place: Place) -> Mistake | None:
    """`use std.res`, `about Deep residual networks`."""
    if not place.machine.takes("STRING") or place.machine.takes("INT") or place.begins_line():
        return None
    rest: list[Token] = []
    for at in range(place.at, len(place.tokens)):
        token = place.tokens[at]
        if token.kind in ("$END", "CLOSE_BRACE", "STRING") or (at > place.at and place.begins_line(at)):
            break
        rest.append(token)
    if not rest:
        return None
    span = place.span(rest[0], rest[-1])
    right = '"' + span.text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    diagnostic = Diagnostic(Code.SYNTAX_UNEXPECTED, f"a text stands in quotes: `{right}`", span, help=_form(place), fix=Fix(span, right))
    return Mistake(diagnostic, Mend((Token("STRING", right, span.start, span.end),), len(rest)))


def _misplaced(place: Place) -> Mistake | None:
    """A statement of networks in a block, a definition within another, a statement outside of all."""
    token = place.token
    machine = place.machine
    if token.kind not in STATEMENTS | DEFINITIONS or not machine.lists():
        return None
    inner = set(load_table().states[machine.states[machine.lists()[0]]])
    home = next((words for listed, words in _HOMES.items() if listed in inner), "")
    if token.kind == "USE":
        message = "`use` stands before all definitions"
    elif not home:
        message = f"`{token.text}` stands outside of every definition"
    elif token.kind in DEFINITIONS - STATEMENTS:
        message = f"`{token.text}` is defined outside of {home}"
    else:
        message = f"{home} has no statement `{token.text}`"
    if not machine.takes("CLOSE_BRACE") and not machine.takes("$END"):
        return None  # something before is unfinished, and that is what is wrong
    help = f"what can stand here is {list_wanted({k for k in machine.expected() if k in STATEMENTS | DEFINITIONS})}"
    return Mistake(Diagnostic(Code.SYNTAX_UNEXPECTED, message, place.span(token), help=help))


def _unexpected(place: Place) -> Mistake:
    """What was found, and what is wanted."""
    token = place.token
    wanted = list_wanted(place.machine.expected())
    begins = token.kind in STATEMENTS | DEFINITIONS and (place.begins_line() or place.machine.lists())
    if token.kind in ("$END", "CLOSE_BRACE") or begins:
        found = "the file ends" if token.kind == "$END" else f"`{token.text}` stands"
        return Mistake(Diagnostic(Code.SYNTAX_UNEXPECTED, f"{found} where {wanted} is wanted", place.gap, help=_form(place)))
    message = f"`{_shorten(token.text)}` stands where {wanted} is wanted"
    return Mistake(Diagnostic(Code.SYNTAX_UNEXPECTED, message, place.span(token), help=_form(place)))


# ---------------------------------------------------------------- parts of messages


def _form(place: Place) -> str:
    keyword = place.statement()
    return _form_of(keyword.kind) if keyword else ""


def _form_of(kind: str) -> str:
    return "{}: `{}`".format(*FORMS[kind]) if kind in FORMS else ""


def _shorten(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}…"


def _characters(letters: str) -> str:
    return ", ".join(dict.fromkeys(name_character(letter) for letter in letters[:3]))


def _new(kind: str, place: Place, text: str = "") -> Token:
    return Token(kind, text or SIGNS.get(kind, ""), place.gap.start, place.gap.end)


def _stand_in(place: Place, kind: str, text: str, *, drop: int = 1) -> Mend | None:
    token = place.token
    return Mend((Token(kind, text, token.start, token.end),), drop) if place.machine.takes(kind) else None


def _adjacent(tokens: list[Token]) -> bool:
    return all(left.end == right.start for left, right in zip(tokens, tokens[1:], strict=False))


def _is_size(text: str) -> bool:
    parts = text.split("x")
    return len(parts) > 1 and all(part.isdigit() for part in parts)


# ---------------------------------------------------------------- tables

KNOWN: tuple[Callable[[Place], Mistake | None], ...] = (
    _bad_token, _edition, _spaced_size, _wrong_sign, _unclosed, _comment, _separator, _keyword_as_name,
    _misspelt, _missing, _unquoted, _misplaced,
)  # fmt: skip

_CLOSER = {"OPEN_PAREN": "CLOSE_PAREN", "OPEN_BRACKET": "CLOSE_BRACKET", "OPEN_BRACE": "CLOSE_BRACE"}
_BEFORE_OPERANDS = frozenset(
    "ARROW COMMA EQUALS OPEN_PAREN OPEN_BRACKET PLUS MINUS STAR SLASH BEFORE RESIDUAL AFTER STEM HEAD COLON".split()
)
_SIZE_LETTERS = frozenset("0123456789x")
_HOMES = {"statement": "a network", "stage_statement": "a stage", "block_statement": "a block", "equation_statement": "an equation body"}

# Signs as they may be written, token by token, and what is meant, in the order of trial.
WRONG_SIGNS: dict[tuple[str, ...], tuple[str, ...]] = {
    (":", "="): ("EQUALS", "COLON"),
    ("=", ">"): ("ARROW",),
    ("-", ">"): ("ARROW",),
    (">", ">"): ("ARROW",),
    (">=",): ("ARROW",),
    (">",): ("ARROW",),
    ("=", "="): ("COMPARE",),
    ("==",): ("EQUALS",),
    ("=",): ("COLON", "COMPARE", "ARROW"),
    (":",): ("EQUALS", "OVER"),
    ("->",): ("COLON", "EQUALS"),
    (".", ".", "."): ("DOTS",),
    ("^",): ("STAR",),
}

# Signs that are no part of the language at all.
FOREIGN_SIGNS = {
    "&&": ("and", "AND"), "&": ("and", "AND"), "||": ("or", "OR"), "|": ("->", "ARROW"), "!": ("not", "NOT"),
    "→": ("->", "ARROW"), "⟶": ("->", "ARROW"), "⇒": ("->", "ARROW"), "×": ("*", "STAR"), "·": ("*", "STAR"),
    "−": ("-", "MINUS"), "–": ("-", "MINUS"), "÷": ("/", "SLASH"), "≤": ("<=", "COMPARE"), "≥": (">=", "COMPARE"),
    "≠": ("!=", "COMPARE"), "≈": ("~", "TILDE"), "…": ("..", "DOTS"), "⊕": ("+", "PLUS"), "⊙": ("*", "STAR"),
}  # fmt: skip

# What may be left out, in the order of trial, and how it is put in.
INSERTIONS = {
    "COMMA": ",", "ARROW": " ->", "COLON": " :", "EQUALS": " =", "STAR": " *", "OVER": " over", "VIA": " via",
    "THEN": " then", "WITHIN": " within", "OPEN_BRACE": " {", "OPEN_PAREN": "(", "CLOSE_PAREN": ")", "DOTS": "..",
    "MODULO": "%", "SLASH": "/",
}  # fmt: skip

TYPES = frozenset("int float prob bool str shape block shortcut layer list".split())
