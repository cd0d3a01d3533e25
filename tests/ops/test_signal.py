"""What a layer says of the signal that passes it: what becomes of zeros, how much it scales, how often it keeps."""

from itertools import product

import pytest
import torch

from resdsl.ops import OPS, TENSOR_OPS, Bernoulli, Dropout, Op, SpatialDropout
from resdsl.shape import Shape

X = Shape(6, (4, 4))
REQUIRED = {"kernel": 3, "channels": 6, "stride": 2, "groups": 2, "pieces": 2, "rate": 0.3, "p": 0.7}


def typical(op: type[Op]) -> Op:
    """The layer with middling values for what it needs."""
    names = {setting.name for setting in op.SETTINGS if setting.is_required or op.NAME == "avgpool"}
    values = {name: value for name, value in REQUIRED.items() if name in names}
    return op.make({"scale": 0.5} if op.LABEL == "affine" else values, 2)


def shape_for(op: Op) -> Shape:
    return Shape(6) if op.wants_vector() else X


def run(printed, op: Op, *inputs: torch.Tensor, training: bool) -> torch.Tensor:
    torch.manual_seed(0)
    module = printed(op, *[shape_for(op)] * op.INPUTS).double().train(training)
    with torch.no_grad():
        for parameter in module.parameters():  # biases too: what is left at zero by its start alone does not count
            parameter.uniform_(0.2, 0.9)
        return module(*inputs)


def signals(op: Op) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [
        torch.randn(3, *shape_for(op).dims, dtype=torch.float64, generator=generator) + 0.1 for _ in range(op.INPUTS)
    ]


@pytest.mark.parametrize("training", [True, False])
def test_zeros_become_what_the_layer_says(op, training, printed):
    layer = typical(op)
    if layer.LABEL == "survive":
        return
    for is_zero in product([False, True], repeat=layer.INPUTS):
        inputs = [torch.zeros_like(x) if zero else x for zero, x in zip(is_zero, signals(layer), strict=True)]
        made = layer.of_zeros(*is_zero)
        output = run(printed, layer, *inputs, training=training)
        if made == "zero":
            assert not output.any()
        elif isinstance(made, int):
            assert torch.equal(output, inputs[made])


def test_a_layer_that_gives_nonzero_values_for_zeros_says_that_it_is_computed(op, printed):
    layer = typical(op)
    if layer.LABEL == "survive":
        return
    zeros = [torch.zeros_like(x) for x in signals(layer)]
    if run(printed, layer, *zeros, training=False).any():
        assert layer.of_zeros(*[True] * layer.INPUTS) == "computed"


def test_the_order_of_the_inputs_matters_unless_the_layer_says_not(operator, printed):
    layer = typical(TENSOR_OPS[operator])
    if layer.INPUTS == 2:
        a, b = signals(layer)
        same = torch.equal(run(printed, layer, a, b, training=False), run(printed, layer, b, a, training=False))
        assert same == layer.is_commutative()


def test_the_gain_is_the_derivative_at_every_value_that_passes(op, printed):
    """At evaluation each entry of the Jacobian is the gain, or zero where the value goes elsewhere."""
    layer = typical(op)
    gain = layer.gain()
    if gain is None:
        return
    inputs = tuple(x[:1] for x in signals(layer))
    module = printed(layer, *[shape_for(layer)] * layer.INPUTS).double().eval()
    for jacobian in torch.autograd.functional.jacobian(module, inputs):
        entries = set(jacobian.unique().tolist())
        assert gain in entries
        assert entries <= {0.0, gain}


def test_elementwise_layers_without_a_gain_have_no_constant_derivative(word, printed):
    layer = typical(OPS[word])
    if layer.gain() is not None or layer.infer(shape_for(layer)) != shape_for(layer) or layer.is_weighted():
        return
    x = signals(layer)[0]
    difference = run(printed, layer, 2 * x, training=False) - run(printed, layer, x, training=False)
    ratios = (difference / x).flatten()
    is_learned = bool(layer.parameters(X))
    assert is_learned or not torch.allclose(ratios, ratios[0])


