"""Foreign blocks: a program lends its class by name, the emitted file imports it, a `.res` file can name nothing."""

import pickle

import pytest
import torch

from resdsl import Code, ResError, load
from resdsl.emit.extern import register, unregister
from resdsl.emit.python.file import emit
from resdsl.emit.torch import build
from tests.emit.lent import Attention

SPEC = """
res 1
use "std.res"
extern block attention(heads = 2) -> (in) / 1, params = 4 * in * in + 4 * in
network net {
  input 3x8x8
  stem  conv(3x3, 8) -> bn -> relu
  stage s1 : basic(8) * 1 + attention(heads = 4) * 2
  head  global_avgpool -> linear(5)
  shortcut identity
  survive linear(0.5)
}
"""


@pytest.fixture
def lent():
    register("attention", Attention)
    yield
    unregister("attention")


def test_an_unregistered_block_is_told_with_the_line_that_is_missing():
    with pytest.raises(ResError) as caught:
        build(load(SPEC))
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.code is Code.EXTERN_UNREGISTERED
    assert 'register("attention", YourClass)' in diagnostic.help


@pytest.mark.usefixtures("lent")
def test_a_registered_class_is_imported_and_made_with_the_arguments_of_the_text():
    text = emit(load(SPEC))
    assert "from tests.emit.lent import Attention\n" in text
    assert "Attention(8, heads=4)" in text
    model = build(load(SPEC)).eval()
    assert isinstance(model.s1[1].extern, Attention)
    assert model.s1[1].extern.heads == 4
    assert model(torch.randn(2, 3, 8, 8)).shape == (2, 5)
    assert sum(parameter.numel() for parameter in model.parameters()) == sum(s.unit.n_params for s in load(SPEC).steps)


@pytest.mark.usefixtures("lent")
def test_a_foreign_branch_is_dropped_like_any_other():
    model = build(load(SPEC)).train()
    ran = []
    model.s1[2].extern.register_forward_hook(lambda *_: ran.append(1))
    for seed in range(20):
        torch.manual_seed(seed)
        is_kept = (torch.rand(3, dtype=torch.float64) < torch.tensor(model.survival(), dtype=torch.float64)).tolist()[2]
        torch.manual_seed(seed)
        ran.clear()
        model(torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)))
        assert ran == [1] * is_kept


@pytest.mark.usefixtures("lent")
def test_a_module_with_a_lent_class_pickles():
    model = build(load(SPEC)).eval()
    other = pickle.loads(pickle.dumps(model))
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(model(x), other(x))


def test_a_place_as_text_serves_as_well():
    register("attention", "tests.emit.lent:Attention")
    try:
        assert isinstance(build(load(SPEC)).s1[1].extern, Attention)
    finally:
        unregister("attention")


@pytest.mark.parametrize("place", ["os;import sys:Attention", "lent", "a.b:", ":A", "tests.emit.lent:A b", "a.class:B"])
def test_a_place_that_cannot_be_imported_is_refused(place):
    with pytest.raises(ValueError, match="can be imported"):
        register("attention", place)


def test_a_class_inside_a_function_is_refused():
    class Local:
        pass

    with pytest.raises(ValueError, match="can be imported"):
        register("attention", Local)


@pytest.mark.usefixtures("lent")
def test_two_classes_of_one_name_cannot_stand_in_one_file():
    with pytest.raises(ValueError, match="`Attention` is used by `extern block attention` already"):
        register("other", "elsewhere.lent:Attention")
    with pytest.raises(ValueError, match="`F` is used by every emitted file"):
        register("other", "elsewhere.lent:F")
    register("other", Attention)
    unregister("other")
