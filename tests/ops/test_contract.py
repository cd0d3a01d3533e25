"""Every layer against torch: shapes, weights, buffers, costs and windows are what torch has, or torch refuses too."""

import copy
from itertools import product

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from torch.utils.flop_counter import FlopCounterMode

from resdsl.ops import OPS, TENSOR_OPS, Op, SettingError
from resdsl.shape import Shape, ShapeError

N = 2  # samples in a batch

TORCH_REFUSES = (RuntimeError, ValueError, AttributeError, IndexError, NotImplementedError)

STRICTER = {
    "linear": "torch multiplies the last dimension of anything; the language wants a vector said",
    "pad_channels": "torch cuts channels off where fewer are asked for",
    "spatial_dropout": "torch takes a vector for channels without a batch",
    "global_avgpool": "torch takes a vector for channels without a batch",
    "global_maxpool": "torch takes a vector for channels without a batch",
}
"""Where a layer refuses what torch would compute, and why."""


def draw_op(data, draw_settings, op: type[Op], rank: int) -> Op:
    values = data.draw(draw_settings(op, rank), label="settings")
    try:
        return op.make(values, rank)
    except SettingError:
        assume(op.NAME not in ("avgpool", "learned_scale"))  # `avgpool` alone; `low` above `high`
        raise


def refusal(op: Op, *shapes: Shape) -> str:
    """Why these shapes cannot enter; empty where they can."""
    try:
        op.infer(*shapes)
    except ShapeError as error:
        return error.message
    return ""


def computed(module: torch.nn.Module, *shapes: Shape) -> tuple[int, ...]:
    inputs = [torch.empty(N, *shape.dims, device="meta") for shape in shapes]
    return tuple(module(*inputs).shape)


def on_meta(printed, op: Op, *shapes: Shape) -> torch.nn.Module:
    with torch.device("meta"):
        return printed(op, *shapes)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_layer_and_torch_agree(word, rank, data, printed, draw_settings, draw_shapes):
    op = draw_op(data, draw_settings, OPS[word], rank)
    x = data.draw(draw_shapes(rank), label="x")
    if message := refusal(op, x):
        assert f"`{op}`" in message
        if word not in STRICTER:
            with pytest.raises(TORCH_REFUSES):
                computed(on_meta(printed, op, x), x)
        return
    y = op.infer(x)
    if op.is_identity(x):
        assert y == x
        if rank == 0:  # `subsample(/1)` on a vector: never emitted, and torch has no form of it
            return
    module = on_meta(printed, op, x)
    with FlopCounterMode(display=False) as counter:
        assert computed(module, x) == (N, *y.dims)
    assert op.macs(x) * 2 * N == counter.get_total_flops()
    assert op.is_weighted() == (op.macs(x) > 0)

    tensors = module.tensors
    parameters = [(name, tuple(tensor.shape)) for name, tensor in tensors.named_parameters()]
    buffers = [(name, tuple(tensor.shape)) for name, tensor in tensors.named_buffers()]
    assert [(tensor.name, tensor.dims) for tensor in op.parameters(x)] == parameters
    assert [(tensor.name, tensor.dims) for tensor in op.buffers(x)] == buffers
    assert list(tensors.state_dict()) == [tensor.name for tensor in (*op.parameters(x), *op.buffers(x))]
    assert op.n_params(x) == sum(tensor.numel() for tensor in tensors.parameters())
    assert {name for name, _ in op.initial()} <= {name for name, _ in parameters}


@given(data=st.data(), rank=st.integers(0, 3))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_operators_and_torch_agree(operator, rank, data, printed, draw_settings, draw_shapes):
    op = TENSOR_OPS[operator]
    made = op.make(data.draw(draw_settings(op, rank)), rank)
    first = data.draw(draw_shapes(rank), label="a")
    inputs = (first, data.draw(st.just(first) | draw_shapes(rank) | broadcast(first), label="b"))[: op.INPUTS]
    if message := refusal(made, *inputs):
        assert f"`{made}`" in message
        assert all(str(shape) in message for shape in inputs)
        return
    y = made.infer(*inputs)
    module = on_meta(printed, made, *inputs)
    assert computed(module, *inputs) == (N, *y.dims)
    assert not made.parameters(*inputs)
    assert not made.macs(*inputs)


