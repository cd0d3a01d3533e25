"""Turns places in a source into the protocol's lines and columns, and back, in the units that the client counts."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

from lsprotocol import types

from resdsl.source import Source, Span


class Positions:
    """Places of one source; columns count units of `utf-8`, `utf-16` or `utf-32`.

    Lines end as the protocol has it: at a carriage return, too, which ends none of the language.
    """

    def __init__(self, source: Source, encoding: str) -> None:
        self._source = source
        self._encoding = encoding
        self._starts = _line_starts(source)

    def position(self, offset: int) -> types.Position:
        """Where a character stands; that of a line's end is the place behind the line."""
        offset = max(0, min(offset, len(self._source.text)))
        line = bisect_right(self._starts, offset) - 1
        before = self._source.text[self._starts[line] : offset].removesuffix("\r")
        return types.Position(line, self._units(before))

    def range(self, span: Span) -> types.Range:
        """From the first character of a span to behind its last."""
        return types.Range(self.position(span.start), self.position(span.end))

    def offset(self, position: types.Position) -> int:
        """The character at a position; the end of the line or text where the position lies beyond."""
        if position.line >= len(self._starts):
            return len(self._source.text)
        start = self._starts[position.line]
        end = self._starts[position.line + 1] if position.line + 1 < len(self._starts) else len(self._source.text)
        line = self._source.text[start:end].rstrip("\r\n")
        if line.isascii() or self._encoding == "utf-32":
            return start + min(position.character, len(line))
        units = 0
        for column, character in enumerate(line):
            if units >= position.character:
                return start + column
            units += self._units(character)
        return start + len(line)

    def _units(self, text: str) -> int:
        if text.isascii() or self._encoding == "utf-32":
            return len(text)
        units = text.encode("utf-8" if self._encoding == "utf-8" else "utf-16-le", "surrogatepass")
        return len(units) if self._encoding == "utf-8" else len(units) // 2


@lru_cache(maxsize=32)
def _line_starts(source: Source) -> list[int]:
    return [0, *(end.end() for end in _LINE_END.finditer(source.text))]


_LINE_END = re.compile(r"\r\n|\r|\n")
