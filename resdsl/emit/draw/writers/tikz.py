"""Scene to TikZ: a LaTeX file that compiles by itself, whose `tikzpicture` can be pasted into a paper."""

from __future__ import annotations

from typing import assert_never

from resdsl.emit.draw.geometry import Line, Point
from resdsl.emit.draw.scene import Dash, Scene
from resdsl.emit.draw.theme import THEMES, Theme
from resdsl.emit.draw.wording import clean
from resdsl.emit.draw.writers.marks import AreaMark, DiscMark, LineMark, Mark, RectMark, WordsMark, dash_lengths, marks

ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}


def write_tikz(scene: Scene, theme: str = "light") -> str:
    """The whole document; colours are defined once, lengths are pixels of 1/96 inch."""
    drawing = _Drawing(THEMES[theme])
    body = [drawing.line(mark, faded=faded) for mark, faded in marks(scene)]
    colours = [f"\\definecolor{{{name}}}{{HTML}}{{{value}}}" for value, name in drawing.colours.items()]
    head = [
        f"% {_comment(scene.title)}",
        "\\documentclass[tikz,border=0pt]{standalone}",
        "\\renewcommand{\\familydefault}{\\sfdefault}",
        "\\begin{document}",
        *colours,
        "\\begin{tikzpicture}[x=0.75bp,y=-0.75bp,line join=round,inner sep=0pt,outer sep=0pt]",
        f"\\fill[{drawing.colour(THEMES[theme].background)}] (0,0) rectangle {_at((scene.width, scene.height))};",
    ]
    return "\n".join([*head, *body, "\\end{tikzpicture}", "\\end{document}", ""])


class _Drawing:
    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self.colours: dict[str, str] = {}
        self.colour(theme.background)

    def colour(self, value: str) -> str:
        """The LaTeX name of a colour."""
        digits = value.lstrip("#").upper()
        return self.colours.setdefault(digits, f"res{digits}")

    def line(self, mark: Mark, *, faded: bool) -> str:
        """One command."""
        theme = self._theme.faded if faded else self._theme
        match mark:
            case RectMark(rect, radius, fill, line, width, dash):
                corners = f"rounded corners={_length(min(radius, rect.width / 2, rect.height / 2))}"
                style = f"{corners},fill={self._fill(theme, fill)},{self._pen(theme, line, width, dash)}"
                return f"\\filldraw[{style}] {_at((rect.x, rect.y))} rectangle {_at((rect.right, rect.bottom))};"
            case DiscMark(x, y, radius, fill, line, width):
                pen = f",{self._pen(theme, line, width, 'solid')}" if line else ""
                command = "filldraw" if line else "fill"
                return (
                    f"\\{command}[fill={self._fill(theme, fill)}{pen}] {_at((x, y))} circle[radius={_length(radius)}];"
                )
            case LineMark(start, pieces, line, width, dash):
                steps = [_at(start)]
                for piece in pieces:
                    if isinstance(piece, Line):
                        steps.append(f"-- {_at(piece.end)}")
                    else:
                        steps.append(f".. controls {_at(piece.corner)} .. {_at(piece.end)}")
                return f"\\draw[{self._pen(theme, line, width, dash)}] {' '.join(steps)};"
            case AreaMark(points, fill):
                return f"\\fill[{self._fill(theme, fill)}] {' -- '.join(map(_at, points))} -- cycle;"
            case WordsMark():
                size = f"\\fontsize{{{_number(mark.size * 0.75)}}}{{{_number(mark.size * 0.9)}}}\\selectfont"
                shape = ("\\bfseries" if mark.bold else "") + ("\\itshape" if mark.italic else "")
                style = f"anchor={ANCHORS[mark.anchor]},text={self.colour(theme.line(mark.ink))}"
                return f"\\node[{style}] at {_at((mark.x, mark.y))} {{{size}{shape}{{}}{escape_tex(mark.text)}}};"
            case _:
                assert_never(mark)

    def _fill(self, theme: Theme, ink: str) -> str:
        return self.colour(theme.paint(ink))

    def _pen(self, theme: Theme, ink: str, width: float, dash: Dash) -> str:
        pen = f"draw={self.colour(theme.line(ink))},line width={_length(width)}"
        lengths = dash_lengths(dash, width)
        if not lengths:
            return pen
        pattern = " ".join(f"{'off' if i % 2 else 'on'} {_length(length)}" for i, length in enumerate(lengths))
        return f"{pen},dash pattern={pattern}" + (",line cap=round" if dash == "dotted" else "")


def escape_tex(words: str) -> str:
    """Text that is only text in LaTeX; a letter that its plain fonts lack is a `?`."""
    return "".join(_SPECIAL.get(c, c if c.isascii() or c in _ACCENTED else "?") for c in clean(words))


def _comment(words: str) -> str:
    return clean(words).encode("ascii", "replace").decode()


def _at(point: Point) -> str:
    return f"({_number(point[0])},{_number(point[1])})"


def _length(pixels: float) -> str:
    return f"{_number(pixels * 0.75)}bp"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


_ACCENTED = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ")

_SPECIAL: dict[str, str] = {
    "\\": "$\\backslash$",
    "{": "\\{",
    "}": "\\}",
    "$": "\\$",
    "&": "\\&",
    "#": "\\#",
    "%": "\\%",
    "_": "\\_",
    "^": "\\^{}",
    "~": "\\~{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    '"': "\\char34{}",
    "`": "\\char96{}",
    "'": "\\char39{}",
    "-": "{-}",
    "×": "$\\times$",
    "·": "$\\cdot$",
    "…": "\\ldots{}",
    "–": "--",
    "−": "$-$",
    "→": "$\\rightarrow$",
    "½": "$\\frac12$",
    "¼": "$\\frac14$",
    "¾": "$\\frac34$",
    "σ": "$\\sigma$",
    "λ": "$\\lambda$",
    "’": "\\char39{}",
    "\u00a0": "~",
}
"""What LaTeX reads otherwise, and signs that its plain fonts have in formulas alone."""
