"""Pictures of networks drawn by chance stay legible: drawing.md, section 3."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from resdsl.emit.draw.layout.blocks import lay_blocks
from resdsl.emit.draw.layout.overview import lay_overview
from resdsl.emit.draw.layout.strip import lay_strip
from resdsl.emit.draw.layout.table import lay_table
from resdsl.emit.draw.layout.unit import lay_unit
from resdsl.emit.draw.scene import Path, Scene
from resdsl.ir.graph import Graph
from resdsl.ir.verify import verify
from tests.draw.legible import faults, texts
from tests.draw.networks import graphs

thousand = settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
hundred = settings(thousand, max_examples=100)


@hundred
@given(graphs(max_blocks=30))
def test_the_networks_of_these_tests_are_networks(graph: Graph) -> None:
    verify(graph)


@thousand
@given(graphs())
def test_an_overview_is_legible_and_fits_a_page_at_any_depth(graph: Graph) -> None:
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
def test_a_strip_is_legible_and_fits_a_page(graph: Graph) -> None:
    scene = lay_strip(graph)
    assert not [*texts(scene)]
    assert (scene.width <= 1000, scene.height <= 1400) == (True, True)


@hundred
@given(graphs())
def test_a_table_is_legible_and_fits_a_page(graph: Graph) -> None:
    scene = lay_table([graph])
    assert not [*texts(scene)]
    assert (scene.width <= 1000, scene.height <= 1400) == (True, True)


@hundred
@given(graphs())
def test_all_blocks_are_legible(graph: Graph) -> None:
    scene = lay_blocks(graph)
    assert not [*faults(scene)]
    _check_lanes(scene)


@settings(hundred, max_examples=30)
@given(graphs(max_blocks=8))
def test_the_inside_of_units_is_legible(graph: Graph) -> None:
    assert not [*faults(lay_unit(graph))]


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
