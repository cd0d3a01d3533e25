"""Writes a file in the one canonical layout, every comment kept in its place."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from resdsl.diagnostics import InternalError
from resdsl.limits import DEFAULT, Limits
from resdsl.source import Source, Span
from resdsl.syntax import ast
from resdsl.syntax.layout import Item, lay_out
from resdsl.syntax.lexer import Lexed, lex
from resdsl.syntax.parser import parse
from resdsl.syntax.printer import Trivia, program_items


def fmt(text: str, *, name: str = "text", limits: Limits = DEFAULT) -> str:
    """The same program in the canonical layout; doing so twice changes nothing more.

    Kept as their author wrote them are comments, single empty lines, line breaks before `->`, and any statement that
    has a comment in its midst. The result is parsed again, and held against the text: it means the same.

    Raises:
        ResError: the text is no program.
    """
    source = Source(name, text)
    return fmt_parsed(source, parse(source, limits=limits), lex(source, limits), limits=limits)


def fmt_parsed(source: Source, program: ast.Program, lexed: Lexed, *, limits: Limits = DEFAULT) -> str:
    """The same, of a source whose program and tokens are at hand."""
    lines = lay_out(program_items(program, _Kept(source, lexed)))
    formatted = "\n".join(lines) + "\n"
    _prove(program, lexed, Source(source.name, formatted), limits)
    return formatted


class _Kept(Trivia):
    """The comments and empty lines of a file, handed out in file order."""

    def __init__(self, source: Source, lexed: Lexed) -> None:
        self._text = source.text
        self._source = source
        self._tokens = lexed.tokens
        self._starts = [token.start for token in lexed.tokens]
        self._comments = lexed.comments
        self._comment_starts = [comment.start for comment in lexed.comments]
        self._next = 0

    def above(self, node: ast.Syntax, blank: int) -> tuple[list[Item], int]:
        top = isinstance(node, ast.Definition | ast.Use | ast.Integer)  # the integer is the edition
        items = self._take(node.span.start, top=top)
        between = self._blank_before(node.span.start, top=top)
        if top and items:
            items[0].blank = max(items[0].blank, blank)
        return items, between if items else max(between, blank if top else 0)

    def after(self, node: ast.Syntax) -> str:
        return self._beside(node.span.end)

    def opening(self, node: ast.Syntax) -> str:
        brace = self._brace(node)
        return "" if brace is None else self._beside(brace + 1)

    def closing(self, node: ast.Syntax) -> list[Item]:
        if isinstance(node, ast.Program):
            return self._take(len(self._text), top=True)
        return [] if self._brace(node) is None else self._take(node.span.end, top=False)

    def verbatim(self, node: ast.Syntax) -> str | None:
        brace = self._brace(node)
        end = node.span.end if brace is None else brace
        first = bisect_left(self._comment_starts, node.span.start)
        if bisect_left(self._comment_starts, end) == first:
            return None
        self._next = bisect_left(self._comment_starts, end)
        last = self._comments[self._next - 1]
        to_brace = last.kind == "COMMENT" and not self._text[last.end : end].strip()
        return _strip_lines(self._text[node.span.start : end]) + ("\n" if to_brace else "")

    def breaks(self, parts: Sequence[ast.Syntax]) -> frozenset[int]:
        return frozenset(
            n for n in range(1, len(parts)) if "\n" in self._text[parts[n - 1].span.end : parts[n].span.start]
        )

    def edition(self, program: ast.Program) -> Span:
        return Span(self._source, self._tokens[0].start, self._tokens[1].end)

    def _take(self, end: int, *, top: bool) -> list[Item]:
        """The comments not yet placed that stand before an offset, each on a line of its own."""
        items: list[Item] = []
        while self._next < len(self._comments) and self._comments[self._next].start < end:
            comment = self._comments[self._next]
            items.append(Item(_strip_lines(comment.text), self._blank_before(comment.start, top=top)))
            self._next += 1
        return items

    def _beside(self, end: int) -> str:
        """The comments on the rest of the line."""
        texts: list[str] = []
        while self._next < len(self._comments):
            comment = self._comments[self._next]
            if "\n" in comment.text or self._text[end : comment.start].strip(" \t"):
                break
            texts.append(comment.text.rstrip())
            end = comment.end
            self._next += 1
        return " ".join(texts)

    def _blank_before(self, start: int, *, top: bool) -> int:
        """How many empty lines stand above an offset: of more than one, one is kept, between definitions two."""
        space = self._text[len(self._text[:start].rstrip()) : start]
        before = self._text[: start - len(space)]
        if not before or before.endswith("{"):
            return 0
        return min(max(space.count("\n") - 1, 0), 2 if top else 1)

    def _brace(self, node: ast.Syntax) -> int | None:
        """Where the opening brace of a statement or definition stands."""
        if not isinstance(node, ast.Definition | ast.Stage):
            return None
        for place in range(bisect_left(self._starts, node.span.start), bisect_left(self._starts, node.span.end)):
            if self._tokens[place].kind == "OPEN_BRACE":
                return self._tokens[place].start
        return None


def _strip_lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip()


def _prove(program: ast.Program, lexed: Lexed, formatted: Source, limits: Limits) -> None:
    """That nothing was changed and nothing lost."""
    lexed_again = lex(formatted, limits)
    again = parse(formatted, limits=limits, lexed=lexed_again)
    comments = [[_strip_lines(c.text) for c in found.comments] for found in (lexed, lexed_again)]
    if again != program or _docs(again) != _docs(program) or comments[0] != comments[1]:
        raise InternalError("the formatter changed what a file means")


def _docs(program: ast.Program) -> list[str]:
    stated = [s for d in program.definitions if isinstance(d, ast.Network | ast.Derived) for s in d.statements]
    return [
        node.doc for node in (*program.definitions, *stated) if isinstance(node, ast.Definition | ast.Stage | ast.Link)
    ]
