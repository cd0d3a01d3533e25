"""Contrast of every pair of colours that meet (WCAG 2.1, 1.4.3 and 1.4.11), and hues for colour-blind eyes."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from resdsl.emit.draw.theme import PRINT, THEMES, Theme, contrast, level_width

BOXES = (
    "chain", "stage1", "stage2", "stage3", "stage4", "stage5", "conv", "norm", "activation", "pool", "linear",
    "combine", "random", "other", "added", "removed", "changed",
)  # fmt: skip
GROUNDS = ("page", "card")
LEVELS = ("level1", "level2", "level3", "level4", "level5")
themes = pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)


def test_the_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # WebAIM's checker


@themes
def test_letters_can_be_read(theme: Theme) -> None:
    for ground in (*GROUNDS, *BOXES, "junction", "badge"):
        for ink in ("text", "muted"):
            assert contrast(theme.line(ink), theme.fill(ground)) >= 4.5, (ink, ground)
    for ink in ("added", "removed", "changed"):
        assert contrast(theme.line(ink), theme.fill("page")) >= 4.5, ink


@themes
def test_what_is_dimmed_is_nearer_to_the_page_and_its_letters_can_be_read(theme: Theme) -> None:
    for ground in (*GROUNDS, *BOXES, "junction", "badge"):
        assert contrast(theme.faded.line("text"), theme.faded.fill(ground)) >= 4.5, ground
    for ink in (*LEVELS, "spine", "shortcut", "outline"):
        assert contrast(theme.faded.line(ink), theme.background) < contrast(theme.line(ink), theme.background), ink


@themes
def test_lines_that_mean_something_can_be_seen(theme: Theme) -> None:
    for ground in GROUNDS:
        for ink in (*LEVELS, "shortcut", "spine", "outline", "tap", "trunk", "added", "removed", "changed"):
            assert contrast(theme.line(ink), theme.fill(ground)) >= 3, (ink, ground)
    for number in range(1, 6):
        assert contrast(theme.fill(f"bar{number}"), theme.fill("track")) >= 3, number
        assert contrast(theme.fill(f"bar{number}"), theme.fill("page")) >= 3, number


@themes
def test_a_line_and_its_arrowhead_have_one_colour(theme: Theme) -> None:
    for ink in (*LEVELS, "shortcut", "spine"):
        assert theme.fill(ink) == theme.line(ink)


@themes
def test_themes_have_the_same_roles(theme: Theme) -> None:
    assert (theme.fills.keys(), theme.lines.keys()) == (THEMES["light"].fills.keys(), THEMES["light"].lines.keys())


def test_levels_differ_in_width_where_a_printer_leaves_no_colour() -> None:
    widths = [level_width(level) for level in range(1, 6)]
    assert all(outer - inner >= 0.2 for outer, inner in pairwise(widths))
    inks = [PRINT.line(f"level{level}") for level in range(1, 6)]
    assert all(contrast(outer, inner) >= 3 for outer, inner in pairwise(inks))  # neighbours differ in grey too


@pytest.mark.parametrize("kind", ["deuteranopia", "protanopia"])
@pytest.mark.parametrize("name", ["light", "dark"])
def test_neighbouring_levels_are_told_apart_by_colour_blind_eyes(name: str, kind: str) -> None:
    """By the matrices of Viénot, Brettel and Mollon 1999; distances in CIELAB, where 10 is plain to see."""
    theme = THEMES[name]
    for one, other in combinations(LEVELS[:3], 2):
        assert _distance(_seen(theme.line(one), kind), _seen(theme.line(other), kind)) >= 10, (one, other)


def _linear(colour: str) -> list[float]:
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]


def _seen(colour: str, kind: str) -> list[float]:
    r, g, b = _linear(colour)
    if kind == "protanopia":
        mixed = 0.11238 * r + 0.88762 * g
        return [mixed, mixed, 0.00401 * r - 0.00401 * g + b]
    mixed = 0.29275 * r + 0.70725 * g
    return [mixed, mixed, -0.02234 * r + 0.02234 * g + b]


def _distance(one: list[float], other: list[float]) -> float:
    a, b = _lab(one), _lab(other)
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5


def _lab(rgb: list[float]) -> tuple[float, float, float]:
    r, g, b = rgb
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
