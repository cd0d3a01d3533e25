"""Every block and every shortcut kind of the library computes the equation of its paper, forward and backward."""

import pytest

from resdsl.syntax import ast
from tests.reference.blocks import BLOCKS, highway
from tests.reference.compare import assert_equal, batch, built
from tests.reference.library import files, name_of, uses
from tests.reference.shortcuts import SHORTCUTS, carry
from tests.reference.tensors import bn, conv, pool_and_classify, relu

NETWORK = """
res 1
{uses}

network net {{
  input 3x6x6
  stem  conv(3x3, 4) -> bn -> relu
  stage s1    : {block} * 2
  stage s2 /2 : {wider} * 2
  head  global_avgpool -> linear(5)
  shortcut {shortcut}
}}
"""


def network(block, shortcut):
    """Two stages of a block, the second as wide again."""
    width, comma, more = block.partition("(")[2].partition(",")
    wider = f"{name_of(block)}({2 * int(width.removesuffix(')'))}{comma}{more or ')'}"
    return built(NETWORK.format(uses=uses(block, shortcut), block=block, wider=wider, shortcut=shortcut))


def reference(block, shortcut):
    """The network in plain arithmetic, of the equations of its blocks and of their junctions."""

    def forward(x, w, t):
        x = relu(bn(conv(x, w, "stem.conv"), w, "stem.bn", t))
        for name, stride in (("s1.0", 1), ("s1.1", 1), ("s2.0", 2), ("s2.1", 1)):
            x = block(x, w, name, t, stride, shortcut)
        return pool_and_classify(x, w)

    return forward


def assert_computes(block, shortcut):
    assert_equal(network(block, shortcut), reference(BLOCKS[block], SHORTCUTS[shortcut]), batch(3, 3, 6, 6))


@pytest.mark.parametrize("shortcut", ["identity else zero_pad", "exclusive_gate(-6) else projection"])
@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_is_the_order_of_its_paper(block, shortcut):
    assert_computes(block, shortcut)


@pytest.mark.parametrize("shortcut", SHORTCUTS)
def test_a_shortcut_kind_is_its_equation(shortcut):
    assert_computes("basic(4)", shortcut)


@pytest.mark.slow
@pytest.mark.parametrize("shortcut", SHORTCUTS)
@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_goes_with_every_shortcut_kind(block, shortcut):
    assert_computes(block, shortcut)


def test_a_highway_layer_is_carried_by_its_gate():
    text = """
        res 1
        use "highway.res"
        network net { input 3x6x6 stem conv(3x3, 4) stage s1 : highway(4) * 2 head global_avgpool -> linear(5) }
    """

    def junction(x, f, w, name, t, stride):
        return carry(x, x, f, w, f"{name}.shortcut", t, stride)

    def forward(x, w, t):
        x = conv(x, w, "stem.conv")
        for name in ("s1.0", "s1.1"):
            x = highway(x, w, name, t, 1, junction)
        return pool_and_classify(x, w)

    assert_equal(built(text), forward, batch(3, 3, 6, 6))


def test_no_block_and_no_shortcut_kind_of_the_library_is_left_out():
    assert set(files(ast.Block)) == {name_of(block) for block in BLOCKS} | {"highway"}
    assert set(files(ast.ShortcutKind)) == {name_of(kind) for words in SHORTCUTS for kind in words.split(" else ")}
