"""The modules that an emitted file defines because torch lacks them: exact, trainable, and good torch citizens."""

import ast
import copy
import pickle
import sys
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from resdsl.ops import (
    OPS,
    Add,
    Affine,
    Bernoulli,
    ChannelShuffle,
    LayerNorm,
    LearnedScale,
    Maxout,
    Multiply,
    Pelu,
    Subsample,
    Subtract,
)
from resdsl.shape import Shape

X = Shape(6, (5, 4))

SOURCES = [
    (LayerNorm(), "ChannelNorm"),
    (LayerNorm(eps=1e-6, affine=False), "ChannelNorm"),
    (Pelu(), "PELU"),
    (Bernoulli(0.7), "Bernoulli"),
    (LearnedScale(0.5), "LearnedScale"),
    (LearnedScale(0.5, "channel"), "LearnedScale"),
    (LearnedScale(0.5, low=-1.0, high=1.0), "BoundedScale"),
    (LearnedScale(0.5, "channel", high=1.0), "BoundedScale"),
]

LAYERS = [layer for layer, _ in SOURCES]


@pytest.fixture
def emitted(monkeypatch):
    """A file with every definition, as one that `resdsl build` wrote would hold them."""
    module = ModuleType("emitted")
    vars(module).update(torch=torch, nn=nn, F=F)
    monkeypatch.setitem(sys.modules, "emitted", module)
    for layer in LAYERS:
        exec(layer.torch_source(X), vars(module))
    return module


def make(emitted, layer) -> nn.Module:
    call = layer.torch_call(X)
    return getattr(emitted, call.target)(*call.args, **dict(call.kwargs)).double()


def batch(*, seed: int = 0) -> torch.Tensor:
    return torch.randn(3, *X.dims, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_a_layer_has_a_source_exactly_where_torch_has_no_class():
    for word, op in OPS.items():
        values = {"kernel": 3, "channels": 6, "stride": 2, "groups": 2, "pieces": 2, "rate": 0.5, "p": 0.5}
        names = {setting.name for setting in op.SETTINGS if setting.is_required or word == "avgpool"}
        made = op.make({name: value for name, value in values.items() if name in names}, 2)
        call = made.torch_call(X)
        assert bool(made.torch_source(X)) == (call.form == "module" and not call.target.startswith("nn."))


@pytest.mark.parametrize(("layer", "name"), SOURCES, ids=str)
def test_the_source_defines_the_class_that_the_call_names(layer, name):
    assert layer.torch_call(X).target == name
    assert layer.torch_source(X).startswith(f"class {name}(nn.")
    assert layer.torch_source(X).endswith("\n")


def test_a_vector_needs_no_source_for_layer_norm():
    assert LayerNorm().torch_source(Shape(6)) == ""


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_gradients_are_those_of_differences(layer, emitted):
    module = make(emitted, layer).eval() if isinstance(layer, Bernoulli) else make(emitted, layer).train()
    with torch.no_grad():
        for parameter in module.parameters():  # away from the ends of every interval
            parameter.add_(torch.rand(parameter.shape, generator=torch.Generator().manual_seed(1)) * 0.3)
    x = batch().requires_grad_()
    weights = tuple(module.parameters())
    assert torch.autograd.gradcheck(lambda x, *_: module(x), (x, *weights))


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_copies_and_pickles_compute_the_same(layer, emitted):
    module = make(emitted, layer).eval()
    x = batch()
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(twin(x), module(x))
        assert list(twin.state_dict()) == list(module.state_dict())


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_one_graph_without_a_break_when_compiled(layer, training, emitted):
    torch._dynamo.reset()
    module = make(emitted, layer).train(training)
    compiled = torch.compile(copy.deepcopy(module), backend="aot_eager", fullgraph=True)
    x, y = batch().requires_grad_(), batch().requires_grad_()
    torch.manual_seed(0)
    expected = module(x)
    torch.manual_seed(0)
    found = compiled(y)
    torch.testing.assert_close(found, expected, rtol=1e-14, atol=1e-14)
    expected.square().sum().backward()
    found.square().sum().backward()
    torch.testing.assert_close(y.grad, x.grad, rtol=1e-13, atol=1e-13)
    for one, other in zip(compiled.parameters(), module.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_two_passes_may_go_before_one_backward(layer, emitted):
    """A module that wrote to its weights in the open would make torch refuse the first pass's backward."""
    module = make(emitted, layer).train()
    (module(batch(seed=1).requires_grad_()).sum() + module(batch(seed=2).requires_grad_()).sum()).backward()
    assert all(parameter.grad is not None for parameter in module.parameters())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_the_type_of_the_input_is_kept(layer, dtype, emitted):
    module = make(emitted, layer).to(dtype)
    assert module(batch().to(dtype)).dtype == dtype


@pytest.mark.parametrize("layer", [Subsample((2, 2)), ChannelShuffle(2), Maxout(2), *LAYERS], ids=str)
def test_channels_last_gives_the_same_numbers(layer, printed):
    module = printed(layer, X).double().eval()
    x = batch()
    torch.testing.assert_close(module(x.to(memory_format=torch.channels_last)), module(x), rtol=1e-14, atol=1e-14)


# ---------------------------------------------------------------- against the papers' formulas, written out


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (0.5, 1.7), (1.99, 0.11)])
def test_pelu_is_the_formula_of_trottier_et_al(a, b, emitted):
    module = make(emitted, Pelu())
    with torch.no_grad():
        module.a.fill_(a)
        module.b.fill_(b)
    x = batch()
    expected = torch.where(x >= 0, a / b * x, a * (torch.exp(torch.clamp(x, max=0) / b) - 1))
    torch.testing.assert_close(module(x), expected, rtol=1e-13, atol=1e-13)


