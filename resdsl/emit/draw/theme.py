"""The colours of pictures: what each role looks like on a white page, on a dark one, and in black and white.

Hues are Okabe and Ito's (Color Universal Design, 2008), darkened or lightened until their contrast suffices:
4.5 for letters, 3 for lines that carry meaning (WCAG 2.1, 1.4.3 and 1.4.11). Colour is never alone: levels differ in
width and place too, kinds in dash, stages in their names.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from resdsl.record import record

ThemeName = Literal["light", "dark", "print", "auto"]

N_STAGE_INKS = 5
N_LEVEL_INKS = 5
FADE = 0.45
"""How much of its colour a faded shape keeps."""


@record
class Theme:
    """Colours as `#rrggbb`.

    Attributes:
        name: the theme's.
        background: of the page.
        fills: grounds, by role.
        lines: lines and letters, by role.
    """

    name: str
    background: str
    fills: dict[str, str]
    lines: dict[str, str]

    def fill(self, ink: str) -> str:
        """The colour of a ground."""
        return self.fills[ink]

    def line(self, ink: str) -> str:
        """The colour of a line or of letters; the outline of grounds that have none of their own."""
        return self.lines.get(ink, self.lines["outline"])

    def paint(self, ink: str) -> str:
        """The colour that fills a shape of this role: its ground, else its line."""
        return self.fills.get(ink) or self.lines[ink]

    @cached_property
    def faded(self) -> Theme:
        """The theme of what is only there for orientation: near the page's colour, its letters as readable as ever."""
        fills = {ink: _mixed(colour, self.background) for ink, colour in self.fills.items()}
        lines = {ink: _mixed(colour, self.background) for ink, colour in self.lines.items()}
        letters = {"text": self.lines["muted"], "muted": self.lines["muted"]}
        return Theme(f"{self.name}, faded", self.background, fills, lines | letters)


def stage_ink(number: int) -> str:
    """The role of stage `number` (from 1); a sixth stage looks like the first."""
    return f"stage{(number - 1) % N_STAGE_INKS + 1}"


def level_ink(level: int) -> str:
    """The role of links of a level (from 1, the outermost)."""
    return f"level{(level - 1) % N_LEVEL_INKS + 1}"


