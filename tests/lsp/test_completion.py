"""Completion knows kinds: at every place of the grammar it offers what may stand there, and nothing else."""

import pytest

from resdsl.elaborate.vocabulary import INIT_RULES, SCHEMES
from resdsl.limits import DEFAULT
from resdsl.lsp.completion import Item, complete
from resdsl.lsp.editor import Editor
from resdsl.ops import OPS
from tests.lsp.conftest import Show

HEAD = """\
res 1
use "std.res"
block mine(width, stride = 1) { residual conv(3, width, /stride) -> bn  let inner = width * 2 }
shortcut half { y = 0.5 * x + f }
layer twice { y = x + x }
schedule steady(p) = p
network small(depth: int = 20, unit: block = basic) {
  let n = (depth - 2) / 6
  input 3x32x32
  stem conv(3x3, 16)
  stage s1 : basic(16) * n
  layers pool1 : maxpool(2x2, /2)
  link outer over all via half
  """


def offered(editor: Editor, show: Show, text: str) -> dict[str, Item]:
    """What is offered at the `¦`."""
    offset = text.index("¦")
    version = editor.version(show(text.replace("¦", "")))
    assert version is not None
    return {item.label: item for item in reversed(complete(version, offset, DEFAULT)[1])}


BLOCKS = {"mine", "basic", "bottleneck", "unit"}
SHORTCUTS = {"half", "zero_pad", "projection", "gate"}  # `identity` is a layer, too
LAYERS = {"conv", "relu", "twice", "squeeze_excite", "norm", "act"}
SCHEDULES = {"steady", "linspace", "uniform"}  # `linear` is a layer, too
EVERYTHING = BLOCKS | SHORTCUTS | LAYERS | SCHEDULES

OPEN = "} block wrapped(inner: layer, how: shortcut, width) { residual inner } network d { stage s : wrapped("

PLACES = {
    "a block after the colon of a stage": ("stage s2 /2 : ¦", BLOCKS),
    "a block after +": ("stage s2 : basic(16) * 2 + ¦", BLOCKS),
    "a shortcut kind after via": ("stage s2 : basic(16) via ¦", SHORTCUTS),
    "a shortcut kind of a link": ("link a over all via ¦", SHORTCUTS),
    "a shortcut kind of levels": ("levels 3 via ¦", SHORTCUTS),
    "a shortcut kind of the network": ("shortcut ¦", SHORTCUTS),
    "a shortcut kind after else": ("shortcut identity else ¦", SHORTCUTS),
    "a layer of a chain": ("head ¦", LAYERS),
    "a layer after an arrow": ("head global_avgpool -> ¦", LAYERS),
    "a layer as normalisation": ("norm ¦", LAYERS - {"norm", "act"} | {"norm"}),
    "a schedule": ("survive ¦", SCHEDULES),
    "a layer in a block": ("} block b(width) { residual ¦", LAYERS),
    "a layer in an equation": ("} shortcut k { y = (x -> ¦", LAYERS),
    "a block as a parameter's value": ("} network d = small(unit = ¦", BLOCKS - {"unit"}),
    "a layer as a parameter's value": (f"{OPEN}inner = ¦", LAYERS),
    "a shortcut kind as a parameter's value": (f"{OPEN}how = ¦", SHORTCUTS),
    "a value as a parameter's value": (f"{OPEN}width = ¦", {"round"}),
}


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "open"])
@pytest.mark.parametrize(("place", "wanted"), PLACES.values(), ids=PLACES)
def test_names_of_the_kind_that_is_wanted_and_of_no_other(
    place: str, wanted: set[str], closed: bool, editor: Editor, show: Show
):
    items = offered(editor, show, HEAD + place + ("\n}\n" if closed else ""))
    assert wanted - {"norm", "act"} <= set(items)
    assert not set(items) & (EVERYTHING - wanted - {"norm", "act"})


def test_every_layer_of_the_language_is_offered_in_a_chain(editor: Editor, show: Show):
    assert set(OPS) <= set(offered(editor, show, HEAD + "head ¦\n}"))


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("link a over ¦", {"s1", "all", "each"}),
        ("link a over s1..¦", {"s1"}),
        ("tap ¦", {"s1", "pool1"}),
        ("drop stage ¦", {"s1", "pool1"}),
        ("drop link ¦", {"outer"}),
        ("keys ¦", set(SCHEMES)),
        ("survive linear(0.5), ¦", {"per", "rescale"}),
        ("init ¦", set(INIT_RULES)),
        ("} block b(width) { before norm, ¦", {"shared"}),
        ("} block b(width) { before norm, shared = ¦", {"change", "first", "stage", "never"}),
        (
            "} network e(width: ¦",
            {"int", "float", "prob", "bool", "str", "shape", "block", "shortcut", "layer", "list"},
        ),
    ],
)
def test_where_only_few_words_may_stand_exactly_these_are_offered(
    place: str, wanted: set[str], editor: Editor, show: Show
):
    assert set(offered(editor, show, HEAD + place)) == wanted


