"""Pictures and the page in a real browser: nothing is asked of the network, all text is in its place, the clicks work.

Needs Playwright and a Chromium (`apt-get install chromium`); says so where they are missing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resdsl.compiler import load
from resdsl.emit.draw import VIEWS, draw
from resdsl.emit.draw.scene import Text
from resdsl.emit.draw.theme import DARK, LIGHT, contrast
from resdsl.emit.draw.views import View

SPEC = """res 1
use "std.res"
network ror(n = 5) {
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  stage s1    : basic(16) * n
  stage s2 /2 : basic(32) * n
  head  global_avgpool -> linear(10)
  shortcut identity else projection
  link root over all via conv_shortcut
  survive linear(0.5)
}
"""


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that fails its test for anything on the console and for any request."""
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    noise: list[str] = []
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda request: noise.append(request.url) if not request.url.startswith("file:") else None)
    yield page
    page.close()
    assert noise == []


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    return draw(load(SPEC)).save(tmp_path_factory.mktemp("page") / "ror.html").as_uri()


def key(page: Any) -> str:
    return page.evaluate("document.querySelector('[role=tab][aria-selected=true]').dataset.view")


def address(page: Any) -> str:
    return page.evaluate("location.hash")


@pytest.mark.parametrize("view", VIEWS)
def test_every_text_of_a_picture_stays_in_its_room(page: Any, tmp_path: Path, view: View) -> None:
    several = [load("resnet20")] if view in {"compare", "diff"} else []
    drawing = draw([*several, load(SPEC)], view, shade="survival")
    page.goto(drawing.save(tmp_path / "net.svg").as_uri())
    found = page.evaluate(
        "[...document.querySelectorAll('text')].map(t => {"
        " const b = t.getBBox(); return [t.textContent, b.x, b.y, b.width, b.height] })"
    )
    rooms = {(s.text, round(s.x), round(s.y)): s.room for s in drawing.scene.shapes() if isinstance(s, Text)}
    assert len(found) >= len(rooms)
    for words, x, y, width, height in found:
        near = [room for (text, _, base), room in rooms.items() if text == words and room and y < base < y + height + 1]
        if near:
            assert any(room.x - 0.5 <= x and x + width <= room.right + 0.5 for room in near), words


def test_ids_are_unique_on_the_page(page: Any, html: str) -> None:
    page.goto(html)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids)) > 100


def test_tabs_show_views(page: Any, html: str) -> None:
    page.goto(html)
    for view in ("overview", "blocks", "strip", "unit", "layers", "table"):
        page.click(f"#tab-{view}")
        shown = page.evaluate(
            "[...document.querySelectorAll('[role=tabpanel]')].filter(p => !p.hidden).map(p => p.dataset.view)"
        )
        assert shown == [view]
    assert set(VIEWS) > {"overview", "table"}


def test_a_click_goes_from_a_stage_to_its_blocks_to_the_inside_of_one(page: Any, html: str) -> None:
    page.goto(html)
    card = page.locator('#panel-overview [data-key="s2"] > rect').bounding_box()
    page.mouse.click(card["x"] + 6, card["y"] + card["height"] / 2)
    assert address(page) == "#blocks/s2"
    row = page.locator('#panel-blocks [data-key="s2.2"] > rect').first.bounding_box()
    page.mouse.click(row["x"] + 5, row["y"] + row["height"] / 2)
    assert address(page).startswith("#unit/unit.")
    assert page.locator("#panel-unit g.hit").count() >= 1
    page.go_back()
    page.wait_for_function("location.hash.startsWith('#blocks')")
    assert address(page) == "#blocks/s2"


def test_a_deep_link_opens_what_it_names(page: Any, html: str) -> None:
    page.goto(f"{html}#layers/layers.s2.1")
    assert key(page) == "layers"
    assert page.locator('#panel-layers [data-key="layers.s2.1"]').evaluate("g => g.classList.contains('hit')")


def test_pointing_at_a_block_tells_its_numbers_and_its_line(page: Any, html: str) -> None:
    page.goto(html)
    page.hover('#panel-overview [data-key="s2.1"] > rect')
    about = page.inner_text("#about")
    for words in ("s2[1] basic(32", "16×32×32 → 32×16×16", "params", "shortcut: projection", "survives with p 0.70"):
        assert words in about
    assert page.locator("pre .hit").inner_text().strip().startswith("stage s2")


