"""A picture of any network shows all of it: every section, block, link, unit and layer, and nothing else."""

import re

from hypothesis import given, settings

from resdsl import load
from resdsl.emit.draw import draw
from resdsl.emit.draw.writers.structure import write_auto_dot, write_mermaid
from tests.networks import NAME, UNSHRUNK, networks

quick = settings(UNSHRUNK, max_examples=12)


def keys(svg: str) -> set[str]:
    return set(re.findall(r'data-key="([^"]*)"', svg)) - {"legend"}


def numbered(words: list[str]) -> set[str]:
    """The keys of things of which some share a name: `link.inner.2`."""
    return {f"{word}.{words[:n].count(word) + 1}" if words.count(word) > 1 else word for n, word in enumerate(words)}


@quick
@given(networks())
def test_blocks_and_strip_show_every_section_block_and_link(text: str):
    graph = load(text, NAME)
    labels = {section.label for section in graph.sections}
    blocks = {f"{step.section}.{step.place}" for step in graph.blocks}
    links = numbered([f"link.{link.name}" for link in graph.links])
    wanted = labels | blocks | links
    assert keys(draw(graph, "blocks", unfold=True).svg) == wanted
    assert keys(draw(graph, "strip").svg) == wanted


@quick
@given(networks(most_stages=3, most_blocks=2))
def test_an_overview_shows_every_block_once_and_every_section(text: str):
    graph = load(text, NAME)
    shown = keys(draw(graph, "overview").svg)
    assert {section.label for section in graph.sections} <= shown
    blocks: list[str] = []
    for key in shown:
        if found := re.fullmatch(r"(\w+)\.(\d+)(?:-(\d+))?", key):
            label, first, last = found[1], int(found[2]), int(found[3] or found[2])
            blocks += [f"{label}.{place}" for place in range(first, last + 1)]
    assert sorted(blocks) == sorted(f"{step.section}.{step.place}" for step in graph.blocks)


@quick
@given(networks(most_stages=2, most_blocks=2))
def test_layers_shows_every_layer_of_every_distinct_unit(text: str):
    graph = load(text, NAME)
    wanted: set[str] = set()
    for section in graph.sections:
        units = dict.fromkeys(step.unit for step in graph.steps[section.first : section.last + 1])
        for number, unit in enumerate(units, start=1):
            panel = f"layers.{section.label}.{number}"
            values = range(len(unit.inputs), len(unit.inputs) + len(unit.nodes))
            wanted |= {panel, *(f"{panel}.{value}" for value in values)}
    assert keys(draw(graph, "layers").svg) == wanted


@quick
@given(networks(most_stages=2, most_blocks=2))
def test_graphs_for_others_to_lay_out_name_every_section(text: str):
    graph = load(text, NAME)
    stages = [section.label for section in graph.sections if section.kind == "stage"]
    for written in (write_auto_dot(graph), write_mermaid(graph)):
        for label in stages:
            assert re.search(rf'"{label}\b', written), label
        for link in graph.links:
            assert link.name in written