def test_pelu_starts_as_elu(emitted):
    torch.testing.assert_close(make(emitted, Pelu())(batch()), F.elu(batch()), rtol=0, atol=0)


@pytest.mark.parametrize(("layer", "name", "value", "held"), [
    (Pelu(), "a", 2.5, 1.99),
    (Pelu(), "a", 0.05, 0.11),
    (Pelu(), "b", -1.0, 0.11),
    (LearnedScale(0.0, low=-1.0, high=1.0), "weight", 1.5, 1.0),
    (LearnedScale(0.0, low=-1.0, high=1.0), "weight", -1.5, -1.0),
])  # fmt: skip
def test_training_moves_a_weight_back_into_its_interval_and_goes_on_from_there(layer, name, value, held, emitted):
    module = make(emitted, layer).train()
    weight = getattr(module, name)
    with torch.no_grad():
        weight.fill_(value)
    module(batch()).sum().backward()
    assert weight.item() == pytest.approx(held, abs=1e-12)
    assert weight.grad.abs().item() > 0.1  # a plain clamp would give zero, and hold the weight outside for ever


@pytest.mark.parametrize(("layer", "name", "value", "held"), [
    (Pelu(), "a", 2.5, 1.99),
    (LearnedScale(0.0, low=-1.0, high=1.0), "weight", 1.5, 1.0),
])  # fmt: skip
def test_evaluation_computes_with_the_interval_and_changes_no_weight(layer, name, value, held, emitted):
    module, inside = make(emitted, layer).eval(), make(emitted, layer).eval()
    with torch.no_grad():
        getattr(module, name).fill_(value)
        getattr(inside, name).fill_(held)
        torch.testing.assert_close(module(batch()), inside(batch()), rtol=0, atol=0)
    assert getattr(module, name).item() == value


def test_a_compiled_module_moves_its_weights_back_too(emitted):
    torch._dynamo.reset()
    module = make(emitted, Pelu()).train()
    with torch.no_grad():
        module.a.fill_(2.5)
    torch.compile(module, backend="aot_eager", fullgraph=True)(batch())
    assert module.a.item() == pytest.approx(1.99)


