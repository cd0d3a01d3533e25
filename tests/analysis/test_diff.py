"""What is counted and compared between two networks; how changes are told, `draw/test_diff` says."""

from __future__ import annotations

from resdsl.analysis.diff import diff
from resdsl.compiler import load
from resdsl.ir.graph import Graph


def net(first: str = "", second: str = "", *, width: int = 4) -> Graph:
    """Two stages of two blocks, with statements of their own."""
    return load(f"""res 1 use "std.res"
    network net {{
      input 3x8x8
      stem  conv(3x3, {width})
      stage s1 : basic({width}) * 2 {{ about "first"  {first} }}
      stage s2 : basic({width}) * 2 {{ about "second"  {second} }}
    }}""")


def test_the_cost_is_that_of_the_first_and_of_the_second() -> None:
    found = diff(net(width=4), net(width=8))
    weights = [9 * (3 * width + 8 * width**2) for width in (4, 8)]  # of the stem, and two convolutions in a block
    norms = [8 * 2 * width for width in (4, 8)]
    assert found.params == (weights[0] + norms[0], weights[1] + norms[1])
    assert found.macs == (64 * weights[0], 64 * weights[1])


def test_networks_whose_blocks_survive_alike_do_not_differ() -> None:
    assert diff(net("survive 0.5"), net("survive 0.5")).changes == ()


def test_where_the_same_schedule_holds_for_other_blocks_the_first_of_them_is_told() -> None:
    one, other = net("survive 1 - 0.1 * l"), net(second="survive 1 - 0.1 * l")
    assert [str(change) for change in diff(one, other).changes] == ["~ survival of s1[1]: p = 0.9 → p = None"]
    both = net("survive 1 - 0.1 * l", "survive 1 - 0.1 * l")
    assert [str(change) for change in diff(one, both).changes] == ["~ survival of s2[1]: p = None → p = 0.7"]


def linked(statements: str, *, definitions: str = "") -> Graph:
    """Two stages of four blocks, with links or kinds of their own."""
    return load(f"""res 1 use "std.res"
    {definitions}
    network net {{
      input 3x8x8
      stem  conv(3x3, 4)
      stage s1 : basic(4) * 4
      stage s2 : basic(4) * 4
      {statements}
    }}""")


def test_a_link_of_another_kind_is_told_with_its_span() -> None:
    one, other = (linked(f"link outer over s1[2..3] via {kind}") for kind in ("identity", "conv_shortcut"))
    wanted = "~ link outer: over s1[2..3] via identity → over s1[2..3] via conv_shortcut"
    assert [str(change) for change in diff(one, other).changes] == [wanted]


def test_a_kind_that_is_another_under_its_name_is_told() -> None:
    one, other = (
        linked("shortcut mine", definitions=f"shortcut mine {{ y = (x -> conv({size}, out)) + f }}")
        for size in ("1x1", "3x3")
    )
    changes = diff(one, other).changes
    assert [change.place for change in changes] == ["s1[1..4]", "s2[1..4]"]
    assert all(str(change).endswith(", other layers") for change in changes)


def test_links_that_come_are_told_by_what_they_go_around() -> None:
    spans = {"a": "s1", "b": "s2[2..3]", "c": "all", "d": "s1[1..2]"}
    links = " ".join(f"link {name} over {span} via identity" for name, span in spans.items())
    told = [str(change) for change in diff(linked(""), linked(links)).changes]
    assert sorted(told) == [
        "+ link a: over s1 via identity",
        "+ link b: over s2[2..3] via identity",
        "+ link c: over s1..s2 via identity",
        "+ link d: over s1[1..2] via identity",
    ]


def staged(blocks: str) -> Graph:
    return load(f'res 1 use "std.res" network net {{ input 3x8x8  stem conv(3x3, 4)  stage s1 : {blocks} }}')


def test_blocks_that_come_are_told_in_runs_of_equal_ones() -> None:
    one, other = staged("basic(4)"), staged("basic(4) + preact_basic(4) * 2 + basic(4) * 3")
    (change,) = diff(one, other).changes
    assert (change.place, change.after) == ("s1[2..6]", "preact_basic(4) via identity * 2 + basic(4) via identity * 3")


def test_of_many_runs_the_middle_is_counted() -> None:
    others = " + ".join(f"basic({width}) * 2" for width in (8, 16, 32))
    (change,) = diff(staged("basic(4)"), staged(f"basic(4) + {others}")).changes
    first, last = "basic(8) via projection + basic(8) via identity", "basic(32) via identity"
    assert change.after == f"{first} + (3 more) + {last}"
