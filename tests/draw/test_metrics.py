"""Text fits in whichever usual font it meets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resdsl.emit.draw.metrics import shortened, text_width, wrapped
from resdsl.emit.draw.truetype import read_font

FONTS = {"Arimo-Regular": False, "Arimo-Bold": True, "Arimo-Italic": False}


@pytest.mark.parametrize(("name", "bold"), FONTS.items())
def test_no_letter_of_the_fonts_that_we_ship_is_wider_than_it_is_measured(name: str, bold: bool) -> None:
    font = read_font(name)
    for code, glyph in font.glyphs.items():
        if chr(code).isprintable():
            assert font.widths[glyph] <= text_width(chr(code), 1000, bold=bold), chr(code)


def test_widths_are_those_of_helvetica() -> None:
    """Adobe's metrics of Helvetica, which Arial and Arimo copy: the advance of `a` is 556, of `W` 944 thousandths."""
    font = read_font("Arimo-Regular")
    assert {c: font.widths[font.glyphs[ord(c)]] for c in "aWi "} == {"a": 556, "W": 944, "i": 222, " ": 278}


@given(st.text(max_size=60), st.floats(5, 300), st.booleans())
def test_shortened_text_fits(words: str, width: float, bold: bool) -> None:
    short = shortened(words, 11, width, bold=bold)
    assert text_width(short, 11, bold=bold) <= max(width, text_width("…", 11, bold=bold))
    assert short == words or short.endswith("…")


@given(st.text(max_size=120), st.floats(20, 300))
def test_wrapped_text_fits_and_keeps_its_words(words: str, width: float) -> None:
    lines = wrapped(words, 11, width)
    assert all(text_width(line, 11) <= width for line in lines)
    if not any(line.endswith("…") for line in lines):
        assert [word for line in lines for word in line.split(" ")] == [
            w.strip() for w in words.split(" ") if w.strip()
        ]
