"""What a PDF needs to know of a TrueType font: its letters' glyphs and widths, read from the file itself."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from struct import unpack_from

from resdsl.record import record

FONT_FOLDER = Path(__file__).parent / "fonts"


@record
class Font:
    """A font.

    Attributes:
        name: as PDF readers list it.
        data: the file.
        glyphs: the glyph of each letter, by code point.
        widths: of each glyph, in thousandths of the size.
        box: the smallest box around all glyphs, in thousandths: left, bottom, right, top.
        ascent: how high letters rise, in thousandths.
        descent: how low they fall; negative.
        slant: the angle of italics, in degrees.
    """

    name: str
    data: bytes
    glyphs: dict[int, int]
    widths: tuple[int, ...]
    box: tuple[int, int, int, int]
    ascent: int
    descent: int
    slant: float

    def width(self, text: str, size: float) -> float:
        """The exact width of a line of text in this font."""
        return sum(self.widths[self.glyphs.get(ord(c), 0)] for c in text) * size / 1000


@lru_cache(maxsize=3)
def read_font(name: str) -> Font:
    """One of the fonts that the package ships: `Arimo-Regular`, `Arimo-Bold`, `Arimo-Italic`."""
    data = (FONT_FOLDER / f"{name}.ttf").read_bytes()
    tables = _tables(data)
    head, hhea, post = tables["head"], tables["hhea"], tables["post"]
    (em,) = unpack_from(">H", data, head + 18)
    box = unpack_from(">4h", data, head + 36)
    ascent, descent = unpack_from(">2h", data, hhea + 4)
    (n_metrics,) = unpack_from(">H", data, hhea + 34)
    (n_glyphs,) = unpack_from(">H", data, tables["maxp"] + 4)
    (slant,) = unpack_from(">i", data, post + 4)
    metrics = [unpack_from(">H", data, tables["hmtx"] + 4 * i)[0] for i in range(n_metrics)]
    metrics += metrics[-1:] * (n_glyphs - n_metrics)
    scale = 1000 / em
    return Font(
        name=name,
        data=data,
        glyphs=_character_map(data, tables["cmap"]),
        widths=tuple(round(width * scale) for width in metrics),
        box=(round(box[0] * scale), round(box[1] * scale), round(box[2] * scale), round(box[3] * scale)),
        ascent=round(ascent * scale),
        descent=round(descent * scale),
        slant=slant / 65536,
    )


def _tables(data: bytes) -> dict[str, int]:
    """Where each table of the file begins."""
    (n_tables,) = unpack_from(">H", data, 4)
    entries = (unpack_from(">4s2L", data, 12 + 16 * i) for i in range(n_tables))
    return {tag.decode("latin-1"): offset for tag, _, offset in entries}


def _character_map(data: bytes, cmap: int) -> dict[int, int]:
    """The subtable of format 4, which holds all of the Basic Multilingual Plane."""
    (n_subtables,) = unpack_from(">H", data, cmap + 2)
    offsets = [cmap + unpack_from(">2HL", data, cmap + 4 + 8 * i)[2] for i in range(n_subtables)]
    table = next(offset for offset in offsets if unpack_from(">H", data, offset)[0] == 4)
    n_segments = unpack_from(">H", data, table + 6)[0] // 2
    ends, starts, deltas, ranges = (table + 14 + 2 * n_segments * i + (2 if i else 0) for i in range(4))
    glyphs: dict[int, int] = {}
    for segment in range(n_segments):
        (end,), (start,) = unpack_from(">H", data, ends + 2 * segment), unpack_from(">H", data, starts + 2 * segment)
        (delta,), (reach,) = (
            unpack_from(">H", data, deltas + 2 * segment),
            unpack_from(">H", data, ranges + 2 * segment),
        )
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if reach:
                (glyph,) = unpack_from(">H", data, ranges + 2 * segment + reach + 2 * (code - start))
            if glyph:
                glyphs[code] = (glyph + delta) & 0xFFFF
    return glyphs
