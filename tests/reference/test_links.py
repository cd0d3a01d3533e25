"""RoR-m and every link compute the equations of Zhang et al. 2016, junctions and all, forward and backward."""

from math import prod

import pytest

from tests.reference.blocks import BLOCKS
from tests.reference.compare import assert_equal, batch, built
from tests.reference.library import uses
from tests.reference.shortcuts import SHORTCUTS, STANDARD, link
from tests.reference.tensors import bn, conv, pool_and_classify, relu

NETWORK = """
res 1
{uses}

network net {{
  input 3x{size}x{size}
  stem  conv(3x3, 4) -> bn
  stage s1    : {block} * {n}
  stage s2 /2 : {wider} * {n}
  stage s3 /2 : {wider} * {n}
  head  bn -> relu -> global_avgpool -> linear(5)
  shortcut {shortcut}
  {links}
}}
"""


def network(block, n, shortcut, links):
    text = NETWORK.format(
        uses=uses(block, shortcut),
        block=f"{block}(4)",
        wider=f"{block}(8)",
        n=n,
        shortcut=shortcut,
        links=links,
        size=8,
    )
    return built(text)


def reference(block, n, shortcut, links):
    """`links`, inner before outer: the label, the kinds, the first and the last block of each."""
    blocks = [(f"s{s}.{i}", 2 if s > 1 and i == 0 else 1) for s in (1, 2, 3) for i in range(n)]

    def forward(x, w, t):
        x = bn(conv(x, w, "stem.conv"), w, "stem.bn", t)
        entered = []
        for place, (name, stride) in enumerate(blocks):
            entered.append(x)

            def junction(x, f, w, name, t, stride, place=place):
                """All summands are added before the one activation; inner spans first."""
                y = SHORTCUTS[shortcut](x, f, w, name, t, stride)
                for label, kinds, first, last in links:
                    if last == place:
                        around = prod(stride for _, stride in blocks[first : last + 1])
                        y = link(label, kinds)(entered[first], y, w, name, t, around)
                return y

            x = BLOCKS[f"{block}(4)"](x, w, name, t, stride, junction)
        return pool_and_classify(relu(bn(x, w, "head.bn", t)), w)

    return forward


def assert_computes(statements, links, *, block="basic", n=1, shortcut="identity else zero_pad"):
    model, wanted = network(block, n, shortcut, statements), reference(block, n, shortcut, links)
    assert_equal(model, wanted, batch(2, 3, 8, 8))


# ---------------------------------------------------------------- RoR-m: level 1 around all, 2 around each stage, …


def levels(m, n, kinds):
    """The spans of RoR-m over three stages of n blocks: above 3, each level splits every span in three."""
    spans = [("level1", kinds, 0, 3 * n - 1)] if m > 1 else []
    for level in range(2, m):
        size = n // 3 ** (level - 2)
        spans += [(f"level{level}", kinds, first, first + size - 1) for first in range(0, 3 * n, size)]
    return spans[::-1]


@pytest.mark.parametrize(
    ("m", "n"), [(1, 2), (2, 2), (3, 1), (3, 2), (4, 3), pytest.param(4, 6, marks=pytest.mark.slow), (5, 9)]
)
def test_ror_m_adds_m_levels_before_one_relu(m, n):
    via = "conv_shortcut"
    assert_computes(f"levels {m} via {via}", levels(m, n, via), n=n)


@pytest.mark.parametrize("block", ["preact_basic", "raw_basic", "basic_bn_after", "basic_relu_before"])
def test_a_link_takes_what_enters_its_first_block_and_adds_before_what_follows_the_last(block):
    assert_computes("levels 3 via projection", levels(3, 2, "projection"), block=block, n=2)


# ---------------------------------------------------------------- every kind, every span


@pytest.mark.parametrize("kinds", STANDARD)
def test_a_link_of_any_kind_is_the_equation_of_its_kind(kinds):
    assert_computes(f"link root over all via {kinds}", [("root", kinds, 0, 2)])


@pytest.mark.parametrize(
    ("over", "spans"),
    [
        ("all", [(0, 5)]),
        ("each stage", [(0, 1), (2, 3), (4, 5)]),
        ("each 1", [(place, place) for place in range(6)]),
        ("each 2", [(0, 1), (2, 3), (4, 5)]),
        ("s2", [(2, 3)]),
        ("s2[1]", [(2, 2)]),
        ("s3[1..2]", [(4, 5)]),
        ("s1..s2", [(0, 3)]),
    ],
)
def test_a_link_goes_around_the_blocks_of_its_span(over, spans):
    kinds = "identity else conv_shortcut"
    assert_computes(f"link upper over {over} via {kinds}", [("upper", kinds, *span) for span in spans], n=2)


@pytest.mark.parametrize("turn", [1, -1])
def test_inner_links_are_added_first_whatever_their_order_in_the_text(turn):
    statements = ["link root over all via gate(-1) else conv_shortcut", "link middle over each stage via conv_shortcut"]
    middle = [("middle", "conv_shortcut", 2 * stage, 2 * stage + 1) for stage in range(3)]
    links = [*middle, ("root", "gate(-6) else conv_shortcut", 0, 5)]
    assert_computes("  ".join(statements[::turn]), links, n=2)