def level_width(level: int) -> float:
    """How broad links of a level are drawn: outer ones broader."""
    return LEVEL_WIDTHS[min(level, len(LEVEL_WIDTHS)) - 1]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.1)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _mixed(colour: str, ground: str) -> str:
    """Nearly half of a colour on the ground, as a colour of its own: every format can paint it."""
    pairs = ((int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(FADE * over + (1 - FADE) * under):02x}" for over, under in pairs)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


LIGHT = Theme(
    name="light",
    background="#ffffff",
    fills={
        "card": "#f6f8fa", "chain": "#e6e7e9", "junction": "#ffffff", "badge": "#ffffff", "page": "#ffffff",
        "stage1": "#d9e8f6", "stage2": "#dcefdc", "stage3": "#fde8c8", "stage4": "#f4dfeb", "stage5": "#faf3bd",
        "bar1": "#2f7fbf", "bar2": "#2c8f67", "bar3": "#ad6f06", "bar4": "#b0588a", "bar5": "#837a06",
        "conv": "#d9e8f6", "norm": "#fde8c8", "activation": "#dcefdc", "pool": "#e4e2f4", "linear": "#f4dfeb",
        "combine": "#faf3bd", "random": "#f9dcd0", "other": "#e6e7e9",
        "added": "#d5efe1", "removed": "#fbdccb", "changed": "#dbe8fb", "same": "#f4f5f6", "track": "#e1e4e8",
        "shortcut": "#5b6270", "level1": "#c75400", "level2": "#0072b2", "level3": "#008060", "level4": "#a84a80",
        "level5": "#8a6100", "spine": "#3f4650",
    },
    lines={
        "text": "#16191d", "muted": "#5b6470", "outline": "#454c57", "spine": "#3f4650", "shortcut": "#5b6270",
        "card": "#c6ced6", "grid": "#d5dae0", "track": "#c6ced6", "trunk": "#7c8695",
        "level1": "#c75400", "level2": "#0072b2", "level3": "#008060", "level4": "#a84a80", "level5": "#8a6100",
        "added": "#00694c", "removed": "#b04300", "changed": "#0a5fb4", "same": "#9aa3ad", "tap": "#8a3f6c",
    },
)  # fmt: skip

DARK = Theme(
    name="dark",
    background="#0d1117",
    fills={
        "card": "#151b23", "chain": "#2b323b", "junction": "#0d1117", "badge": "#0d1117", "page": "#0d1117",
        "stage1": "#18324f", "stage2": "#1b3b27", "stage3": "#4a3512", "stage4": "#45253b", "stage5": "#413c0d",
        "bar1": "#62b2ef", "bar2": "#4cc592", "bar3": "#eaa83a", "bar4": "#e090bd", "bar5": "#e3d64a",
        "conv": "#18324f", "norm": "#4a3512", "activation": "#1b3b27", "pool": "#302c55", "linear": "#45253b",
        "combine": "#413c0d", "random": "#55281a", "other": "#2b323b",
        "added": "#123d2c", "removed": "#55281a", "changed": "#17365f", "same": "#171c23", "track": "#2b323b",
        "shortcut": "#a2abb8", "level1": "#ff9552", "level2": "#5cb8f2", "level3": "#3fcf9d", "level4": "#eba0cb",
        "level5": "#e8c33d", "spine": "#b9c1cc",
    },
    lines={
        "text": "#eef1f5", "muted": "#a2abb8", "outline": "#8d97a5", "spine": "#b9c1cc", "shortcut": "#a2abb8",
        "card": "#39424e", "grid": "#2d343e", "track": "#39424e", "trunk": "#7d8794",
        "level1": "#ff9552", "level2": "#5cb8f2", "level3": "#3fcf9d", "level4": "#eba0cb", "level5": "#e8c33d",
        "added": "#56d7a5", "removed": "#ff9c6b", "changed": "#79bdff", "same": "#6b7480", "tap": "#eba0cb",
    },
)  # fmt: skip

PRINT = Theme(
    name="print",
    background="#ffffff",
    fills={
        "card": "#ffffff", "chain": "#d4d4d4", "junction": "#ffffff", "badge": "#ffffff", "page": "#ffffff",
        "stage1": "#ffffff", "stage2": "#efefef", "stage3": "#e0e0e0", "stage4": "#d0d0d0", "stage5": "#f7f7f7",
        "bar1": "#4a4a4a", "bar2": "#4a4a4a", "bar3": "#4a4a4a", "bar4": "#4a4a4a", "bar5": "#4a4a4a",
        "conv": "#ffffff", "norm": "#dddddd", "activation": "#efefef", "pool": "#e6e6e6", "linear": "#d0d0d0",
        "combine": "#f7f7f7", "random": "#e6e6e6", "other": "#d4d4d4",
        "added": "#ffffff", "removed": "#d4d4d4", "changed": "#efefef", "same": "#ffffff", "track": "#e6e6e6",
        "shortcut": "#3a3a3a", "level1": "#000000", "level2": "#666666", "level3": "#000000", "level4": "#666666",
        "level5": "#000000", "spine": "#000000",
    },
    lines={
        "text": "#000000", "muted": "#3a3a3a", "outline": "#000000", "spine": "#000000", "shortcut": "#3a3a3a",
        "card": "#7a7a7a", "grid": "#bdbdbd", "track": "#8a8a8a", "trunk": "#6e6e6e",
        "level1": "#000000", "level2": "#666666", "level3": "#000000", "level4": "#666666", "level5": "#000000",
        "added": "#000000", "removed": "#000000", "changed": "#000000", "same": "#7a7a7a", "tap": "#000000",
    },
)  # fmt: skip

LEVEL_WIDTHS = (3.4, 2.6, 2.0, 1.6, 1.4)
"""How broad links are, outermost first; the blocks' own shortcuts are narrower still."""

THEMES: dict[str, Theme] = {"light": LIGHT, "dark": DARK, "print": PRINT}
"""The fixed themes; `auto` is light or dark as the reader's system says, where the format knows of it."""
