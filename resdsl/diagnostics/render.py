"""Prints a diagnostic with the lines it is about; the underline does not depend on colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from unicodedata import category, east_asian_width

from resdsl.diagnostics.diagnostic import Diagnostic
from resdsl.diagnostics.visible import visible
from resdsl.record import record
from resdsl.source import Source, Span


def render(diagnostic: Diagnostic) -> str:
    """The whole message as text without colour: head, place, lines with carets in file order, help.

    The place of the mistake is underlined by `^`, each note's by `-`; what stands in other files follows. Of a line
    that is too long to read, the part around the mark is shown.
    """
    marks = _marks(diagnostic)
    margin = " " * max((len(str(mark.line)) for mark in marks), default=0)
    lines = [f"{diagnostic.severity}[{diagnostic.code.value}]: {visible(diagnostic.message)}"]
    for source in dict.fromkeys(mark.span.source for mark in marks):
        here = [mark for mark in marks if mark.span.source is source]
        arrow = "-->" if here[0] is marks[0] else ":::"
        lines += [f"{margin}{arrow} {visible(str(here[0].span))}", f"{margin} |"]
        lines += _show(sorted(here, key=lambda mark: (mark.span.start, mark.sign)), source, margin)
    if diagnostic.help:
        lines.append(f"{margin} = help: {visible(diagnostic.help)}")
    return "\n".join(lines)


@record
class _Mark:
    """A place to underline, and what is said there."""

    span: Span
    sign: str
    text: str

    @property
    def line(self) -> int:
        return self.span.line


def _marks(diagnostic: Diagnostic) -> list[_Mark]:
    """The mistake's own place first."""
    if diagnostic.span is None:
        return []
    return [
        _Mark(diagnostic.span, "^", diagnostic.label),
        *(_Mark(note.span, "-", note.text) for note in diagnostic.notes),
    ]


def _show(marks: Sequence[_Mark], source: Source, margin: str) -> Iterator[str]:
    for number, on_line in groupby(marks, key=lambda mark: mark.line):
        line = source.line(number)
        shown: _Window | None = None
        for mark in on_line:
            first = mark.span.column - 1
            last = min(first + max(mark.span.end - mark.span.start, 1), max(len(line), first + 1))
            window = _window(line, first, last)
            if window != shown:
                yield f"{number:>{len(margin)}} | {window.text(line)}".rstrip()
                shown = window
            before, inside = window.columns(line, first), window.columns(line, last)
            yield f"{margin} | {' ' * before}{mark.sign * max(inside - before, 1)} {visible(mark.text)}".rstrip()


# ---------------------------------------------------------------- one line


@record
class _Window:
    """The characters of a line, from `start` to `end` (exclusive), that are shown."""

    start: int
    end: int

    def text(self, line: str) -> str:
        """What is shown of the line."""
        cut = self.start > 0, self.end < len(line)
        return _CUT * cut[0] + _expand(line[self.start : self.end]) + _CUT * cut[1]

    def columns(self, line: str, at: int) -> int:
        """How many columns of a terminal stand before a character."""
        shown = _expand(line[self.start : min(at, self.end)])
        beyond = max(at - max(self.end, len(line)), 0)
        return (self.start > 0) + sum(map(_width, shown)) + beyond


def _window(line: str, first: int, last: int) -> _Window:
    if len(line) <= _LONGEST:
        return _Window(0, len(line))
    start = max(0, min(first - _CONTEXT, len(line) - _LONGEST))
    return _Window(start, max(start + _LONGEST, min(last, start + 2 * _LONGEST)))


def _expand(text: str) -> str:
    """Tabs as spaces; characters that a terminal would obey or hide as one that it shows."""
    return visible(text.replace("\t", _TAB))


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if category(character) in {"Mn", "Me"}:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


_TAB = "    "
_CUT = "…"
_LONGEST = 120  # characters of a line
_CONTEXT = 40  # characters before a mark, where the line is cut
