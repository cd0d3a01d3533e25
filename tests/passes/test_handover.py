"""Which ReLUs leave the mask of their gradient to those who read them."""

from __future__ import annotations

import pytest

from resdsl.compiler import load
from resdsl.ir.graph import Graph
from resdsl.passes.handover import Handover, hand_over
from resdsl.passes.lower import lower


def net(stages: str, *, stem: str = "conv(3x3, 4) -> relu", more: str = "") -> Graph:
    return load(f"""res 1 use "std.res"
    network net {{
      input 3x8x8
      stem  {stem}
      {stages}
      head  global_avgpool -> linear(10)
      {more}
    }}""")


def givers(graph: Graph, found: Handover) -> list[str]:
    """The places whose ReLU leaves its mask to its readers."""
    return [f"{step.section}[{step.place}]" for step in graph.steps if step.unit in found.gives]


def test_original_blocks_leave_their_masks_to_the_blocks_behind_them():
    graph = net("stage s1 : basic(4) * 2")
    found = hand_over(graph)
    assert givers(graph, found) == ["stem[1]", "s1[1]", "s1[2]"]
    assert [found.masks[step.unit] for step in graph.steps] == [(False,), (True,), (True,), (True,)]


def test_equal_blocks_are_one_function_and_mask_all_or_none_of_their_inputs():
    """The first block reads what is no ReLU; so none masks, and none of them can leave its mask to another."""
    graph = net("stage s1 : basic(4) * 2", stem="conv(3x3, 4)")
    found = hand_over(graph)
    first, second = (step.unit for step in graph.steps if step.section == "s1")
    assert first == second
    assert found.masks[first] == (False,)
    assert givers(graph, found) == []


def test_what_ends_in_a_sum_has_no_mask_to_give():
    graph = net("stage s1 : preact_basic(4) * 2", stem="conv(3x3, 4)")
    assert givers(graph, hand_over(graph)) == []


@pytest.mark.parametrize(("stem", "is_masked"), [("conv(3x3, 4) -> relu", True), ("conv(3x3, 4)", False)])
def test_a_pool_is_dead_at_zero_where_what_it_pools_is(stem: str, is_masked: bool):
    """Nothing comes through a pool of a ReLU where that is zero, so a mask behind it changes nothing."""
    graph = net("layers pool : maxpool(3x3, /2)  stage s1 : basic(4)", stem=stem)
    found = hand_over(graph)
    block = next(step.unit for step in graph.steps if step.section == "s1")
    assert found.masks[block] == (is_masked,)


def test_a_block_that_may_be_dropped_gives_where_what_is_left_of_it_ends_in_a_relu_too():
    graph = net("stage s1 : basic(4) * 2", more="survive 0.5")
    assert givers(graph, hand_over(graph)) == ["stem[1]", "s1[1]", "s1[2]"]
    behind = net("stage s1 : relu_preact_basic(4) * 2", more="survive 0.5")
    assert "s1[1]" not in givers(behind, hand_over(behind))


@pytest.mark.parametrize(("more", "outside"), [("", False), ("tap s1", True)])
def test_who_taps_a_value_without_its_mask_applies_it(more: str, outside: bool):
    graph = net("stage s1 : basic(4)  stage s2 : basic(8)", stem="conv(3x3, 4)", more=more)
    assert lower(graph).masks_outside is outside
