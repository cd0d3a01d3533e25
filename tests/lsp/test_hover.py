"""What is told at each kind of place of a network, and of one that has no graph."""

import pytest

from resdsl.lsp.editor import Editor
from resdsl.lsp.hover import MOST_ROWS, hover
from tests.lsp.conftest import Show

TEXT = """\
res 1
use "std.res"
network net(depth: int = 8) {
  let n = depth / 2
  input 3x32x32
  stem  conv(3x3, 16, bias = true) -> prelu(per = channel)
  layers pool : maxpool(2x2, /2)
  stage s1 : basic(16) via identity + basic(round(16.0 + 2 * l)) * 12
  stage s2 : basic(64) * n { shortcut projection }
  head  global_avgpool -> linear(10)
  init  he_fan_out
  shortcut identity else projection
  survive linear(0.5), per = sample
  levels 2 via conv_shortcut
  keys torchvision
  expect params ~ 0.53e6
}
network broken {
  input 3x32x32
  stage s1 : basic(16) via none
  link a over all via gate(-1)
  shortcut zero_pad
}
"""


@pytest.fixture
def told(editor: Editor, show: Show):
    version = editor.version(show(TEXT))
    assert version is not None

    def told(word: str) -> list[str]:
        found = hover(version, TEXT.index(word))
        assert found is not None
        return found.text.split("\n")

    return told


SETTINGS = "conv(kernel, channels, /stride = 1, groups = 1, bias = false, dilation = 1, padding = …)"


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("bias", f"a setting of `{SETTINGS}`"),
        ("per = channel", "a setting of `prelu(init = 0.25, per = scalar)`: `scalar` or `channel`"),
        ("maxpool", "maxpool(kernel, /stride = 1, padding = …, ceil = false)"),
        ("pool :", "| pool | 16x32x32 | 16x16x16 | 0 | 0 | 4x4 pixels |"),
        ("stem", "| stem | 3x32x32 | 16x32x32 | 464 | 442 k | 3x3 pixels |"),
        ("round", "the nearest whole number"),
        ("l)) * 12", "a block's place among all blocks"),
        ("identity +", "| `identity` | s1[1] | 0 |"),
        (
            "s2 :",
            "| s2[4] | 64x16x16 | 64x16x16 | projection, level1: conv_shortcut | 79,232 | 20.2 M | 140x140 pixels |",
        ),
        ("projection }", f"| `projection` | s2[1..4] | {42 * 64 + 3 * 64 * 64 + 4 * 2 * 64:,} |"),
        ("he_fan_out", "he_fan_out"),
        ("conv_shortcut", "| `conv_shortcut` | s1[1]…s2[4] | 16x16x16 | 64x16x16 | 1 | 1,024 |"),
        ("per = sample", "per"),
        ("sample", "sample"),
        ("torchvision", "torchvision"),
        ("params", "trainable values"),
    ],
)
def test_a_place_tells_what_stands_there(word: str, line: str, told):
    lines = told(word)
    assert any(found.startswith(line) for found in lines), lines


def test_of_blocks_that_all_differ_the_first_are_told_and_how_many_there_are_more(told):
    rows = [line for line in told("s1 :") if line.startswith("| ")]
    assert len(rows) == 2 + MOST_ROWS + 1
    assert rows[-1].startswith(f"| and {13 - MOST_ROWS} more |")


@pytest.mark.parametrize("word", ["none", "gate", "zero_pad", "a over all"])
def test_a_network_without_a_graph_has_no_table(word: str, told):
    assert not [line for line in told(word) if line.startswith("| ")]
