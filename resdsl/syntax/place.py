"""The place of a syntax mistake: what stands there, what is open around it, and what could follow."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from resdsl.record import record
from resdsl.source import Source, Span
from resdsl.syntax.machine import Machine
from resdsl.syntax.token import Token
from resdsl.syntax.words import DEFINITIONS, FORMS, STATEMENTS


@record
class Place:
    """A token that cannot stand where it stands, with the parse before it and the tokens after it."""

    source: Source
    machine: Machine
    tokens: list[Token]
    at: int

    @property
    def token(self) -> Token:
        """The token itself."""
        return self.tokens[self.at]

    @property
    def before(self) -> Token:
        """The token before; at the beginning of a file, one without characters."""
        return self.tokens[self.at - 1] if self.at else Token("", "", 0, 0)

    @property
    def after(self) -> Token:
        """The token after; at the end of a file, the end again."""
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    @property
    def gap(self) -> Span:
        """The end of the token before: where something is missing."""
        return Span(self.source, self.before.end, self.before.end)

    def span(self, first: Token, last: Token | None = None) -> Span:
        """From one token to another."""
        return Span(self.source, first.start, (last or first).end)

    def begins_line(self, at: int | None = None) -> bool:
        """Whether the token, or another, is the first of its line."""
        at = self.at if at is None else at
        return at == 0 or self.source.text.find("\n", self.tokens[at - 1].end, self.tokens[at].start) >= 0

    def index_of(self, start: int) -> int:
        """The number of the first token that begins at a place of the text, or behind it."""
        return bisect_left(self.tokens, start, key=_start)

    def indentation(self, token: Token) -> int:
        """How far the line that a token stands on is indented."""
        line = self.source.line(self.source.position(token.start)[0])
        return len(line) - len(line.lstrip())

    def begins_equation(self, at: int) -> bool:
        """Whether, among equations, another begins with a token, whatever brackets are open before it."""
        if self.tokens[at].kind != "NAME" or self.tokens[at + 1].kind != "EQUALS" or not self.begins_line(at):
            return False
        lists = self.open_lists()
        if not lists or not self.machine.takes_at(lists[0], "NAME", "EQUALS"):
            return False
        statement = (self.machine.starts[lists[0] :] or [self.token.start])[0]
        first = self.tokens[self.index_of(statement)]
        return self.indentation(self.tokens[at]) <= self.indentation(first)

    def follows(self, *kinds: str) -> bool:
        """Whether the token after could come after these."""
        return self.machine.takes(*kinds, self.after.kind)

    def carries_on(self, kinds: Sequence[str], *, drop: int, back: int = 0) -> bool:
        """Whether the parse would go on with tokens of these kinds in place of some before and after.

        It does where it takes the few tokens after them, or those to the end of a line which may end a statement.
        """
        height, first = len(self.machine.values) - back, self.at + drop
        coming = self.coming(first)
        if self.machine.takes_at(height, *kinds, *coming):
            return True
        lines = (coming[:n] for n in range(len(coming)) if self.begins_line(first + n))
        return any(self.machine.takes_at(height, *kinds, *line, end) for line in lines for end in _ENDS)

    def begins_well(self, at: int) -> bool:
        """Whether a statement that begins with a token is likely one, and no word of a broken one."""
        return self.begins_line(at) or self.machine.takes_at(self.open_lists()[0], *self.coming(at))

    def coming(self, at: int) -> list[str]:
        """The kinds of the next few tokens of a statement, up to a character that is a mistake of its own."""
        kinds: list[str] = []
        for place in range(at, min(at + FORESIGHT, len(self.tokens))):
            if place > at and self.tokens[place].kind.startswith("BAD"):
                break
            kinds.append(self.tokens[place].kind)
            if place > at and self.tokens[place].kind in STATEMENTS and self.begins_line(place):
                break
        return kinds

    def complete(self) -> bool:
        """Whether what is before is a whole statement or definition, to which nothing need be added."""
        return any(self.machine.takes(kind) for kind in _ENDS)

    def settle(self) -> None:
        """Where the mistake begins a line, take what is before for finished, if it can be."""
        early = (self.before.kind == "CLOSE_BRACE" and self.unclosed_braces() < 0) or self.lacks_brace()
        if self.machine.kind_at(0) == "RES" or (self.begins_line() and not early):
            for kind in _ENDS:
                self.machine.settle(kind)

    def lacks_brace(self) -> bool:
        """Whether a statement stands where only the brace before it is missing, which is closed further down."""
        kind = self.token.kind
        return kind in STATEMENTS - DEFINITIONS and self.machine.takes("OPEN_BRACE", kind) and self.lacks_one_here()

    def open_brackets(self) -> list[Token]:
        """The brackets that are open here, the innermost last."""
        opened: list[Token] = []
        for value in self.machine.values:
            if isinstance(value, Token) and value.kind in CLOSER:
                opened.append(value)
            elif isinstance(value, Token) and opened and value.kind == CLOSER[opened[-1].kind]:
                opened.pop()
        return opened

    def in_braces(self) -> bool:
        """Whether the mistake stands in the braces of a definition."""
        return any(bracket.kind == "OPEN_BRACE" for bracket in self.open_brackets())

    def open_lists(self) -> list[int]:
        """The heights of the stack at which lists of statements or definitions stand open, the innermost first."""
        heights: list[int] = []
        depth = 0
        for height in range(len(self.machine.states) - 1, -1, -1):
            if depth == 0 and self.machine.is_list(height):
                heights.append(height)
            kind = self.machine.kind_at(height - 1)
            depth += kind == "CLOSE_BRACE"
            depth -= kind == "OPEN_BRACE" and depth > 0
        return heights

    def unclosed_braces(self, at: int | None = None) -> int:
        """How many of the braces that are open here nothing closes from a token on."""
        depth = sum(bracket.kind == "OPEN_BRACE" for bracket in self.open_brackets())
        for token in self.tokens[self.at if at is None else at :]:
            depth += (token.kind == "OPEN_BRACE") - (token.kind == "CLOSE_BRACE")
        return depth

    def lacks_one_here(self) -> bool:
        """Whether, before another definition begins, more braces are closed than are open."""
        depth = sum(bracket.kind == "OPEN_BRACE" for bracket in self.open_brackets())
        for at in range(self.at, len(self.tokens)):
            kind = self.tokens[at].kind
            if depth < 0 or (kind in DEFINITIONS - STATEMENTS and self.begins_line(at)):
                break
            depth += (kind == "OPEN_BRACE") - (kind == "CLOSE_BRACE")
        return depth < 0

    def unclosed_before(self, at: int) -> bool:
        """Whether the innermost open brace was meant to be closed before the keyword at a token.

        It was, if the keyword could stand behind it, braces are missing, and the layout does not say otherwise: the
        keyword is not indented deeper than the brace's own line, and the brace is not closed on that line.
        """
        braces = [bracket for bracket in self.open_brackets() if bracket.kind == "OPEN_BRACE"]
        token = self.tokens[at]
        if not braces or token.kind not in STATEMENTS | DEFINITIONS or self.unclosed_braces(at) <= 0:
            return False
        height = self.open_lists()[0]
        if not any(self.machine.takes_at(height, *["CLOSE_BRACE"] * n, token.kind) for n in range(1, len(braces) + 1)):
            return False
        if self.begins_line(at):
            return self.indentation(token) <= self.indentation(braces[-1])
        return not self._closed_on_line(at)

    def _closed_on_line(self, at: int) -> bool:
        depth = 1
        for place in range(at, len(self.tokens)):
            if depth == 0 or self.begins_line(place):
                break
            depth += (self.tokens[place].kind == "OPEN_BRACE") - (self.tokens[place].kind == "CLOSE_BRACE")
        return depth == 0

    def keyword(self) -> str:
        """The kind of the keyword of the statement or definition that the mistake stands in; empty between them."""
        lists = self.open_lists()
        inside = self.machine.values[lists[0] if lists else 0 :]
        return next((value.kind for value in inside if isinstance(value, Token) and value.kind in FORMS), "")


def _start(token: Token) -> int:
    return token.start


CLOSER = {"OPEN_PAREN": "CLOSE_PAREN", "OPEN_BRACKET": "CLOSE_BRACKET", "OPEN_BRACE": "CLOSE_BRACE"}
_ENDS = ("CLOSE_BRACE", "EXTERN")  # the second begins a definition, and nothing else
FORESIGHT = 4  # tokens that must fit after a guess
