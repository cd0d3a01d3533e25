"""Turns places in a source into the protocol's lines and columns, and back, in the units that the client counts."""

from __future__ import annotations

from lsprotocol import types

from resdsl.source import Source, Span


class Positions:
    """Places of one source. Lines end as the language has it; columns count units of `utf-8`, `utf-16` or `utf-32`."""

    def __init__(self, source: Source, encoding: str) -> None:
        self._source = source
        self._encoding = encoding

    def position(self, offset: int) -> types.Position:
        """Where a character stands."""
        line, column = self._source.position(max(0, min(offset, len(self._source.text))))
        before = self._source.text[offset - column + 1 : offset]
        return types.Position(line - 1, self._units(before))

    def range(self, span: Span) -> types.Range:
        """From the first character of a span to behind its last."""
        return types.Range(self.position(span.start), self.position(span.end))

    def offset(self, position: types.Position) -> int:
        """The character at a position; the end of the line or text where the position lies beyond."""
        text = self._source.text
        start = 0
        for _ in range(position.line):
            start = text.find("\n", start) + 1
            if not start:
                return len(text)
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
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
