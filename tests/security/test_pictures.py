"""Pictures and documents hold a spec's words as words; Mermaid's limits are kept or told."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from resdsl.compiler import load
from resdsl.emit.draw import DrawingError, draw
from resdsl.emit.draw.writers.structure import MAX_CHARACTERS, MAX_EDGES, write_auto_dot, write_mermaid
from resdsl.emit.draw.writers.tikz import escape_tex
from resdsl.record import evolve

WORDS = (
    '"]; <script>alert(1)</script><img src=x onerror=alert(1)> \\N \\input{/etc/passwd} --> '
    '%%{init: {}}%% click a "javascript:x" &#x3c;'
)
GRAPH = load("resnet_cifar", depth=8)
UNITS = {
    unit: evolve(unit, definition="basic", arguments=WORDS, shortcut=WORDS, doc=WORDS, cite=WORDS)
    for unit in GRAPH.units
}
HOSTILE = evolve(
    GRAPH,
    about=WORDS,
    doc=WORDS,
    cites=(WORDS,),
    spec=WORDS,
    recipe=WORDS,
    parameters=((WORDS, WORDS),),
    steps=tuple(evolve(step, unit=UNITS[step.unit]) for step in GRAPH.steps),
    sections=tuple(evolve(section, doc=WORDS) for section in GRAPH.sections),
)


@pytest.mark.parametrize("view", ["overview", "blocks", "unit", "layers", "table"])
def test_a_picture_of_hostile_words_has_no_script_no_handler_and_no_reference(view: str):
    root = ET.fromstring(draw(HOSTILE, view).svg)
    for element in root.iter():
        tag = element.tag.partition("}")[2]
        assert tag in {"svg", "title", "desc", "style", "g", "rect", "circle", "path", "text"}
        assert not [name for name in element.attrib if name.lower().startswith("on") or name.endswith("href")]


class Tags(HTMLParser):
    """What a browser would make of a page: its tags, and the attributes that could do something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.active: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.active += [tag] if tag in ("script", "img", "iframe", "object", "a", "link", "foreignobject") else []
        self.active += [name for name, _ in attrs if name.startswith("on") or name in ("href", "src", "xlink:href")]


def test_a_page_of_hostile_words_has_the_one_script_that_a_page_of_plain_words_has():
    plain, hostile = (str(draw(graph).to("html")) for graph in (GRAPH, HOSTILE))
    assert Tags(hostile).active == Tags(plain).active == ["script"]
    assert WORDS not in hostile


def test_mermaid_takes_hostile_words_as_words():
    text = write_mermaid(HOSTILE)
    assert not re.search("%%|javascript:|<img|<script", text)
    assert set(re.findall(r"\w{4,}", re.sub('"[^"]*"', "", text))) <= {
        "flowchart",
        "subgraph",
        "stage1",
        "stage2",
        "stage3",
    }


def test_dot_takes_hostile_words_as_words():
    for text in (write_auto_dot(HOSTILE), str(draw(HOSTILE).to("dot"))):
        unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
        assert not re.search("script|javascript|href|URL|input|image", unquoted)


def test_tex_takes_hostile_words_as_words():
    assert not re.search(r"\\(input|write)", escape_tex(WORDS))
    lines = [line for line in str(draw(HOSTILE).to("tex")).splitlines() if not line.startswith("%")]
    assert lines
    assert not [line for line in lines if "\\input" in line]


@pytest.mark.parametrize("name", ["resnet152", "pre_ror3_1202_sd", "pyramidnet272_a200"])
def test_mermaid_stays_within_its_limits(name: str):
    text = write_mermaid(load(name))
    assert len(text) <= MAX_CHARACTERS
    assert len(re.findall("-->|==>|-.->", text)) <= MAX_EDGES


def test_what_is_too_much_for_mermaid_is_refused():
    chains = "\n".join(f"layers part{k} : relu" for k in range(600))
    graph = load(f"res 1 network net {{ input 3x8x8\n{chains} }}")
    with pytest.raises(DrawingError, match=r"Mermaid takes 500 edges .* for these 600 stages .*: write .svg or .dot"):
        write_mermaid(graph)
