"""Lays rows out in lines: columns align, long chains go on below their first layer, comments stand at the ends."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from resdsl.record import record, state

WIDTH = 120
INDENT = 2
BEFORE_COMMENT = 3


@record
class Row:
    """A statement in columns; rows of one shape align.

    Attributes:
        shape: which rows it aligns with.
        cells: the columns before the last.
        pieces: the last column, in parts between which a line may break.
        breaks: the places of the pieces that begin a line, as their author had it.
        hang: how far the lines after the first stand right of where the last column begins.
    """

    shape: str
    cells: tuple[str, ...]
    pieces: tuple[str, ...]
    breaks: frozenset[int] = frozenset()
    hang: int = 0


@state
class Item:
    """A row, or text that is kept as it is, with what belongs to it.

    Attributes:
        what: the row, or the text.
        blank: how many empty lines stand before it.
        body: the items between the braces after it; None if it has no braces.
        trailing: the comment at the end of its line.
        closing: the comment after the closing brace.
    """

    what: Row | str
    blank: int = 0
    body: list[Item] | None = None
    trailing: str = ""
    closing: str = ""


@state
class _Line:
    text: str
    comment: str = ""


def lay_out(items: Sequence[Item], *, indent: int = 0) -> list[str]:
    """The lines of items, one statement below the other."""
    return [_finish(line, width) for line, width in _with_comment_columns(_lines(items, indent))]


def _lines(items: Sequence[Item], indent: int) -> list[_Line]:
    lines: list[_Line] = []
    for item, cells in zip(items, _align(items), strict=True):
        lines += [_Line("")] * item.blank
        is_open = item.body or item.closing
        brace = "" if item.body is None else " {" if is_open else " {}"
        own = (
            _break(item.what, cells, indent, brace) if isinstance(item.what, Row) else _keep(item.what + brace, indent)
        )
        own[-1].comment = item.trailing
        lines += own
        if is_open:
            lines += _lines(item.body or [], indent + INDENT)
            lines.append(_Line(f"{' ' * indent}}}", item.closing))
    return lines


def _keep(text: str, indent: int) -> list[_Line]:
    first, *rest = text.split("\n")
    return [_Line(" " * indent + first), *map(_Line, rest)]


def _break(row: Row, cells: str, indent: int, brace: str) -> list[_Line]:
    """A row as lines of at most WIDTH characters, as far as its pieces allow."""
    pieces = (*row.pieces[:-1], row.pieces[-1] + brace)
    text = " " * indent + cells
    margin = len(text) + row.hang
    lines: list[_Line] = []
    for place, piece in enumerate(pieces):
        if place and (place in row.breaks or len(text) + 1 + len(piece) > WIDTH):
            lines.append(_Line(text))
            text = " " * margin + piece
        else:
            text += f"{' ' if place else ''}{piece}"
    return [*lines, _Line(text)]


# ---------------------------------------------------------------- columns


def _align(items: Sequence[Item]) -> list[str]:
    """For each item, its cells padded to the columns that it shares with the others of its shape."""
    padded = [""] * len(items)
    for group in _groups(items):
        rows = [item.what for item in (items[place] for place in group) if isinstance(item.what, Row)]
        widths = [max(map(len, column)) for column in _columns(rows)]
        for place, row in zip(group, rows, strict=True):
            columns = [cell.ljust(width) for cell, width in zip(row.cells, widths, strict=False) if width]
            padded[place] = "".join(f"{column} " for column in columns)
    return padded


def _groups(items: Sequence[Item]) -> list[list[int]]:
    """The places of the items that align: of some shapes all of a body, of others those that follow each other."""
    groups: list[list[int]] = []
    everywhere: dict[str, list[int]] = {}
    last = ""
    for place, item in enumerate(items):
        shape = item.what.shape if isinstance(item.what, Row) else ""
        if shape in ALIGNED_EVERYWHERE:
            everywhere.setdefault(shape, []).append(place)
        elif shape and shape == last and not item.blank:
            groups[-1].append(place)
        elif isinstance(item.what, Row):
            groups.append([place])
        last = shape
    return [*groups, *everywhere.values()]


def _columns(rows: Sequence[Row]) -> list[list[str]]:
    longest = max((len(row.cells) for row in rows), default=0)
    return [[row.cells[n] for row in rows if n < len(row.cells)] for n in range(longest)]


# ---------------------------------------------------------------- comments at the ends of lines


def _with_comment_columns(lines: Sequence[_Line]) -> list[tuple[_Line, int]]:
    """Each line with the column of its comment: comments align on lines that follow each other, indented alike."""
    columns: list[tuple[_Line, int]] = []
    for _, run in groupby(lines, key=_comment_run):
        group = list(run)
        width = max(len(line.text) for line in group)
        columns += [(line, width) for line in group]
    return columns


def _comment_run(line: _Line) -> int:
    return len(line.text) - len(line.text.lstrip()) if line.comment else -1


def _finish(line: _Line, width: int) -> str:
    return f"{line.text.ljust(width)}{' ' * BEFORE_COMMENT}{line.comment}" if line.comment else line.text.rstrip()


ALIGNED_EVERYWHERE = frozenset({"structure", "branch"})
