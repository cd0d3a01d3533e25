"""What a caller sets a parameter to: from Python by its type, from a command line as a text in the language."""

import pytest

from resdsl.compiler import load
from resdsl.diagnostics import ResError, render
from resdsl.ir.graph import Graph
from tests.elaborate.programs import HEAD

TEXT = f"""{HEAD}
network net(
  n: int in 1..9 = 1, rate: float = 0.5, p: prob = 0.5, deep: bool = false, label: str = "x", size: shape = 8x8,
  widths: list = [4, 8], unit: block = basic, kind: shortcut = identity, layer: layer = relu, plain = 3
) {{
  let width = if deep then widths[2] else widths[1]
  require label == label and plain == plain, "{{label}} {{plain}}"
  input [3, size[1], size[2]]
  stem  conv(3x3, width) -> bn -> layer -> dropout(rate)
  stage s1 : unit(width) * n
  shortcut kind else zero_pad
  survive linear(p)
}}
""".replace("layer: layer", "activation: layer").replace("-> layer ->", "-> activation ->")


def set_to(**values: object) -> Graph:
    return load(TEXT, params=values)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("n", 3, "3"),
        ("n", "3", "3"),
        ("n", "1 + 2", "3"),
        ("rate", 0.25, "0.25"),
        ("rate", 0, "0.0"),
        ("rate", "0.25", "0.25"),
        ("p", "1", "1"),
        ("deep", True, "true"),
        ("deep", "true", "true"),
        ("label", "a b", '"a b"'),
        ("label", "3", '"3"'),
        ("label", "x { y", '"x { y"'),
        ("size", "16x16", "16x16"),
        ("size", [16, 16], "16x16"),
        ("size", (16, 16), "16x16"),
        ("widths", [2, 4], "[2, 4]"),
        ("widths", "[2, 4]", "[2, 4]"),
        ("unit", "preact_basic", "preact_basic"),
        ("unit", "bottleneck(expansion = 2)", "bottleneck(expansion = 2)"),
        ("kind", "gate(-6)", "gate(-6)"),
        ("activation", "leaky_relu(0.2)", "leaky_relu(0.2)"),
        ("plain", "7", "7"),
    ],
)
def test_a_value_means_what_it_says(name: str, value: object, shown: str):
    assert dict(set_to(**{name: value}).parameters)[name] == shown


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("n", 2.5, "takes a whole number"),
        ("n", True, "takes a whole number"),
        ("n", 10, "lies in 1..9, and 10 does not"),
        ("n", "ten", "nothing is named `ten` here"),
        ("n", "3 +", "is wanted"),
        ("n", "3)", "closes nothing"),
        ("n", "3 network other { input 1 }", "takes one value"),
        ("p", 1.5, "takes a probability"),
        ("deep", "yes", "nothing is named `yes` here"),
        ("deep", 1, "takes `true` or `false`"),
        ("size", "8", "takes a size"),
        ("size", [0, 8], "takes a size"),
        ("widths", 4, "takes a list"),
        ("unit", "bsic", "there is no block named `bsic`"),
        ("unit", "3", "the name of a block is wanted here"),
        ("kind", "basic", "a shortcut kind is wanted here"),
        ("plain", "0.5", "takes a value like its default"),
        ("plain", None, "cannot be set to"),
        ("plain", {"a": 1}, "cannot be set to"),
        ("depth", 3, "has no parameter `depth`"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: object, message: str):
    with pytest.raises(ResError) as refused:
        set_to(**{name: value})
    assert message in "\n".join(map(render, refused.value.diagnostics))


def test_help_for_a_value_speaks_of_the_value_and_not_of_what_it_was_wrapped_in_to_be_read():
    with pytest.raises(ResError) as refused:
        set_to(unit="bsic")
    assert render(refused.value.diagnostics[0]).splitlines() == [
        "error[name-unknown]: there is no block named `bsic`",
        " --> (-p unit=…):1:1",
        "  |",
        "1 | bsic",
        "  | ^^^^",
        "  = help: did you mean `basic`?",
    ]
    for value in ("3 +", "3, 4", "schedule", "1 2"):
        with pytest.raises(ResError) as refused:
            set_to(n=value)
        assert [diagnostic.help for diagnostic in refused.value.diagnostics] == [""]


def test_no_value_can_bring_statements_or_files_with_it():
    for value in ('1 use "std.res"', "1 } network evil { input 1", "1 /* ", '"', "1 # \n 2", "{"):
        with pytest.raises(ResError):
            set_to(n=value)


def test_a_parameter_that_is_a_list_is_written_as_one_and_a_size_as_a_size():
    text = """res 1 use "std.res"
    network net(blocks: list = [3, 4], widths = [16, 32], size = 3x3) {
      input 3x32x32
      stem conv(size, widths[1])
      stage s1 : basic(widths[1]) * blocks[1]
    }"""
    assert load(text).parameters == (("blocks", "[3, 4]"), ("widths", "[16, 32]"), ("size", "3x3"))


@pytest.mark.parametrize("text", ["\ud800", "a\u202eb", "\x1b[31m", "\0"], ids=ascii)
def test_a_text_is_what_it_looks_like(text: str):
    with pytest.raises(ResError, match=r"`label` holds the character U.*, which cannot be seen"):
        set_to(label=text)