def broadcast(shape: Shape) -> st.SearchStrategy[Shape]:
    """Shapes in which some sizes are 1 instead."""
    return st.builds(
        lambda *keep: Shape(*_split([size if kept else 1 for size, kept in zip(shape.dims, keep, strict=True)])),
        *[st.booleans()] * len(shape.dims),
    )


def _split(dims: list[int]) -> tuple[int, tuple[int, ...]]:
    return dims[0], tuple(dims[1:])


@pytest.mark.parametrize("rank", [1, 2])
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_an_output_pixel_sees_exactly_its_window(word, rank, data, printed, draw_settings, draw_shapes):
    """Raises the input pixel by pixel and watches which output pixels move."""
    op = draw_op(data, draw_settings, OPS[word], rank)
    x = data.draw(draw_shapes(rank), label="x")
    if refusal(op, x) or op.window(x) is None or word in NOT_LOCAL:
        return
    y, windows = op.infer(x), op.window(x)
    module = printed(op, x).eval()
    for parameter in module.parameters():
        parameter.data.fill_(0.1)
    quiet = torch.zeros(1, *x.dims)
    for seen in product(*map(range, x.spatial)):
        raised = quiet.clone()
        raised[(0, slice(None), *seen)] = torch.arange(1.0, x.channels + 1)
        with torch.no_grad():
            moved = (module(raised) != module(quiet)).flatten(0, 1).any(0)
        for place in product(*map(range, y.spatial)):
            expected = all(
                pixel - at * of.stride + of.padding in range(0, of.kernel * of.dilation, of.dilation)
                for pixel, at, of in zip(seen, place, windows, strict=True)
            )
            assert not (bool(moved[place]) and not expected), (seen, place)
            if word not in MAY_HIDE:
                assert bool(moved[place]) == expected, (seen, place)


NOT_LOCAL = {"groupnorm", "instancenorm"}
"""Layers that divide by the deviation of all pixels, which the papers' receptive field leaves out."""

MAY_HIDE = {
    "bernoulli": "p = 0 hides everything",
    "layernorm": "one channel is zero after its mean is subtracted",
    "softmax": "one channel gives 1",
    "maxpool": "padding below zero does not show",
}
"""Layers whose output may stay although the pixel lies in the window, and why."""


@given(data=st.data(), rank=st.integers(1, 3))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_layers_of_equal_settings_are_equal_and_print_alike(word, rank, data, draw_settings):
    op = draw_op(data, draw_settings, OPS[word], rank)
    values = {setting.name: getattr(op, setting.name) for setting in op.SETTINGS}
    again = op.make(values, rank)
    assert again == op
    assert hash(again) == hash(op)
    assert str(again) == str(op)
    assert copy.deepcopy(op) == op


@given(data=st.data(), rank=st.integers(1, 3))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_fields_are_plain_data(word, rank, data, draw_settings):
    op = draw_op(data, draw_settings, OPS[word], rank)
    for setting in op.SETTINGS:
        value = getattr(op, setting.name)
        assert type(value) in (int, float, bool, str, tuple, type(None))
        assert not isinstance(value, tuple) or (len(value) == rank and {type(size) for size in value} == {int})


@given(data=st.data(), rank=st.integers(1, 3))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_torch_calls_say_nothing_that_torch_assumes(word, rank, data, draw_settings, draw_shapes):
    op = draw_op(data, draw_settings, OPS[word], rank)
    x = data.draw(draw_shapes(rank))
    if refusal(op, x):
        return
    call = op.torch_call(x)
    for value in (*call.args, *(value for _, value in call.kwargs)):
        assert value is not None
        assert not isinstance(value, tuple) or len(set(value)) > 1 or call.target == "F.pad"


def test_layers_differ_where_they_compute_something_else():
    conv = OPS["conv"]
    made = {conv.make({"kernel": 3, "channels": 8, **more}, 2) for more in DIFFERENT_CONVS}
    assert len(made) == len(DIFFERENT_CONVS)


DIFFERENT_CONVS = (
    {},
    {"bias": True},
    {"bias": 0},
    {"bias": 1},
    {"padding": 0},
    {"stride": 2},
    {"dilation": 2},
    {"groups": 2},
)
"""Without resolving, `bias = false` and `bias = 0` would be equal in Python, and so would `true` and `1`."""


def test_every_operator_is_in_the_table_of_operators():
    assert set(TENSOR_OPS) == {"add", "affine", "concat", "multiply", "subtract", "survive"}
