"""What the builder makes is the program that its text is, in the language's own words."""

import re
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import resdsl
from resdsl import builder as res
from resdsl.syntax import ast, parse
from resdsl.syntax.printer import print_statement

ROR3 = """
res 1
use "std.res"

## Three levels of shortcuts.
network ror3(depth: int in 8..1202 = 20, classes = 10) {
  require depth % 6 == 2, "the depth is 6n + 2; got {depth}"
  let n = (depth - 2) / 6
  input 3x32x32

  stem  conv(3x3, 16) -> bn -> relu
  stage s1    : basic(16) * n
  stage s2 /2 : basic(32) via zero_pad + basic(32) * (n - 1)
  stage s3 /2 : pooled(64) * n { norm groupnorm(8) }
  head  global_avgpool -> linear(classes)

  shortcut identity else zero_pad
  link middle over each stage via conv_shortcut
  link root   over all        via halved else conv_shortcut
  survive linear(0.5), per = sample, rescale = train
  tap s1, s3
  keys native
  expect blocks(depth = 20) = 9
  expect params ~ 0.28M within 3%
}

network ror2 = ror3(depth = 56) {
  drop link middle
}

block pooled(width, stride = 1) {
  before   norm -> act, shared = first
  residual conv(3x3, width, /stride) -> squeeze
  after    act
}

shortcut halved {
  y = 0.5 * x + f
}

layer squeeze {
  g = x -> global_avgpool -> sigmoid
  y = g * x
}

schedule linear(last) = 1 - l / L * (1 - last)

extern block attention(heads: int) -> (in) / 1, params = 4 * in * in, macs = 4 * in * in * h * w
extern block shuffle -> (in)
"""


def ror3() -> ast.Program:
    return res.program(
        res.network(
            "ror3",
            res.require("depth % 6 == 2", "the depth is 6n + 2; got {depth}"),
            res.let("n", "(depth - 2) / 6"),
            res.input(3, 32, 32),
            res.stem([res.call("conv", res.size(3, 3), 16), "bn", "relu"]),
            res.stage("s1", res.run(res.call("basic", 16), "n")),
            res.stage("s2", res.run("basic(32)", via="zero_pad"), res.run("basic(32)", "n - 1"), stride=2),
            res.stage("s3", res.run("pooled(64)", "n"), stride=2, statements=[res.norm("groupnorm(8)")]),
            res.head("global_avgpool -> linear(classes)"),
            res.shortcut("identity", otherwise="zero_pad"),
            res.link("middle", "each stage", via="conv_shortcut"),
            "link root over all via halved else conv_shortcut",
            res.survive(res.call("linear", 0.5), per="sample", rescale="train"),
            res.tap("s1", "s3"),
            res.keys("native"),
            res.expect("blocks(depth = 20)", 9),
            res.expect("params", "0.28M", within=0.03),
            parameters=[res.parameter("depth", 20, within=(8, 1202)), "classes = 10"],
            doc="Three levels of shortcuts.",
        ),
        res.derived("ror2", res.call("ror3", depth=56), res.drop("link middle")),
        res.block(
            "pooled",
            res.before("norm -> act", shared="first"),
            res.residual([res.call("conv", "3x3", "width", stride="stride"), "squeeze"]),
            res.after("act"),
        ),
        res.shortcut_kind("halved", res.equation("y", "0.5 * x + f")),
        res.layer("squeeze", res.equation("g", "x -> global_avgpool -> sigmoid"), "y = g * x"),
        res.schedule("linear", "1 - l / L * (1 - last)", parameters=["last"]),
        res.extern(
            "attention",
            "in",
            stride=1,
            params="4 * in * in",
            macs="4 * in * in * h * w",
            parameters=[res.parameter("heads", type="int")],
        ),
        res.extern("shuffle", "in"),
    )


def test_what_it_makes_is_what_a_person_writes():
    assert ror3() == parse(ROR3)
    assert ror3().definitions[0].doc == "Three levels of shortcuts."


def test_the_text_of_what_it_makes_parses_to_it():
    program = ror3()
    assert parse(res.print_program(program)) == program


