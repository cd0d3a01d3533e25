"""Scene to PDF: lines stay lines, letters stay letters, their fonts with them; nothing but Python is needed."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Literal, assert_never
from zlib import compress

from resdsl.emit.draw.geometry import Line, Point, Rect
from resdsl.emit.draw.scene import Dash, Scene
from resdsl.emit.draw.theme import THEMES, Theme
from resdsl.emit.draw.truetype import Font, read_font
from resdsl.emit.draw.wording import clean
from resdsl.emit.draw.writers.marks import AreaMark, DiscMark, LineMark, Mark, RectMark, WordsMark, dash_lengths, marks

POINT = 0.75
"""Points in a pixel."""

ROUND = 0.5523
"""Where the control points of a quarter of a circle stand, in radii."""


def write_pdf(scene: Scene, theme: str = "light") -> bytes:
    """The picture on one page of its own size."""
    page = _Page(scene, THEMES[theme])
    return page.document()


class _Page:
    def __init__(self, scene: Scene, theme: Theme) -> None:
        self._scene, self._theme = scene, theme
        self._fonts: dict[str, set[str]] = {}

    def document(self) -> bytes:
        """All objects, their table, and the end of the file."""
        content = compress("\n".join(self._content()).encode("latin-1"), 9)
        width, height = _number(self._scene.width * POINT), _number(self._scene.height * POINT)
        names = sorted(self._fonts)
        first_font = 6
        fonts = " ".join(f"/{name[6]} {first_font + 5 * i} 0 R" for i, name in enumerate(names))
        resources = f"<< /Font << {fonts} >> >>"
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            (
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R"
                f" /Resources {resources} >>"
            ).encode(),
            _stream(content, "/Filter /FlateDecode"),
            f"<< /Title {_text_string(self._scene.title)} /Subject {_text_string(self._scene.description)} >>".encode(),
        ]
        for i, name in enumerate(names):
            objects += _font_objects(read_font(name), self._fonts[name], first_font + 5 * i)
        return _file(objects)

    def _content(self) -> Iterator[str]:
        yield f"{_number(POINT)} 0 0 {_number(-POINT)} 0 {_number(self._scene.height * POINT)} cm 1 j"
        yield f"{self._rgb('page', 'rg')} 0 0 {_number(self._scene.width)} {_number(self._scene.height)} re f"
        theme = self._theme
        for mark, faded in marks(self._scene):
            self._theme = theme.faded if faded else theme
            yield self._mark(mark)

    def _mark(self, mark: Mark) -> str:
        match mark:
            case RectMark(rect, radius, fill, line, width, dash):
                return f"{self._rgb(fill, 'rg')} {self._pen(line, width, dash)} {_round_rect(rect, radius)} B"
            case DiscMark(x, y, radius, fill, line, width):
                shape = _round_rect(Rect(x - radius, y - radius, 2 * radius, 2 * radius), radius)
                pen = f"{self._pen(line, width, 'solid')} " if line else ""
                return f"{self._rgb(fill, 'rg')} {pen}{shape} {'B' if line else 'f'}"
            case LineMark(start, pieces, line, width, dash):
                steps: list[str] = []
                at = start
                for piece in pieces:
                    if isinstance(piece, Line):
                        steps.append(f"{_point(piece.end)} l")
                    else:
                        one, two = _third(at, piece.corner), _third(piece.end, piece.corner)
                        steps.append(f"{_point(one)} {_point(two)} {_point(piece.end)} c")
                    at = piece.end
                return f"{self._pen(line, width, dash)} {_point(start)} m {' '.join(steps)} S"
            case AreaMark(points, fill):
                first, *others = points
                lines = " ".join(f"{_point(point)} l" for point in others)
                return f"{self._rgb(fill, 'rg')} {_point(first)} m {lines} h f"
            case WordsMark():
                return self._words(mark)
            case _:
                assert_never(mark)

    def _words(self, words: WordsMark) -> str:
        name = "Arimo-Bold" if words.bold else "Arimo-Italic" if words.italic else "Arimo-Regular"
        font = read_font(name)
        text = clean(words.text)
        self._fonts.setdefault(name, set()).update(text)
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[words.anchor] * font.width(text, words.size)
        glyphs = "".join(f"{font.glyphs.get(ord(c), 0):04x}" for c in text)
        place = f"1 0 0 -1 {_number(words.x - shift)} {_number(words.y)} Tm"
        return f"BT {self._rgb(words.ink, 'letters')} /{name[6]} {_number(words.size)} Tf {place} <{glyphs}> Tj ET"

    def _rgb(self, ink: str, operator: Literal["rg", "RG", "letters"]) -> str:
        colour = self._theme.paint(ink) if operator == "rg" else self._theme.line(ink)
        channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return f"{' '.join(f'{channel:.3g}' for channel in channels)} {'rg' if operator == 'letters' else operator}"

    def _pen(self, ink: str, width: float, dash: Dash) -> str:
        lengths = " ".join(_number(length) for length in dash_lengths(dash, width))
        return f"{self._rgb(ink, 'RG')} {_number(width)} w {int(dash == 'dotted')} J [{lengths}] 0 d"


# ---------------------------------------------------------------- shapes


def _round_rect(rect: Rect, radius: float) -> str:
    r = min(radius, rect.width / 2, rect.height / 2)
    if r <= 0:
        return f"{_number(rect.x)} {_number(rect.y)} {_number(rect.width)} {_number(rect.height)} re"
    x, y, right, bottom, k = rect.x, rect.y, rect.right, rect.bottom, r * (1 - ROUND)
    corners = (
        ((right - r, y), (right - k, y), (right, y + k), (right, y + r)),
        ((right, bottom - r), (right, bottom - k), (right - k, bottom), (right - r, bottom)),
        ((x + r, bottom), (x + k, bottom), (x, bottom - k), (x, bottom - r)),
        ((x, y + r), (x, y + k), (x + k, y), (x + r, y)),
    )
    pieces = [f"{_point(a)} l {_point(b)} {_point(c)} {_point(d)} c" for a, b, c, d in corners]
    return f"{_point((x + r, y))} m {' '.join(pieces)} h"


def _third(end: Point, corner: Point) -> Point:
    """The control point of a cubic curve where a quadratic one has `corner`."""
    return end[0] + (corner[0] - end[0]) * 2 / 3, end[1] + (corner[1] - end[1]) * 2 / 3


def _point(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


# ---------------------------------------------------------------- the file


def _font_objects(font: Font, letters: set[str], number: int) -> list[bytes]:
    """Five objects: the font, its descendant, its description, its file, and which letters its glyphs are."""
    used = sorted({(font.glyphs.get(ord(c), 0), ord(c)) for c in letters})
    widths = " ".join(f"{glyph} [{font.widths[glyph]}]" for glyph in sorted({glyph for glyph, _ in used}))
    pairs = [f"<{glyph:04x}> <{chr(code).encode('utf-16-be').hex()}>" for glyph, code in used if glyph]
    blocks = [pairs[i : i + 100] for i in range(0, len(pairs), 100)]
    mapping = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    to_unicode = f"{CMAP_HEAD}\n{mapping}\n{CMAP_TAIL}".encode()
    flags = 32 | (64 if font.slant else 0)
    box = " ".join(map(str, font.box))
    description = (
        f"<< /Type /FontDescriptor /FontName /{font.name} /Flags {flags} /FontBBox [{box}]"
        f" /ItalicAngle {_number(font.slant)} /Ascent {font.ascent} /Descent {font.descent} /CapHeight 716"
        f" /StemV 80 /FontFile2 {number + 3} 0 R >>"
    )
    descendant = (
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{font.name} /CIDToGIDMap /Identity /DW 1000 /W [{widths}]"
        f" /FontDescriptor {number + 2} 0 R"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>"
    )
    top = (
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{font.name} /Encoding /Identity-H"
        f" /DescendantFonts [{number + 1} 0 R] /ToUnicode {number + 4} 0 R >>"
    )
    file = _stream(compress(font.data, 9), f"/Filter /FlateDecode /Length1 {len(font.data)}")
    return [top.encode(), descendant.encode(), description.encode(), file, _stream(to_unicode, "")]


def _stream(data: bytes, entries: str) -> bytes:
    return f"<< /Length {len(data)} {entries} >>\nstream\n".encode() + data + b"\nendstream"


def _text_string(words: str) -> str:
    return f"<feff{clean(words).encode('utf-16-be').hex()}>"


def _file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets: list[int] = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    digest = sha256(bytes(out)).hexdigest()[:32]
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R /Info 5 0 R /ID [<{digest}> <{digest}>] >>"
    out += f"trailer\n{trailer}\nstartxref\n{table}\n%%EOF\n".encode()
    return bytes(out)


CMAP_HEAD = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <ffff>
endcodespacerange"""
CMAP_TAIL = """endcmap
CMapName currentdict /CMap defineresource pop
end
end"""
