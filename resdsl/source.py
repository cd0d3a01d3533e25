"""Where text comes from, and which part of it something stands for."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from pathlib import Path

from resdsl.record import record


def real_path(path: Path) -> Path:
    """The path with its links followed; as it is where they go in circles, or where no file can have such a name."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):  # RuntimeError: a circle, before Python 3.13
        return path.absolute()


@record
class Source:
    """One text with the name that messages print for it; `path` is the file it was read from, if any."""

    name: str
    text: str
    path: Path | None = None

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Source({self.name!r})"  # not its text: every span of a tree or graph would repeat it

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(i + 1 for i, character in enumerate(self.text) if character == "\n")]

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column, both from 1, of a character."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), without its end."""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] - 1 if number < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@record
class Span:
    """The characters `start` to `end` (exclusive) of a source; line and column are derived late."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The line, from 1, of the first character."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The column, from 1, of the first character."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.end]

    def holds(self, other: Span | None) -> bool:
        """Whether the other lies within this one."""
        return other is not None and self.source is other.source and self.start <= other.start and other.end <= self.end

    def meets(self, other: Span) -> bool:
        """Whether one of the two lies within the other."""
        return self.holds(other) or other.holds(self)

    def to(self, other: Span) -> Span:
        """From the start of this span to the end of the other."""
        return Span(self.source, self.start, other.end)

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


def usual_line_end(text: str) -> str:
    """How most lines of a text end: with a newline, or with two characters as on Windows."""
    return "\r\n" if text.count("\r\n") * 2 > text.count("\n") else "\n"
