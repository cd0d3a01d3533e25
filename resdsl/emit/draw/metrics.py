"""How much room a text takes, whichever of the usual fonts it meets."""

from __future__ import annotations

import re
from functools import lru_cache
from math import ceil

from resdsl.emit.draw.widths import BOLD, REGULAR

FONTS = ("Arimo", "Liberation Sans", "Arial", "Helvetica", "Nimbus Sans", "DejaVu Sans", "sans-serif")
ASCENT, DESCENT = 0.76, 0.24
"""How far letters rise above and fall below the base line, in font sizes."""


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """An upper bound of the width in pixels of one line of text."""
    return _thousandths(text, bold=bold) * size / 1000


def shortened(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """The text, cut and ended by `…` where it is wider than `width` pixels."""
    if text_width(text, size, bold=bold) <= width:
        return text
    kept = text
    while kept and text_width(kept + "…", size, bold=bold) > width:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def wrapped(text: str, size: float, width: float, *, bold: bool = False, separator: str = " ") -> list[str]:
    """The text in lines of at most `width` pixels, broken at separators; a longer piece is shortened."""
    lines: list[str] = []
    for piece in filter(None, (piece.strip() for piece in text.split(separator))):
        joined = f"{lines[-1]}{separator}{piece}" if lines else piece
        if lines and text_width(joined, size, bold=bold) <= width:
            lines[-1] = joined
        else:
            lines.append(shortened(piece, size, width, bold=bold))
    return lines


def broken(text: str, size: float, width: float) -> list[str]:
    """The text in lines of at most `width` pixels, broken at ` · ` before it is broken between words."""
    lines: list[str] = []
    for piece in text.split(" · "):
        joined = f"{lines[-1]} · {piece}" if lines else piece
        if lines and text_width(joined, size) <= width:
            lines[-1] = joined
        else:
            lines += wrapped(piece, size, width)
    return lines


def name_lines(name: str, size: float, width: float) -> list[str]:
    """A bold name in lines of at most `width` pixels, broken after underscores; a longer piece is shortened."""
    lines: list[str] = []
    for piece in re.findall(r"[^_]*_?", name):
        joined = f"{lines[-1]}{piece}" if lines else piece
        if lines and text_width(joined, size, bold=True) <= width:
            lines[-1] = joined
        elif piece:
            lines.append(shortened(piece, size, width, bold=True))
    return lines


def line_height(size: float) -> float:
    """The distance of two base lines."""
    return ceil(size * 1.3)


@lru_cache(maxsize=4096)
def _thousandths(text: str, *, bold: bool) -> int:
    widths = _BOLD if bold else _REGULAR
    return sum(widths.get(character, _UNKNOWN) for character in text)


_UNKNOWN = 1100  # an ideograph is one em wide
_REGULAR = {character: width for width, characters in REGULAR.items() for character in characters}
_BOLD = {character: width for width, characters in BOLD.items() for character in characters}
