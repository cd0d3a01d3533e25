"""SVG: inert, accessible, the same on every run, and only text where text is."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resdsl.compiler import load
from resdsl.emit.draw import draw
from resdsl.emit.draw.scene import Group, Scene, Text
from resdsl.emit.draw.theme import LIGHT, THEMES
from resdsl.emit.draw.wording import clean
from resdsl.emit.draw.writers.svg import write_svg
from resdsl.record import evolve

SVG = "{http://www.w3.org/2000/svg}"
VIEWS = ("overview", "blocks", "strip", "unit", "layers", "table")
ROOT = Path(__file__).parents[2]


def scene_of(words: str) -> Scene:
    """A scene in which these words stand everywhere where words may stand."""
    text = Text(5, 20, words)
    return Scene(100, 40, words, words, (Group(words, (text,), (words, words), opens=words),))


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("theme", [*THEMES, "auto"])
def test_a_picture_has_no_script_no_handler_and_no_reference(view: str, theme: str) -> None:
    svg = draw(load("ror3"), view, theme=theme).svg
    root = ET.fromstring(svg)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {"svg", "title", "desc", "style", "g", "rect", "circle", "path", "text"}
        assert not [name for name in element.attrib if name.lower().startswith("on") or name.endswith("href")]
    assert not re.search(r"url\(|@import|javascript:|https?://(?!www\.w3\.org/2000/svg)", svg)


@pytest.mark.parametrize("view", VIEWS)
def test_a_picture_reads_as_sentences(view: str) -> None:
    graph = load("ror3")
    root = ET.fromstring(draw(graph, view).svg)
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("role") == "img"
    assert title is not None
    assert desc is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert "ror3" in (title.text or "")
    if view != "table":
        for words in (
            "The input is 3 × 32×32.",
            "Stage s2: 18 blocks (basic)",
            "3 links middle at level 2: conv shortcut.",
        ):
            assert words in (desc.text or "")


def test_ids_of_two_pictures_on_one_page_never_collide() -> None:
    graph = load("ror3")
    pictures = [draw(graph, view).svg for view in VIEWS] + [draw(graph, "overview", theme="dark").svg]
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in pictures]
    for svg, own in zip(pictures, ids, strict=True):
        assert len(re.findall(r'\bid="([^"]+)"', svg)) == len(own)
    for one in range(len(ids)):
        for other in range(one):
            assert not ids[one] & ids[other]


def test_rules_of_a_picture_hold_for_it_alone() -> None:
    svg = draw(load("ror3"), theme="auto").svg
    root = ET.fromstring(svg)
    style = root.find(f"{SVG}style")
    assert style is not None
    rules = [line for line in (style.text or "").splitlines() if "{" in line and not line.startswith("@media")]
    assert rules
    assert all(line.startswith(f"#{root.get('id')} ") for line in rules)


@given(st.text(max_size=40))
def test_any_words_stay_words(words: str) -> None:
    root = ET.fromstring(write_svg(scene_of(words)))
    shown = root.find(f".//{SVG}text")
    assert shown is not None
    assert (shown.text or "") == clean(words)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg",
        "title",
        "desc",
        "style",
        "rect",
        "g",
        "text",
    }


@pytest.mark.parametrize(
    "words",
    [
        "</text><script>alert(1)</script>",
        '" onload="alert(1)',
        "' onload='alert(1)",
        "]]><!--",
        "&lt;b&gt;&#0;",
        "a\u202eb\u2066c\ufeffd\x00\x07e",
        "</style><style>*{display:none}",
    ],
)
def test_hostile_words_stay_words(words: str) -> None:
    svg = write_svg(scene_of(words))
    root = ET.fromstring(svg)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {"svg", "title", "desc", "style", "rect", "g", "text"}
        assert not [name for name in element.attrib if name.startswith("on")]
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ufeff]", svg)


def test_a_dimmed_group_is_dimmed() -> None:
    scene = scene_of("x")
    group = scene.items[0]
    assert isinstance(group, Group)
    faded = evolve(scene, items=(evolve(group, faded=True),))
    assert f"fill:{LIGHT.faded.line('text')}" in write_svg(faded)
    assert f"fill:{LIGHT.line('text')}" in write_svg(scene)
