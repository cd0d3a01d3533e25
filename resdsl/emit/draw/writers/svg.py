"""Scene to SVG: no script, no reference to anything outside, ids that do not collide when pictures share a page."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import assert_never
from xml.sax.saxutils import escape

from resdsl.emit.draw.geometry import Line, Point, arrowhead, rounded
from resdsl.emit.draw.metrics import FONTS
from resdsl.emit.draw.scene import Area, Badge, Box, Card, Dash, Dot, Group, Item, Path, Pill, Scene, Text
from resdsl.emit.draw.theme import DARK, LIGHT, THEMES, Theme, ThemeName
from resdsl.emit.draw.wording import clean

_ID = "\0"
"""Stands for the picture's own prefix until the prefix, a hash of the rest, is known."""


def write_svg(scene: Scene, theme: ThemeName = "light", *, background: bool = True) -> str:
    """The picture as one SVG document. With `auto`, it is dark where the reader's system is."""
    sheet = _Sheet(theme)
    body = "\n".join(_items(scene.items, sheet))
    width, height = _number(scene.width), _number(scene.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{_ID}" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" role="img" aria-labelledby="{_ID}-t {_ID}-d">\n'
        f'<title id="{_ID}-t">{text(scene.title)}</title>\n<desc id="{_ID}-d">{text(scene.description)}</desc>'
    )
    ground = f'<rect class="{sheet.ground()}" width="{width}" height="{height}"/>\n' if background else ""
    document = f"{head}\n<style>\n{sheet.write()}\n</style>\n{ground}{body}\n</svg>\n"
    return document.replace(_ID, "r" + sha256(document.encode()).hexdigest()[:10])


def text(words: str) -> str:
    """Text that is only text in XML and HTML."""
    return escape(clean(words), {'"': "&quot;", "'": "&#39;"})


# ---------------------------------------------------------------- style


class _Sheet:
    """The style sheet: one class for each distinct look, in the order of first use; rules hold for this picture alone."""

    def __init__(self, theme: ThemeName) -> None:
        self._themes: tuple[Theme, ...] = (LIGHT, DARK) if theme == "auto" else (THEMES[theme],)
        self._classes: dict[tuple[str, ...], str] = {}

    def use(self, fixed: str, fill: str = "", line: str = "") -> str:
        """The class for these declarations; `fill` and `line` are roles of colours, empty for none."""
        return self._classes.setdefault((fixed, fill, line), _letters(len(self._classes)))

    def ground(self) -> str:
        """The class of the page itself."""
        return self.use("", fill="page")

    def write(self) -> str:
        """All rules; after the light ones, under a media query, what differs in the dark."""
        family = ",".join(f"'{name}'" if " " in name else name for name in FONTS)
        rules = [f"#{_ID} text{{font-family:{family}}}", f"#{_ID} .o{{opacity:.45}}"]
        rules += self._rules(self._themes[0], fixed=True)
        if len(self._themes) > 1:
            dark = "\n".join(self._rules(self._themes[1], fixed=False))
            rules.append(f"@media (prefers-color-scheme:dark){{\n{dark}\n}}")
        return "\n".join(rules)

    def _rules(self, theme: Theme, *, fixed: bool) -> Iterator[str]:
        for (declarations, fill, line), name in self._classes.items():
            colours = f"fill:{theme.fill(fill)};" if fill in theme.fills else f"fill:{theme.line(fill)};" if fill else ""
            colours += f"stroke:{theme.line(line)};" if line else ""
            every = (declarations + ";" if declarations and fixed else "") + colours
            yield f"#{_ID} .{name}{{{every.rstrip(';')}}}"


