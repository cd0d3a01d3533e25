"""Every block and every shortcut kind of the library computes the equation of its paper, forward and backward."""

import pytest
import torch

from resdsl.syntax import ast
from tests.reference.blocks import BLOCKS, highway
from tests.reference.compare import assert_equal, batch, built
from tests.reference.library import files, name_of, uses
from tests.reference.shortcuts import SHORTCUTS, carry
from tests.reference.tensors import bn, conv, pool_and_classify, relu, sigmoid

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


ARITHMETIC = {
    "y = x / 4 + f": lambda x, f: x / 4 + f,
    "y = f - x": lambda x, f: f - x,
    "y = -x + f": lambda x, f: f - x,
    "y = 2 - x + 3 * f": lambda x, f: 2 - x + 3 * f,
    "y = (x - 0.5) * f + 0.25": lambda x, f: (x - 0.5) * f + 0.25,
    "y = (x + f) / 2 - 1": lambda x, f: (x + f) / 2 - 1,
    "a = x * 0.5  b = a -> sigmoid  y = b * f + (1 - b) * x": lambda x, f: (
        sigmoid(x / 2) * f + (1 - sigmoid(x / 2)) * x
    ),
    "y = concat(x, f) -> conv(1, out)": None,
}
"""y by the equations of a kind, where the shape stays."""


@pytest.mark.parametrize("equations", ARITHMETIC)
def test_equations_are_computed_as_they_are_written(equations):
    text = f"""
        res 1
        use "std.res"
        shortcut mine {{ {equations} }}
        network net {{
          input 3x6x6 stem conv(3x3, 4) -> bn -> relu stage s1 : basic(4) * 2
          head global_avgpool -> linear(5) shortcut mine
        }}
    """

    def junction(x, f, w, name, *_):
        if ARITHMETIC[equations] is None:
            return conv(torch.cat([x, f], 1), w, f"{name}.shortcut_conv")
        return ARITHMETIC[equations](x, f)

    def forward(x, w, t):
        x = relu(bn(conv(x, w, "stem.conv"), w, "stem.bn", t))
        for name in ("s1.0", "s1.1"):
            x = BLOCKS["basic(4)"](x, w, name, t, 1, junction)
        return pool_and_classify(x, w)

    assert_equal(built(text), forward, batch(3, 3, 6, 6))


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
