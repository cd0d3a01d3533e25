"""A table of text, written for a terminal, as Markdown or as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from unicodedata import combining, east_asian_width


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, and whether it holds numbers: these stand to the right."""

    heading: str
    numbers: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of as many cells as there are columns; `totals`, if any, is one more row, under a rule."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    totals: tuple[str, ...] | None = None

    @property
    def _all_rows(self) -> tuple[tuple[str, ...], ...]:
        return self.rows if self.totals is None else (*self.rows, self.totals)

    def to_text(self) -> str:
        """For a terminal: columns aligned, a rule under the headings. A column without any text is left out.

        A cell may have several lines; those beside it stand in the middle of their row.
        """
        kept = [i for i in range(len(self.columns)) if any(row[i] for row in self._all_rows)]
        cells = [[row[i].split("\n") for i in kept] for row in (self._headings, *self._all_rows)]
        widths = [max(_width(line) for row in cells for line in row[i]) for i in range(len(kept))]
        justified = [
            [
                [self._justify(column, line, width) for line in cell]
                for column, cell, width in zip(kept, row, widths, strict=True)
            ]
            for row in cells
        ]
        written = [_lay_out(row, widths) for row in justified]
        rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
        written.insert(1, [rule])
        if self.totals is not None:
            written.insert(-1, [rule])
        return "\n".join(line for row in written for line in row)

    def to_markdown(self) -> str:
        """A table of GitHub's Markdown."""
        rule = tuple("--:" if column.numbers else "---" for column in self.columns)
        return "\n".join(
            "| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |"
            for row in (self._headings, rule, *self._all_rows)
        )

    def to_csv(self) -> str:
        """Comma-separated values, the first line the headings; without the totals, which a reader can add."""
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows((self._headings, *self.rows))
        return out.getvalue().removesuffix("\n")

    @property
    def _headings(self) -> tuple[str, ...]:
        return tuple(column.heading for column in self.columns)

    def _justify(self, column: int, cell: str, width: int) -> str:
        space = " " * (width - _width(cell))
        return space + cell if self.columns[column].numbers else cell + space


def _lay_out(row: list[list[str]], widths: list[int]) -> list[str]:
    """The lines of a row whose cells may have several, each cell in the middle of the height."""
    height = max(len(cell) for cell in row)
    lines: list[str] = []
    for number in range(height):
        parts: list[str] = []
        for cell, width in zip(row, widths, strict=True):
            place = number - (height - len(cell)) // 2
            parts.append(cell[place] if 0 <= place < len(cell) else " " * width)
        lines.append("  ".join(parts).rstrip())
    return lines


def _width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