def _letters(number: int) -> str:
    """a, b, … z, aa, ab …: short names of classes; `o` is taken."""
    alphabet = "abcdefghijklmnpqrstuvwxyz"
    name = alphabet[number % 25]
    return name if number < 25 else _letters(number // 25 - 1) + name


# ---------------------------------------------------------------- shapes


def _items(items: tuple[Item, ...], sheet: _Sheet) -> Iterator[str]:
    for item in items:
        match item:
            case Group():
                yield _group_start(item)
                yield from _items(item.items, sheet)
                yield "</g>"
            case Box():
                yield from _box(item, sheet)
            case Card():
                yield _rect(item.rect.x, item.rect.y, item, sheet.use(_dash("stroke-width:1", item.dash), item.ink, item.ink))
            case Pill():
                yield from _pill(item, sheet)
            case Dot():
                yield _circle(item.x, item.y, item.radius, sheet.use("", fill=item.ink))
            case Badge():
                yield _circle(item.x, item.y, item.radius, sheet.use("stroke-width:1.3", "badge", item.ink))
                yield _text(item.x, item.y + 3.4, item.text, sheet.use("font-size:9.5px;text-anchor:middle", fill="text"))
            case Area():
                yield f'<path class="{sheet.use("", fill=item.ink)}" d="{_polygon(item.points)}"/>'
            case Text():
                yield _text(item.x, item.y, item.text, sheet.use(_font(item), fill=item.ink))
            case Path():
                yield from _path(item, sheet)
            case _:
                assert_never(item)


def _group_start(group: Group) -> str:
    attributes = f' id="{_ID}-{_key(group.key)}" data-key="{text(group.key)}"'
    if group.lines:
        attributes += f' data-lines="{" ".join(map(str, group.lines))}"'
    if group.opens:
        attributes += f' data-opens="{text(group.opens)}"'
    if group.faded:
        attributes += ' class="o"'
    title = f"<title>{'&#10;'.join(map(text, group.tip))}</title>" if group.tip else ""
    return f"<g{attributes}>{title}"


def _key(key: str) -> str:
    return "".join(character if character.isascii() and character.isalnum() or character in "._-" else "_" for character in key)


def _box(box: Box, sheet: _Sheet) -> Iterator[str]:
    name = sheet.use(_dash("stroke-width:1.1", box.dash), box.ink, "outline")
    for copy in range(box.copies, -1, -1):
        yield _rect(box.rect.x + 3 * copy, box.rect.y - 3 * copy, box, name)


def _rect(x: float, y: float, of: Box | Card, name: str) -> str:
    size = f'width="{_number(of.rect.width)}" height="{_number(of.rect.height)}" rx="{_number(of.radius)}"'
    return f'<rect class="{name}" x="{_number(x)}" y="{_number(y)}" {size}/>'


def _pill(pill: Pill, sheet: _Sheet) -> Iterator[str]:
    x, y, width, height = (pill.rect.x, pill.rect.y, pill.rect.width, pill.rect.height)
    name = sheet.use("stroke-width:1.2", "junction", "outline")
    size = f'width="{_number(width)}" height="{_number(height)}" rx="{_number(min(width, height) / 2)}"'
    yield f'<rect class="{name}" x="{_number(x)}" y="{_number(y)}" {size}/>'
    cx, cy = pill.rect.center
    strokes = {
        "+": f"M{_number(cx - 3.5)} {_number(cy)}h7m-3.5-3.5v7",
        "×": f"M{_number(cx - 2.7)} {_number(cy - 2.7)}l5.4 5.4m0-5.4l-5.4 5.4",
        "−": f"M{_number(cx - 3.5)} {_number(cy)}h7",
    }
    if pill.sign in strokes:
        yield f'<path class="{sheet.use("fill:none;stroke-width:1.4", line="text")}" d="{strokes[pill.sign]}"/>'
    else:
        yield _text(cx, cy + 3.4, pill.sign, sheet.use("font-size:9.5px;text-anchor:middle", fill="text"))


def _path(path: Path, sheet: _Sheet) -> Iterator[str]:
    points = path.points
    if path.arrow:
        points, triangle = arrowhead(points, arrow_length(path), arrow_length(path) * 0.8)
        yield f'<path class="{sheet.use("", fill=path.ink)}" d="{_polygon(triangle)}"/>'
    name = sheet.use(_dash(f"fill:none;stroke-width:{_number(path.width)}", path.dash, path.width), line=path.ink)
    yield f'<path class="{name}" d="{_line(points, path.radius)}"/>'


def arrow_length(path: Path) -> float:
    """The length of a path's arrowhead."""
    return 5.2 + path.width


def _line(points: tuple[Point, ...], radius: float) -> str:
    written = [f"M{_number(points[0][0])} {_number(points[0][1])}"]
    for piece in rounded(points, radius):
        if isinstance(piece, Line):
            written.append(f"L{_number(piece.end[0])} {_number(piece.end[1])}")
        else:
            corner, end = piece.corner, piece.end
            written.append(f"Q{_number(corner[0])} {_number(corner[1])} {_number(end[0])} {_number(end[1])}")
    return "".join(written)


def _polygon(points: tuple[Point, ...]) -> str:
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points) + "z"


def _circle(x: float, y: float, radius: float, name: str) -> str:
    return f'<circle class="{name}" cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}"/>'


def _text(x: float, y: float, words: str, name: str) -> str:
    return f'<text class="{name}" x="{_number(x)}" y="{_number(y)}">{text(words)}</text>'


def _font(item: Text) -> str:
    declarations = f"font-size:{_number(item.size)}px"
    declarations += ";font-weight:bold" if item.bold else ""
    declarations += ";font-style:italic" if item.italic else ""
    return declarations + (f";text-anchor:{item.anchor}" if item.anchor != "start" else "")


def _dash(declarations: str, dash: Dash, width: float = 1.2) -> str:
    if dash == "solid":
        return declarations
    lengths = " ".join(_number(length) for length in dash_lengths(dash, width))
    return f"{declarations};stroke-dasharray:{lengths}" + (";stroke-linecap:round" if dash == "dotted" else "")


def dash_lengths(dash: Dash, width: float) -> tuple[float, ...]:
    """The lengths of strokes and gaps, in pixels; a dot is a stroke of almost no length with round ends."""
    unit = 1 + width / 3
    return tuple(length * unit for length in _DASHES[dash])


def _number(value: float) -> str:
    """At most two decimals, none in vain."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


_DASHES: dict[Dash, tuple[float, ...]] = {
    "solid": (),
    "dashed": (3.2, 2.2),
    "long": (6.5, 2.2),
    "dotted": (0.1, 2.4),
    "dashdot": (5, 2, 0.9, 2),
}