def test_expectations_are_of_counts_and_labels(editor: Editor, show: Show):
    items = offered(editor, show, HEAD + "expect ¦\n}")
    assert {"params", "macs", "depth", "depth_wrn", "blocks", "output", "s1", "pool1"} <= set(items)


@pytest.mark.parametrize(
    ("place", "arguments"),
    [
        ("stage s2 : bottleneck(¦", {"width", "stride", "expansion", "groups", "inner"}),
        ("stage s2 : bottleneck(64, ¦", {"stride", "expansion", "groups", "inner"}),
        ("stage s2 : bottleneck(64, groups = 2, ¦", {"stride", "expansion", "inner"}),
        ("stage s2 : unit(16, ¦", {"stride"}),
        ("stem conv(3x3, 64, ¦", {"/stride", "groups", "bias", "dilation", "padding"}),
        ("stem conv(3x3, 64, /2, ¦", {"groups", "bias", "dilation", "padding"}),
        ("link a over all via gate(¦", {"bias"}),
        ("expect params(¦", {"depth", "unit"}),
        ("expect params(depth = 20, ¦", {"unit"}),
        ("let m = round(¦", set[str]()),
        ("stage s2 : unknown(¦", set[str]()),
        ("} network d = small(¦", {"depth", "unit"}),
    ],
)
def test_inside_parentheses_the_parameters_that_are_not_given_yet(
    place: str, arguments: set[str], editor: Editor, show: Show
):
    items = offered(editor, show, HEAD + place)
    assert {label for label, item in items.items() if item.kind == "argument"} == arguments


def test_a_parameter_comes_with_its_default(editor: Editor, show: Show):
    items = offered(editor, show, HEAD + "stage s2 : bottleneck(64, ¦")
    assert items["expansion"].detail == "expansion = 4"
    assert items["expansion"].doc == "default `4`"
    assert items["expansion"].insert == "expansion = "


@pytest.mark.parametrize(
    ("place", "wanted", "unwanted"),
    [
        ("let m = ¦", {"depth", "n", "round", "if"}, {"x", "f", "l", "unit"}),
        ("stage s2 : basic(¦", {"depth", "n", "i", "l", "L"}, {"x", "f"}),
        ("} shortcut k { y = ¦", {"x", "f", "in", "out", "stride"}, {"l", "depth"}),
        ("} layer k { g = x -> relu y = ¦", {"x", "in", "g"}, {"f", "out"}),
        ("} schedule k(last) = ¦", {"l", "L", "last"}, {"x", "depth"}),
        ("} block k(width) { residual conv(3x3, ¦", {"in", "width"}, {"x", "f", "out", "depth"}),
    ],
)
def test_values_are_those_that_are_known_at_the_place(
    place: str, wanted: set[str], unwanted: set[str], editor: Editor, show: Show
):
    items = set(offered(editor, show, HEAD + place))
    assert wanted <= items
    assert not unwanted & items


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("¦", {"res"}),
        ("res 1\n¦", {"use", "network", "block", "shortcut", "layer", "schedule", "extern"}),
        (
            "res 1 network a { input 3x8x8 stage s1 : basic(1) { ¦",
            {"let", "shortcut", "survive", "norm", "act", "about"},
        ),
    ],
)
def test_keywords_stand_where_a_statement_or_definition_may_begin(
    text: str, wanted: set[str], editor: Editor, show: Show
):
    assert set(offered(editor, show, text)) == wanted


def test_after_mistakes_completion_goes_on(editor: Editor, show: Show):
    broken = HEAD + "stage s2 basic(3) * 2\n  survive linear(0.5\n  stage : \n  link all via\n  link two over all via ¦"
    assert set(offered(editor, show, broken)) >= SHORTCUTS


@pytest.mark.parametrize("text", ['res 1 use "st¦', 'res 1 use "¦"'])
def test_a_used_file_is_one_beside_the_document_or_of_the_library(text: str, editor: Editor, show: Show):
    show("res 1", "beside.res")
    items = offered(editor, show, text)
    assert {"beside.res", "std.res", "wrn.res"} <= set(items)
    assert "net.res" not in items


def test_within_a_message_braces_hold_values(editor: Editor, show: Show):
    items = offered(editor, show, HEAD + 'require depth > 2, "the depth is {¦')
    assert {"depth", "n"} <= set(items)


@pytest.mark.parametrize("place", ["# a comment ¦", "/* ¦", 'about "¦', "let n2 = 3¦"])
def test_in_comments_texts_and_numbers_nothing_is_offered(place: str, editor: Editor, show: Show):
    assert offered(editor, show, HEAD + place) == {}


@pytest.mark.parametrize(
    "text",
    [
        "let 1n = 3  let m = ¦",
        "stage 1s : basic(16)  link over ¦",
        "} block 1b(width) { residual relu } network d { stage s : ¦",
        "} network d(1p = 3) { stem conv(3x3, ¦",
    ],
)
def test_a_name_that_could_not_be_read_is_not_offered(editor: Editor, show: Show, text: str):
    assert "…" not in offered(editor, show, HEAD + text)
