"""Pictures of networks drawn by chance stay legible: drawing.md, section 3."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resdsl.compiler import load
from resdsl.emit.draw.layout.blocks import lay_blocks
from resdsl.emit.draw.layout.compare import lay_compare
from resdsl.emit.draw.layout.diff import lay_diff
from resdsl.emit.draw.layout.layers import lay_layers
from resdsl.emit.draw.layout.overview import lay_overview
from resdsl.emit.draw.layout.strip import lay_strip
from resdsl.emit.draw.layout.table import lay_table
from resdsl.emit.draw.layout.unit import lay_unit
from resdsl.emit.draw.scene import Badge, Group, Path, Scene, Text
from resdsl.ir.graph import Graph
from resdsl.ir.unit import Unit
from resdsl.ir.verify import verify
from resdsl.ops import Conv
from resdsl.record import evolve
from tests.draw.legible import faults, overlaps, texts
from tests.draw.networks import graphs

pytestmark = pytest.mark.no_cover

thousand = settings(
    max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
hundred = settings(thousand, max_examples=100)


@pytest.mark.parametrize("lay", [lay_overview, lay_blocks, lambda graph: lay_compare([graph, graph])])
def test_sixty_stages_are_legible_and_all_there_though_no_page_holds_them(lay) -> None:
    stages = " ".join(f"stage s{number} : basic(16) * 3" for number in range(60))
    scene = lay(load(f'res 1 use "std.res" network net {{ input 3x32x32 stem conv(3x3, 16) {stages} }}'))
    assert list(faults(scene)) == []
    words = " ".join(shape.text for shape in scene.shapes() if isinstance(shape, Text))
    assert all(f"s{number}" in words for number in range(60))


def test_a_chain_of_sixty_layers_has_its_first_and_last_and_how_many_there_are_more() -> None:
    layers = " -> ".join(f"conv(3x3, {number}) -> relu" for number in range(1, 31))
    scene = lay_overview(load(f"res 1 network net {{ input 3x32x32 stem relu layers deep : {layers} }}"))
    assert list(faults(scene)) == []
    words = [shape.text for shape in scene.shapes() if isinstance(shape, Text)]
    assert [word for word in words if word.endswith(" more")] == ["… 24 more"]


@hundred
@given(graphs(max_blocks=30))
def test_the_networks_of_these_tests_are_networks(graph: Graph) -> None:
    verify(graph)


@hundred
@given(graphs())
def test_an_overview_is_legible_and_fits_a_page_at_any_depth(graph: Graph) -> None:
    _check_overview(graph)


@pytest.mark.slow
@thousand
@given(graphs())
def test_a_thousand_overviews_are_legible_and_fit_a_page(graph: Graph) -> None:
    _check_overview(graph)


def _check_overview(graph: Graph) -> None:
    scene = lay_overview(graph)
    assert not [*faults(scene)]
    assert (scene.width <= 1000, scene.height <= 1400) == (True, True)
    _check_spine(scene)
    _check_lanes(scene)


@hundred
@given(graphs())
def test_bars_of_survival_leave_an_overview_legible(graph: Graph) -> None:
    scene = lay_overview(graph, shade=True)
    assert not [*faults(scene)]
    assert (scene.width <= 1000, scene.height <= 1400) == (True, True)


@hundred
@given(graphs())
def test_a_strip_is_legible_and_as_wide_as_is_asked_for(graph: Graph) -> None:
    for width in (1000.0, 390.0):
        scene = lay_strip(graph, width=width)
        assert not [*texts(scene), *overlaps(scene)]
        assert (scene.width <= width, scene.height <= 1400) == (True, True)


@settings(hundred, max_examples=50)
@given(graphs(), st.booleans())
def test_a_table_is_legible_and_fits_a_page(graph: Graph, shade: bool) -> None:
    for several in ([graph], [graph] * 5):
        scene = lay_table(several, shade=shade)
        assert not [*texts(scene)]
        assert (scene.width <= 1000, scene.height <= 1400) == (True, True)


@hundred
@given(graphs())
def test_all_blocks_are_legible_and_fit_a_page(graph: Graph) -> None:
    scene = lay_blocks(graph)
    assert not [*faults(scene)]
    assert (scene.width <= 1600, scene.height <= 1600) == (True, True)
    _check_lanes(scene)


@settings(hundred, max_examples=40)
@given(st.lists(graphs(), min_size=2, max_size=5))
def test_networks_beside_each_other_are_legible_and_fit_a_page(several: list[Graph]) -> None:
    scene = lay_compare(several)
    assert not [*faults(scene)]
    assert (scene.width <= 1400, scene.height <= 1400) == (True, True)
    nets = [item for item in scene.items if isinstance(item, Group) and item.key.startswith("net.")]
    assert len(nets) == len(several)
    for net in nets:
        _check_lanes(evolve(scene, items=(net,)))


@settings(hundred, max_examples=50)
@given(graphs(), graphs(), st.booleans())
def test_a_difference_is_legible_and_fits_a_page(one: Graph, other: Graph, shade: bool) -> None:
    scene = lay_diff(one, other, shade=shade)
    assert not [*faults(scene)]
    assert (scene.width <= 1400, scene.height <= 1700) == (True, True)


@settings(hundred, max_examples=30)
@given(graphs(max_blocks=60), st.integers(2, 7))
def test_scattered_changes_are_legible_and_fit_a_page(graph: Graph, every: int) -> None:
    """Every second to seventh block has biases: no two neighbours need be alike."""
    steps = [evolve(step, unit=_biased(step.unit)) if i % every == 0 else step for i, step in enumerate(graph.steps)]
    scene = lay_diff(graph, evolve(graph, steps=tuple(steps)))
    assert not [*faults(scene)]
    assert any(isinstance(shape, Badge) and shape.text == "~" for shape in scene.shapes())
    assert (scene.width <= 1400, scene.height <= 1700) == (True, True)


@settings(hundred, max_examples=30)
@given(graphs(max_blocks=8), st.sampled_from([320.0, 600.0, 1100.0]), st.booleans())
def test_the_inside_of_units_is_legible(graph: Graph, width: float, shade: bool) -> None:
    assert not [*faults(lay_unit(graph, width=width, shade=shade))]


@settings(hundred, max_examples=30)
@given(graphs(max_blocks=8), st.sampled_from([320.0, 600.0, 1100.0]), st.booleans())
def test_all_layers_are_legible(graph: Graph, width: float, shade: bool) -> None:
    assert not [*faults(lay_layers(graph, width=width, shade=shade))]


@cache
def _biased(unit: Unit) -> Unit:
    """The unit with biases on its convolutions."""
    nodes = tuple(
        evolve(node, op=evolve(node.op, bias=0.0)) if isinstance(node.op, Conv) else node for node in unit.nodes
    )
    return evolve(unit, nodes=nodes)


def _check_spine(scene: Scene) -> None:
    """The signal's own path is one straight line."""
    xs = {x for shape in scene.shapes() if isinstance(shape, Path) and shape.role == "spine" for x, _ in shape.points}
    assert len(xs) == 1


def _check_lanes(scene: Scene) -> None:
    """A lane lies strictly outside every lane that it contains."""
    arcs = [shape for shape in scene.shapes() if isinstance(shape, Path) and shape.role in {"link", "shortcut"}]
    spans = [
        (max(x for x, _ in a.points), min(y for _, y in a.points), max(y for _, y in a.points), a.points[0][0])
        for a in arcs
    ]
    for outer_x, top, bottom, start in spans:
        for inner_x, inner_top, inner_bottom, inner_start in spans:
            if start == inner_start and top < inner_top and inner_bottom < bottom:
                assert inner_x < outer_x
