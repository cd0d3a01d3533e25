"""Units that compute nothing, and names that meet: what is small enough to be forgotten."""

import pytest

from tests.compile.compare import assert_compiled_equals_eager
from tests.compile.test_units import BLOCKS, NETWORK, x
from tests.reference.compare import built

WITHOUT_SHORTCUT = """
res 1
use "std.res"
network net {{
  input 3x8x8
  stem  conv(3x3, 4){stem}
  stage s1 : {block}(4) * 2
  stage s2 : {block}(4) * 1 {{ shortcut none }}
  head  global_avgpool -> linear(5)
  link around over s1..s2 via identity
  survive uniform(0.5)
}}
"""


@pytest.mark.parametrize(("block", "stem"), [("preact_basic", ""), ("basic", " -> bn -> relu")])
def test_where_only_a_link_is_left_of_a_dropped_block_the_link_goes_on(block, stem):
    model = built(WITHOUT_SHORTCUT.format(block=block, stem=stem))
    assert_compiled_equals_eager(model, x(), seeds=range(6), steps=6, modes=[True], without_grad=False)


ALONE = """
res 1
use "std.res"
network net {{
  input 3x8x8
  {layers}
}}
"""


@pytest.mark.parametrize(
    "layers",
    [
        "layers d : dropout(0.3)",
        "layers d : dropout(0.3)  stage s1 : basic(3) * 2  layers e : dropout(0.3)  tap s1",
        "layers f : flatten  layers l : linear(4)  tap f",
    ],
)
def test_layers_that_do_nothing_at_evaluation_may_stand_alone(layers):
    assert_compiled_equals_eager(built(ALONE.format(layers=layers)), x(), modes=[False])


@pytest.mark.parametrize("name", ["dropout", "batch_norm", "take_over", "torch", "x", "call", "scale", "training"])
def test_a_link_may_be_called_what_the_functions_call_something_else(name):
    one, other = BLOCKS["basic"]
    text = NETWORK.format(
        block=one, wider=other, shortcut="identity else zero_pad", more=f"link {name} over each stage via conv_shortcut"
    )
    assert_compiled_equals_eager(built(text), x(), steps=1, modes=[True], without_grad=False)


def test_a_block_with_dropout_evaluates_as_the_module_does():
    text = NETWORK.format(
        block="wide(4, rate = 0.4)", wider="wide(8, rate = 0.4)", shortcut="identity else zero_pad", more=""
    )
    assert_compiled_equals_eager(built(text), x(), modes=[False])
