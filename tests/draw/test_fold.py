"""Folding: what stays alone, what becomes a stack, and that nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resdsl.compiler import load
from resdsl.emit.draw.fold import EVERYTHING, Detail
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.view import view
from resdsl.emit.draw.viewmodel import Chain, Net
from resdsl.ir.graph import Graph
from tests.draw.networks import graphs

pytestmark = pytest.mark.no_cover

details = st.builds(
    Detail, st.sampled_from([0, 1, 3, 10**9]), st.sampled_from([0, 1, 10**9]), st.sampled_from(["unit", "kind", "any"])
)
ROR = """res 1
use "std.res"
network ror(n = 18) {
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  stage s1    : basic(16) * n
  stage s2 /2 : basic(32) * n
  head  global_avgpool -> linear(10)
  shortcut identity else zero_pad
  %s
}
"""


def rows(graph: Graph, detail: Detail) -> list[list[str]]:
    """What the boxes of each stage stand for."""
    net = view(Reading(graph), detail)
    return [[row.key for row in stage.rows] for stage in net.stages]


def test_equal_neighbours_are_one_stack_between_the_first_and_the_last() -> None:
    graph = load(ROR % "")
    assert rows(graph, Detail(1, 1)) == [["s1.1", "s1.2-17", "s1.18"], ["s2.1", "s2.2-17", "s2.18"]]
    assert rows(graph, Detail(1, 0)) == [["s1.1", "s1.2-18"], ["s2.1", "s2.2-18"]]


def test_the_first_block_of_a_stage_that_changes_the_shape_is_no_part_of_a_stack() -> None:
    assert rows(load(ROR % ""), Detail(0, 0)) == [["s1.1-18"], ["s2.1", "s2.2-18"]]


def test_blocks_that_survive_differently_are_one_stack_with_a_range() -> None:
    net = view(Reading(load(ROR % "survive linear(0.5)")), Detail(1, 0))
    stack = net.stages[1].rows[1]
    assert stack.survival == (1 - 20 / 36 / 2, 0.5)  # Huang et al. 2016, eq. 4, with L = 36
    assert stack.survivals == tuple(1 - l / 36 / 2 for l in range(20, 37))


def test_blocks_of_other_channels_are_one_stack_only_by_kind() -> None:
    graph = load(ROR.replace("basic(16) * n", "pyramid_basic(16 + 2 * i) * 6") % "")
    assert rows(graph, Detail(1, 0))[0] == [f"s1.{i}" for i in range(1, 7)]
    net = view(Reading(graph), Detail(1, 0, "kind"))
    assert [row.key for row in net.stages[0].rows] == ["s1.1", "s1.2-6"]
    assert net.stages[0].rows[1].notes == ("20…28 channels",)


def test_a_stack_never_cuts_a_link() -> None:
    graph = load(ROR % "link near over s1[3..6] via identity")
    assert rows(graph, Detail(1, 0)) == [["s1.1", "s1.2", "s1.3", "s1.4-6", "s1.7-18"], ["s2.1", "s2.2-18"]]


def test_equal_spans_fold_with_the_links_inside_them() -> None:
    net = view(Reading(load(ROR % "levels 4 via conv_shortcut")), Detail(1, 0))
    first = net.stages[0].rows
    assert [row.key for row in first] == ["s1.1", "s1.2-6", "s1.7-18"]
    assert [(lane.name, lane.level, lane.count) for lane in first[2].inner] == [("level3", 3, 2)]


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(graphs(), details)
def test_every_block_is_in_one_row_and_every_link_is_drawn_or_counted_once(graph: Graph, detail: Detail) -> None:
    net = view(Reading(graph), detail)
    held = [step for part in net.parts for step in _steps(net, part)]
    assert held == list(range(len(graph.steps)))
    inside = [lane for row in net.rows for lane in row.inner]
    assert len(net.lanes) + sum(lane.count for lane in inside) == len(graph.links)
    starts = {row.first for row in net.rows} | {part.section.first for part in net.parts}
    ends = {row.last for row in net.rows}
    assert all(lane.first in starts and lane.last in ends for lane in net.lanes)
    assert len({lane.key for lane in (*net.lanes, *inside)}) == len(net.lanes) + len(inside)
    assert len({row.key for row in net.rows}) == len(net.rows)


def _steps(net: Net, part: object) -> list[int]:
    if isinstance(part, Chain):
        return [part.section.first]
    stage = next(stage for stage in net.stages if stage is part)
    return [step for row in stage.rows for step in range(row.first, row.last + 1)]


def test_everything_is_every_block() -> None:
    assert sum(map(len, rows(load(ROR % ""), EVERYTHING))) == 36
