"""A graph printed as `.res` text means the same network: its digest is the same."""

from pathlib import Path

import pytest

from resdsl.compiler import load, read
from resdsl.emit.res import print_res

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.res"))

EVERYTHING = """
res 1 use "std.res"
extern block attention(heads: int) -> (64) / 2, params = 10, macs = 7
layer inception(width) {
  a = x -> conv(1, width)
  b = x -> conv(3, width)
  y = concat(a, b -> relu, x) -> conv(1, in)
}
network everything(depth = 20) {
  input 3x32x32
  let n = (depth - 2) / 6
  stem conv(3x3, 16) -> bn -> relu
  stage s1 : basic(16) * n + se_basic(16, reduction = 4) * 2 { survive linear(0.7) }
  layers pool : maxpool(2x2, /2) -> squeeze_excite(4) -> squeeze_excite(8) -> inception(8)
  stage s2 /2 : preact_basic(32) via gate(-3) else zero_pad + preact_basic(32) * (n - 1) {
    survive 1 - l / L * 0.1  norm groupnorm(8)  act elu
  }
  stage s3 : attention(heads = 4) + basic(64) via exclusive_gate(-2) * 2
  head global_avgpool -> linear(10)
  link m over s1 via conv_shortcut
  link root over all via projection
  link z over s1[2..4] via scale(0.5)
  link w over s1..s2 via zero_pad
  tap s1, s3
  init he_fan_out
}
"""


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_network_of_the_library_prints_to_itself(path: Path) -> None:
    program = read(path)
    for found in program.networks():
        graph = program.graph(found.definition.name)
        assert load(print_res(graph)).digest == graph.digest, graph.name


def test_every_construct_prints_to_itself() -> None:
    graph = load(EVERYTHING)
    text = print_res(graph)
    assert load(text).digest == graph.digest
    assert print_res(load(text)) == print_res(load(print_res(load(text))))


def test_links_around_the_same_blocks_keep_their_order() -> None:
    text = """
    res 1 use "std.res"
    network twice { input 3x16x16  stem conv(3x3, 8)  stage a : basic(8) * 2  stage b /2 : basic(16) * 2
      link inner over each stage via identity else projection  link outer over each 2 via conv_shortcut
      link whole over all via conv_shortcut  link as_well over a..b via projection }
    """
    graph = load(text)
    assert load(print_res(graph)).digest == graph.digest


def test_a_foreign_block_of_many_uses_prints_to_itself() -> None:
    text = """
    res 1 use "std.res"
    extern block att(heads: int, kind: str = "a") -> (in), params = 4 * in * in, macs = heads * in
    extern block down(width, stride = 1) -> (width) / stride, params = in * width + stride
    network many { input 3x16x16  stem conv(3x3, 8)
      stage a : att(2) + att(4) + att(4, kind = "b")
      stage b /2 : down(16) + att(2) + down(16)
      stage c : down(24) + down(24, 2)
      shortcut none }
    """
    graph = load(text)
    assert load(print_res(graph)).digest == graph.digest


def test_shared_pre_activation_and_levels_print_to_themselves() -> None:
    text = """
    res 1 use "std.res"
    block first(width, stride = 1) { before norm -> act, shared = first  residual conv(3, width, /stride) }
    block never(width, stride = 1) { before norm -> act, shared = never  residual conv(3, width, /stride) }
    network shared { input 3x16x16  stem conv(3x3, 8)
      stage a : first(8) * 9  stage b /2 : never(16) * 9  levels 4 via conv_shortcut
      head global_avgpool -> linear(2)  survive uniform(0.8), per = sample, rescale = train }
    """
    graph = load(text)
    assert load(print_res(graph)).digest == graph.digest