def test_pelu_has_no_bound_above_for_b(emitted):
    module = make(emitted, Pelu()).train()
    with torch.no_grad():
        module.b.fill_(50.0)
    module(batch())
    assert module.b.item() == 50.0


def test_channel_norm_normalises_the_channels_of_each_pixel(emitted):
    module = make(emitted, LayerNorm(eps=1e-3))
    with torch.no_grad():
        module.weight.copy_(torch.arange(1.0, 7))
        module.bias.copy_(torch.arange(6.0))
    x = batch()
    mean, variance = x.mean(1, keepdim=True), x.var(1, unbiased=False, keepdim=True)
    scale, shift = (tensor[:, None, None] for tensor in (module.weight, module.bias))
    expected = (x - mean) / torch.sqrt(variance + 1e-3) * scale + shift
    torch.testing.assert_close(module(x), expected, rtol=1e-12, atol=1e-12)


def test_bernoulli_keeps_or_zeroes_each_value_by_itself_and_never_rescales(emitted):
    module = make(emitted, Bernoulli(0.7)).train()
    x = torch.full((2, 6, 100, 100), 3.0, dtype=torch.float64)
    torch.manual_seed(0)
    y = module(x)
    assert set(y.unique().tolist()) == {0.0, 3.0}
    assert (y != 0).double().mean().item() == pytest.approx(0.7, abs=5 * (0.7 * 0.3 / x.numel()) ** 0.5)
    assert not torch.equal(y[0], y[1])
    assert not torch.equal(y[:, 0], y[:, 1])


def test_bernoulli_takes_its_mean_at_evaluation(emitted):
    torch.testing.assert_close(make(emitted, Bernoulli(0.7)).eval()(batch()), 0.7 * batch(), rtol=1e-15, atol=0)


def test_learned_scale_has_one_weight_or_one_for_each_channel(emitted):
    one, each = make(emitted, LearnedScale(0.5)), make(emitted, LearnedScale(0.5, "channel"))
    with torch.no_grad():
        each.weight.copy_(torch.arange(6.0)[:, None, None])
    x = batch()
    torch.testing.assert_close(one(x), 0.5 * x, rtol=0, atol=0)
    for channel in range(6):
        torch.testing.assert_close(each(x)[:, channel], channel * x[:, channel], rtol=0, atol=0)


def test_maxout_is_the_maximum_of_neighbouring_channels(printed):
    x = batch()
    expected = torch.stack([torch.maximum(x[:, 2 * channel], x[:, 2 * channel + 1]) for channel in range(3)], 1)
    assert torch.equal(printed(Maxout(2), X)(x), expected)


def test_channel_shuffle_deals_the_channels_out(printed):
    x = batch()
    assert torch.equal(printed(ChannelShuffle(2), X)(x), x[:, [0, 3, 1, 4, 2, 5]])


def test_subsample_takes_every_second_pixel_from_the_first(printed):
    x = torch.arange(20.0).reshape(1, 1, 5, 4)
    y = printed(Subsample((2, 3)), Shape(1, (5, 4)))(x)
    assert y.tolist() == [[[[0.0, 3.0], [8.0, 11.0], [16.0, 19.0]]]]


# ---------------------------------------------------------------- expressions


def binding(text: str) -> int:
    """How tightly a formula of Python binds: a sum 1, a product 2, a sign 3, all else 4."""
    match ast.parse(text, mode="eval").body:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return 1
        case ast.BinOp():
            return 2
        case ast.UnaryOp():
            return 3
        case _:
            return 4


FORMULAS = [
    Add(), Subtract(), Multiply(), Affine(), Affine(2.0), Affine(-1.0), Affine(-2.0), Affine(1.0, 3.0),
    Affine(-1.0, 1.0), Affine(2.0, -3.0), Subsample((2, 2)),
]  # fmt: skip


@pytest.mark.parametrize("layer", FORMULAS, ids=str)
def test_a_formula_says_how_tightly_it_binds(layer):
    call = layer.torch_call(*[X] * layer.INPUTS)
    assert call.form == "expression"
    assert call.precedence == binding(call.target.format("a", "b"))