def test_what_it_makes_is_a_network():
    graph = resdsl.load(res.print_program(ror3()), network="ror2")
    assert [link.name for link in graph.links] == ["root"]
    assert len(graph.blocks) == 27


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (res.init("he_fan_out", "zero_residual"), "init he_fan_out, zero_residual"),
        (res.layers("pool1", "maxpool(2x2, /2)"), "layers pool1 : maxpool(2x2, /2)"),
        (res.levels(3, via="identity", otherwise="projection"), "levels 3 via identity else projection"),
        (res.act("elu"), "act elu"),
        (res.about('a "net"\nof two lines'), r'about "a \"net\"\nof two lines"'),
        (res.cite("arXiv:1512.03385"), 'cite "arXiv:1512.03385"'),
        (res.input(3, "size", "size"), "input [3, size, size]"),
        (res.input(7), "input [7]"),
        (res.let("a", [3, [True, -0.5], 1e-7]), "let a = [3, [true, -0.5], 1e-7]"),
        (res.let("a", res.text("per")), 'let a = "per"'),
        (res.survive("l / L"), "survive l / L"),
        (res.expect("macs", "11.3B", about=True), "expect macs ~ 11.3B"),
        (res.stage("s", "basic(8)", stride="2 * k", doc="why"), "## why\nstage s /(2 * k) : basic(8)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_statement_is_printed_as_the_language_has_it(made: ast.Statement, text: str):
    assert print_statement(made) == text.removeprefix("## why\n")


def test_every_statement_and_definition_has_a_function_of_its_name():
    statements = {*get_args(ast.Statement), *get_args(ast.BlockStatement), *get_args(ast.EquationStatement)}
    definitions = {re.sub("(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower() for kind in get_args(ast.AnyDefinition)}
    assert {kind.__name__.lower() for kind in statements} | definitions <= set(res.__all__)


values = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(values, max_size=4), st.integers(1, 9), st.dictionaries(st.sampled_from(["a", "b", "c"]), values))
def test_any_values_of_python_are_values_of_the_language(given_values, stride, named):
    chain = [res.call("conv", *given_values, stride=stride, **named), "relu"]
    program = res.program(res.network("one", res.stem(chain), res.let("v", given_values)))
    assert parse(res.print_program(program)) == program
    (layer, _) = program.definitions[0].statements[0].chain.layers
    assert len(layer.arguments or ()) == len(given_values) + len(named) + 1


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: res.stage("via", "basic(16)"), "syntax-reserved"),
        (lambda: res.let("a", float("nan")), "syntax-unexpected"),
        (lambda: res.stem("relu head relu"), "syntax-unexpected"),
        (lambda: res.keys("native } network other {"), "syntax-unexpected"),
        (lambda: res.call("conv", "1) -> bn(2"), "syntax-unexpected"),
        (lambda: res.call("conv", "3, 3"), "syntax-unexpected"),
        (lambda: res.run("basic(1) + basic(2)"), "syntax-unexpected"),
        (lambda: res.network("a-b"), "syntax-unexpected"),
    ],
)
def test_what_would_be_no_program_or_another_one_is_refused(make, code: str):
    with pytest.raises(resdsl.ResError) as raised:
        make()
    assert [diagnostic.code.value for diagnostic in raised.value.diagnostics] == [code]


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (lambda: res.stem(res.call("basic", np.int64(16), stride=np.uint8(2))), "stem basic(16, /2)"),
        (lambda: res.input(3, np.int64(8), 8), "input 3x8x8"),
        (lambda: res.input(*np.array([3, 8, 8])), "input 3x8x8"),
        (lambda: res.let("a", np.float32(0.5)), "let a = 0.5"),
        (lambda: res.let("a", np.float32(0.1)), "let a = 0.10000000149011612"),
        (lambda: res.let("a", np.float64(0.1)), "let a = 0.1"),
        (lambda: res.let("a", np.longdouble(0.5)), "let a = 0.5"),
        (
            lambda: res.let("a", [np.bool_(1), np.array([[1, 2], [3, 4]]), range(2)]),
            "let a = [true, [[1, 2], [3, 4]], [0, 1]]",
        ),
        (lambda: res.let("a", Fraction(1, 4)), "let a = 0.25"),
        (lambda: res.let("a", np.array(7)), "let a = 7"),
        (lambda: res.expect("params", np.int64(7), within=np.float64(0.03)), "expect params ~ 7 within 3%"),
        (lambda: res.stage("s", res.run("basic(8)", np.int64(1)), stride=np.int64(1)), "stage s : basic(8)"),
        (lambda: res.let("a", res.size(np.int64(3), 3)), "let a = 3x3"),
    ],
)
def test_numbers_of_other_libraries_are_those_that_they_equal(made, text: str):
    assert print_statement(made()) == text


HOLDS_ITSELF: list[object] = []
HOLDS_ITSELF.append(HOLDS_ITSELF)
DOUBLED: list[object] = [1]
for _ in range(60):
    DOUBLED = [DOUBLED, DOUBLED]
INFINITE = float("inf")
NO_VALUES = (
    None,
    10**5000,
    HOLDS_ITSELF,
    DOUBLED,
    float("inf"),
    np.float32("nan"),
    1j,
    {},
    {1},
    b"16",
    object(),
    np.zeros,
)


@pytest.mark.parametrize("value", NO_VALUES, ids=range(len(NO_VALUES)))
def test_what_is_no_value_is_refused_wherever_it_stands(value):
    taking: tuple[Callable[[], object], ...] = (
        lambda: res.call("basic", value),
        lambda: res.call("basic", width=value),
        lambda: res.input(3, value, 8),
        lambda: res.size(3, value),
        lambda: res.let("a", [1, value]),
        lambda: res.run("basic(8)", value),
        lambda: res.stage("s", "basic(8)", stride=value),
        lambda: res.levels(value, via="identity"),
        lambda: res.survive(value),
        lambda: res.expect("params", value),
        lambda: res.expect("params", 7, within=value) if value is not None else res.let("a", value),
        lambda: res.stem(value),
        lambda: res.stem(["relu", value]),
        lambda: res.stage("s", value),
        lambda: res.shortcut(value),
        lambda: res.about(value),
        lambda: res.text(value),
        lambda: res.network("n", value),
        lambda: res.network("n", parameters=[value]),
        lambda: res.program(value),
        lambda: res.program(uses=[value]),
    )
    for make in taking:
        with pytest.raises(resdsl.ResError):
            make()


def test_a_small_object_that_is_a_long_list_is_refused():
    with pytest.raises(resdsl.ResError, match="a list has more than 10,000 items"):
        res.let("a", DOUBLED)


def test_it_needs_no_torch():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, resdsl.builder; print(sorted({'torch', 'lark', 'numpy'} & set(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