def test_pointing_at_a_line_marks_its_blocks(page: Any, html: str) -> None:
    page.goto(html)
    page.hover("#line-1-6")  # stage s1
    hits = page.evaluate("[...document.querySelectorAll('#panel-overview g.hit')].map(g => g.dataset.key)")
    assert {"s1", "s1.1"} <= set(hits)
    assert not [one for one in hits if one.startswith("s2")]
    page.hover("#line-1-10")  # the link
    assert page.evaluate("[...document.querySelectorAll('#panel-overview g.hit')].map(g => g.dataset.key)") == [
        "link.root"
    ]


def test_search_finds_blocks_and_layers(page: Any, html: str) -> None:
    page.goto(html)
    page.keyboard.press("/")
    page.keyboard.type("s2[3]")
    assert page.locator("#results button").count() >= 1
    page.keyboard.press("Enter")
    assert "s2.3" in address(page)
    page.keyboard.press("/")
    page.fill("#search", "no such thing")
    assert page.locator("#results").is_hidden()


def test_zoom_drag_and_keys_move_the_picture(page: Any, html: str) -> None:
    page.goto(html)
    place = "document.querySelector('#panel-overview > svg').style.transform"
    before = page.evaluate(place)
    page.keyboard.press("+")
    larger = page.evaluate(place)
    assert float(larger.split("scale(")[1][:-1]) == pytest.approx(
        float(before.split("scale(")[1][:-1]) * 1.25, rel=1e-3
    )
    page.mouse.move(100, 400)
    page.mouse.down()
    page.mouse.move(180, 450, steps=4)
    page.mouse.up()
    assert page.evaluate(place) != larger
    page.keyboard.press("0")
    assert page.evaluate(place) == before
    page.keyboard.press("2")
    assert key(page) == "blocks"


def test_a_block_opens_by_keyboard(page: Any, html: str) -> None:
    page.goto(html)
    page.focus('#panel-overview [data-key="s1.1"]')
    assert "s1[1]" in page.inner_text("#about")
    assert page.get_attribute("#panel-overview > svg", "role") == "group"
    page.keyboard.press("Enter")
    assert key(page) == "unit"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_colour_schemes_are_used(page: Any, html: str, tmp_path: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(html)
    box = "getComputedStyle(document.querySelector('#panel-overview [data-key=\"s1.1\"] > rect:last-of-type')).fill"
    assert page.evaluate(box) == {"light": "rgb(217, 232, 246)", "dark": "rgb(24, 50, 79)"}[scheme]
    picture = draw(load(SPEC), theme="auto").save(tmp_path / "net.svg")
    (tmp_path / "image.html").write_text(f'<img src="{picture.name}">', encoding="utf-8")
    page.goto((tmp_path / "image.html").as_uri())
    shot = page.locator("img").screenshot()
    assert contrast(_corner(shot), {"light": LIGHT, "dark": DARK}[scheme].background) < 1.1


def _corner(png: bytes) -> str:
    """The colour of the first pixel of a PNG without interlacing."""
    at, data, depth = 8, b"", 3
    while at < len(png):
        size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        if kind == b"IHDR":
            depth = {2: 3, 6: 4}[png[at + 17]]
        if kind == b"IDAT":
            data += png[at + 8 : at + 8 + size]
        at += size + 12
    first = zlib.decompress(data)[1 : 1 + depth]
    return "#" + first[:3].hex()


def test_a_phone_shows_the_page(page: Any, html: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(html)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#panel-overview svg").is_visible()
    assert page.locator("#about").is_visible()


def test_print_shows_one_picture_and_nothing_else(page: Any, html: str) -> None:
    page.goto(html)
    page.emulate_media(media="print")
    assert page.locator("aside").is_hidden()
    assert page.locator("[role=tablist]").is_hidden()
    assert page.locator("#panel-overview svg").is_visible()
    assert page.pdf().startswith(b"%PDF")


def test_hostile_names_stay_words_on_the_page(page: Any, tmp_path: Path) -> None:
    spec = SPEC.replace(
        "network ror(n = 5) {",
        'network ror(n = 5) { about "</script><script>alert(1)</script><img src=x onerror=alert(2)>"',
    )
    spec += '\n# </pre><script>alert(3)</script> <img src="x" onerror="alert(4)">\n'
    page.goto(draw(load(spec)).save(tmp_path / "net.html").as_uri())
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0


def test_two_networks_show_their_difference(page: Any, tmp_path: Path) -> None:
    other = SPEC.replace("  link root over all via conv_shortcut\n", "")
    page.goto(draw([load(other), load(SPEC)]).save(tmp_path / "two.html").as_uri() + "#diff")
    assert key(page) == "diff"
    assert "link root" in page.locator("#panel-diff svg").text_content()
    assert page.locator("pre").count() == 3  # both specs, and the hidden place of trouble
