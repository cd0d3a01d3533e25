"""Scene to SVG: no script, no reference to anything outside, ids that do not collide when pictures share a page."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from html import escape
from typing import assert_never

from resdsl.emit.draw.geometry import Line, Point
from resdsl.emit.draw.metrics import FONTS
from resdsl.emit.draw.scene import Dash, Group, Item, Scene
from resdsl.emit.draw.theme import DARK, LIGHT, THEMES, Theme, ThemeName
from resdsl.emit.draw.wording import clean
from resdsl.emit.draw.writers.marks import (
    AreaMark,
    DiscMark,
    LineMark,
    Mark,
    RectMark,
    WordsMark,
    dash_lengths,
    shape_marks,
)

_ID = "\0"
"""Stands for the picture's own prefix until the prefix, a hash of the rest, is known."""


def write_svg(scene: Scene, theme: ThemeName = "light", *, background: bool = True) -> str:
    """The picture as one SVG document. With `auto`, it is dark where the reader's system is."""
    sheet = _Sheet(theme)
    body = "\n".join(_items(scene.items, sheet))
    width, height = number(scene.width), number(scene.height)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{_ID}" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" role="img" aria-labelledby="{_ID}-t {_ID}-d">\n'
        f'<title id="{_ID}-t">{text(scene.title)}</title>\n<desc id="{_ID}-d">{text(scene.description)}</desc>'
    )
    ground = f'<rect class="{sheet.use(fill="page")}" width="{width}" height="{height}"/>\n' if background else ""
    document = f"{head}\n<style>\n{sheet.write()}\n</style>\n{ground}{body}\n</svg>\n"
    return document.replace(_ID, "r" + sha256(document.encode()).hexdigest()[:10])


def text(words: str) -> str:
    """Text that is only text in XML and HTML."""
    return escape(clean(words))


def number(value: float) -> str:
    """At most two decimals, none in vain."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


# ---------------------------------------------------------------- style


class _Sheet:
    """The style sheet: one class for each distinct look, in order of first use, for this picture alone."""

    def __init__(self, theme: ThemeName) -> None:
        self._themes: tuple[Theme, ...] = (LIGHT, DARK) if theme == "auto" else (THEMES[theme],)
        self._classes: dict[tuple[str, str, str, str, bool], str] = {}
        self.faded = False
        """Whether the colours asked for next are those of faded shapes."""

    def use(self, fixed: str = "", *, fill: str = "", line: str = "", letters: str = "") -> str:
        """The class for these declarations; `fill`, `line` and `letters` are roles of colours, empty for none."""
        return self._classes.setdefault((fixed, fill, line, letters, self.faded), _letters(len(self._classes)))

    def write(self) -> str:
        """All rules; after the light ones, under a media query, what differs in the dark."""
        family = ",".join(f"'{name}'" if " " in name else name for name in FONTS)
        rules = [f"#{_ID} text{{font-family:{family}}}"]
        rules += self._rules(self._themes[0], fixed=True)
        if len(self._themes) > 1:
            dark = "\n".join(self._rules(self._themes[1], fixed=False))
            rules.append(f"@media (prefers-color-scheme:dark){{\n{dark}\n}}")
        return "\n".join(rules)

    def _rules(self, theme: Theme, *, fixed: bool) -> Iterator[str]:
        for (declarations, fill, line, letters, faded), name in self._classes.items():
            colours = theme.faded if faded else theme
            parts = [declarations] if declarations and fixed else []
            parts += [f"fill:{colours.paint(fill)}"] if fill else []
            parts += [f"fill:{colours.line(letters)}"] if letters else []
            parts += [f"stroke:{colours.line(line)}"] if line else []
            yield f"#{_ID} .{name}{{{';'.join(parts)}}}"


def _letters(place: int) -> str:
    """a, b, … z, aa, ab …: short names of classes."""
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    name = alphabet[place % 26]
    return name if place < 26 else _letters(place // 26 - 1) + name


# ---------------------------------------------------------------- shapes


def _items(items: tuple[Item, ...], sheet: _Sheet) -> Iterator[str]:
    for item in items:
        if isinstance(item, Group):
            yield _group_start(item)
            outer, sheet.faded = sheet.faded, sheet.faded or item.faded
            yield from _items(item.items, sheet)
            sheet.faded = outer
            yield "</g>"
        else:
            yield from (_mark(mark, sheet) for mark in shape_marks(item))


def _group_start(group: Group) -> str:
    attributes = f' id="{_ID}-{_identifier(group.key)}" data-key="{text(group.key)}"'
    if group.lines:
        attributes += f' data-lines="{" ".join(map(str, group.lines))}"'
    if group.opens:
        attributes += f' data-opens="{text(group.opens)}"'
    title = f"<title>{'&#10;'.join(map(text, group.tip))}</title>" if group.tip else ""
    return f"<g{attributes}>{title}"


def _identifier(key: str) -> str:
    return "".join(c if (c.isascii() and c.isalnum()) or c in "._-" else "_" for c in key)


def _mark(mark: Mark, sheet: _Sheet) -> str:
    match mark:
        case RectMark(rect, radius, fill, line, width, dash):
            name = sheet.use(_stroke(width, dash), fill=fill, line=line)
            size = f'width="{number(rect.width)}" height="{number(rect.height)}" rx="{number(radius)}"'
            return f'<rect class="{name}" x="{number(rect.x)}" y="{number(rect.y)}" {size}/>'
        case DiscMark(x, y, radius, fill, line, width):
            name = sheet.use(_stroke(width) if line else "", fill=fill, line=line)
            return f'<circle class="{name}" cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"/>'
        case LineMark(start, pieces, line, width, dash):
            name = sheet.use(f"fill:none;{_stroke(width, dash)}", line=line)
            written = "".join(
                f"L{_point(piece.end)}" if isinstance(piece, Line) else f"Q{_point(piece.corner)} {_point(piece.end)}"
                for piece in pieces
            )
            return f'<path class="{name}" d="M{_point(start)}{written}"/>'
        case AreaMark(points, fill):
            return f'<path class="{sheet.use(fill=fill)}" d="M{"L".join(map(_point, points))}z"/>'
        case WordsMark():
            name = sheet.use(_font(mark), letters=mark.ink)
            return f'<text class="{name}" x="{number(mark.x)}" y="{number(mark.y)}">{text(mark.text)}</text>'
        case _:
            assert_never(mark)


def _point(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def _font(words: WordsMark) -> str:
    declarations = f"font-size:{number(words.size)}px"
    declarations += ";font-weight:bold" if words.bold else ""
    declarations += ";font-style:italic" if words.italic else ""
    return declarations + (f";text-anchor:{words.anchor}" if words.anchor != "start" else "")


def _stroke(width: float, dash: Dash = "solid") -> str:
    declarations = f"stroke-width:{number(width)}"
    if dash == "solid":
        return declarations
    lengths = " ".join(number(length) for length in dash_lengths(dash, width))
    return f"{declarations};stroke-dasharray:{lengths}" + (";stroke-linecap:round" if dash == "dotted" else "")