@pytest.mark.parametrize("layer", [Dropout(0.3), Bernoulli(0.7), SpatialDropout(0.3)], ids=str)
def test_values_are_kept_with_the_probability_that_the_layer_says(layer, printed):
    shape = Shape(200, (10, 10))
    x = torch.ones(100, *shape.dims, dtype=torch.float64)
    torch.manual_seed(0)
    y = printed(layer, shape).train()(x)
    n_draws = 100 * shape.channels * (1 if layer.NAME == "spatial_dropout" else shape.positions)
    deviation = (0.3 * 0.7 / n_draws) ** 0.5
    assert (y != 0).double().mean().item() == pytest.approx(layer.kept(), abs=5 * deviation)
    assert y.mean().item() == pytest.approx(layer.gain(), abs=5 * deviation / layer.kept())


def test_layers_that_draw_say_so_and_the_others_keep_everything(op, printed):
    layer = typical(op)
    if layer.LABEL == "survive":
        assert layer.is_random()
        return
    module = printed(layer, *[shape_for(layer)] * layer.INPUTS).double().train()
    differs = not torch.equal(module(*signals(layer)), module(*signals(layer)))
    assert differs == layer.is_random()
    assert (layer.kept() < 1) == layer.is_random()


CLAIMS = {
    "avgpool": "every any channels shifts",
    "bernoulli": "zero gain",
    "bn": "takes",
    "channel_shuffle": "zero gain every any shifts",
    "conv": "takes",
    "dropout": "zero gain",
    "elu": "zero",
    "flatten": "zero gain every any shifts",
    "gelu": "zero",
    "global_avgpool": "every any channels shifts",
    "global_maxpool": "every positive channels shifts",
    "groupnorm": "takes",
    "hardswish": "zero",
    "identity": "zero gain",
    "instancenorm": "",
    "layernorm": "takes",
    "leaky_relu": "zero every positive channels",
    "learned_scale": "zero",
    "linear": "takes",
    "maxout": "every positive shifts",
    "maxpool": "every positive channels shifts",
    "pad_channels": "zero gain every any",
    "pelu": "zero",
    "prelu": "zero every positive channels",
    "relu": "zero every positive channels",
    "relu6": "zero",
    "selu": "zero",
    "sigmoid": "",
    "silu": "zero",
    "softmax": "",
    "softplus": "",
    "spatial_dropout": "zero gain",
    "subsample": "zero gain every any channels shifts",
    "tanh": "zero",
    "add": "zero gain each any channels shifts",
    "affine": "zero gain",
    "concat": "zero gain every any shifts",
    "multiply": "zero one any channels",
    "subtract": "zero each any channels shifts",
}
"""What each layer says for folding and for dropping: whether zeros stay zeros, whether it scales by a constant, what it
commutes with (before which inputs, of which signs, by channel, with shifts), whether it takes a constant behind it."""


def test_a_layer_claims_all_that_is_true_of_it(op):
    """That what it claims is true is held against torch; a claim that is lost would only make networks slower."""
    layer = typical(op)
    if layer.LABEL == "survive":
        return
    shapes = [shape_for(layer)] * layer.INPUTS
    carries = layer.carries(*shapes)
    words = ["zero"] * (layer.of_zeros(*[True] * layer.INPUTS) == "zero") + ["gain"] * (layer.gain() is not None)
    if carries is not None:
        words += [carries.inputs, carries.signs, *["channels"] * carries.channels, *["shifts"] * carries.shifts]
    words += ["takes"] * (layer.takes_behind(shifts=True) is not None)
    assert " ".join(words) == CLAIMS[layer.NAME or layer.LABEL]


@pytest.mark.parametrize("name", ["global_avgpool", "global_maxpool", "subsample", "dropout", "bernoulli"])
def test_a_layer_that_changes_nothing_here_says_so(name, printed):
    """Pools of one pixel, every first pixel, nothing dropped: the graph leaves them out."""
    idle = OPS[name].make({"subsample": {"stride": 1}, "dropout": {"rate": 0}, "bernoulli": {"p": 1}}.get(name, {}), 2)
    pixel = Shape(6, (1, 1))
    assert idle.is_identity(pixel)
    x = torch.randn(3, 6, 1, 1)
    assert torch.equal(printed(idle, pixel).train()(x), x)
    assert not typical(OPS[name]).is_identity(X)
