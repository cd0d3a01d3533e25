"""Blocks that the library lacks are written once for all widths; what no words are for is refused."""

import pytest

import resdsl
from resdsl import ResError
from resdsl.integrations.importer import import_module

OWN = "block mine(width, stride = 1) { OWN residual conv(5x5, width, /stride) -> bn }"
INNER = "block mine(width, a, b) { residual conv(3x3, a) -> gelu -> conv(3x3, b) -> gelu -> conv(3x3, width) }"
TURNED = "block mine(width) { residual conv(5x5, width, /2x1) -> bn }"
DOWN = "shortcut down { y = (x -> conv(1x1, out, /2x1)) + f }"
MOVED = "block mine(width, s = 1, t = 1) { residual conv(3x3, width, /s) -> gelu -> conv(3x3, width, /t) -> gelu }"


def imported(definitions: str, statements: str) -> tuple[resdsl.Graph, str]:
    """A network of these, and the text that its module is imported as."""
    spec = f'res 1 use "std.res" {definitions} network it {{ input 3x16x16 stem conv(3x3, 16) {statements} }}'
    graph = resdsl.load(spec)
    found = import_module(resdsl.build(graph), (3, 16, 16))
    assert resdsl.cost(found.graph).total == resdsl.cost(graph).total
    return graph, found.text


@pytest.mark.parametrize(
    ("definitions", "statements", "wanted"),
    [
        (
            OWN.replace("OWN", "before bn -> gelu"),
            "stage s1 : mine(16) * 3 stage s2 /2 : mine(32) * 2 shortcut identity else conv_shortcut",
            "block mine16(width, stride = 1) {\n  before   norm -> act\n",
        ),
        (
            OWN.replace("OWN", "before bn -> gelu, shared = first"),
            "stage s1 : mine(16) * 3 stage s2 : mine(16) * 2 shortcut identity",
            "block mine16(width) {\n  before   norm -> act, shared = first\n",
        ),
        (
            OWN.replace("OWN", "before bn -> gelu, shared = never"),
            "stage s1 : mine(16) * 3 stage s2 /2 : mine(32) * 2 shortcut identity else conv_shortcut",
            "block mine16(width, stride = 1) {\n  residual norm -> act -> conv(5x5, width, /stride) -> norm\n}",
        ),
        (
            INNER,
            "stage s1 : mine(16, 5, 7) * 2 + mine(16, 7, 9) shortcut identity",
            "  stage s1 : mine16(16, inner = 5, inner_2 = 7) * 2 + mine16(16, inner = 7, inner_2 = 9)\n",
        ),
        (
            INNER,
            "stage s1 : mine(16, 5, 5) * 2 + mine(16, 7, 7) shortcut identity",
            "  residual conv(3x3, inner) -> act -> conv(3x3, inner) -> act -> conv(3x3, width)\n",
        ),
        (
            "layer two { y = x + (x -> conv(1x1, in)) } block mine(width) { residual two -> two -> conv(3x3, width) }",
            "stage s1 : mine(16) * 3 shortcut identity",
            "\n\nblock mine16_2(width) {\n  residual mine16 -> mine16 -> conv(3x3, width)\n}",
        ),
    ],
)
def test_a_block_is_defined_with_what_differs_as_its_parameters(definitions: str, statements: str, wanted: str):
    _, text = imported(definitions, statements)
    assert wanted in text


def test_widths_that_grow_steadily_are_a_formula():
    """Han et al. 2016, eq. 2."""
    run = "pyramid_basic(round(16 + 24.0 * l / L)) * 5"
    graph, text = imported("", f"-> bn stage s1 : {run} stage s2 /2 : {run} shortcut identity else avg_zero_pad")
    assert f"\n  stage s1    : {run}\n  stage s2 /2 : {run}\n" in text
    assert [block.unit.output_shape for block in resdsl.load(text).blocks] == [
        block.unit.output_shape for block in graph.blocks
    ]


def test_widths_that_grow_otherwise_stand_one_by_one():
    _, text = imported("", "-> bn stage s1 : pyramid_basic(16 + l * l) * 4 shortcut identity else zero_pad")
    assert "pyramid_basic(17) + pyramid_basic(20) + pyramid_basic(25) + pyramid_basic(32)\n" in text


def test_a_shortcut_around_some_blocks_of_a_stage_is_a_link():
    _, text = imported("", "stage s1 : basic(16) * 4 link a over s1[2..4] via identity")
    assert "\n  link link1 over s1[2..4] via identity\n" in text


@pytest.mark.parametrize(
    ("definitions", "statements", "message"),
    [
        (
            MOVED,
            "stage s1 : mine(16) + mine(32, s = 2) + mine(64, t = 2) shortcut identity else conv_shortcut",
            "blocks that are built alike have their strides in different layers",
        ),
        (TURNED + DOWN, "stage s1 : mine(32) shortcut down", "a stride differs between the dimensions"),
        (
            "block mine(width) { residual conv(5x5, width) -> bn }" + DOWN,
            "stage s1 : mine(16) layers p : maxpool(2x1, /2x1) stage s2 : mine(16) link a over s1..s2 via down",
            "a stride differs between the dimensions",
        ),
    ],
)
def test_strides_that_no_argument_says_are_refused(definitions: str, statements: str, message: str):
    with pytest.raises(ResError) as raised:
        imported(definitions, statements)
    place, _, told = raised.value.diagnostics[0].message.partition(": ")
    assert place.startswith("`s")
    assert told == message
