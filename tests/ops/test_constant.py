"""What layers say of themselves for folding, against torch: what they are at evaluation, what they commute with."""

import hypothesis.strategies as st
import torch
from hypothesis import HealthCheck, assume, given, settings

from resdsl.ops import SettingError
from resdsl.ops.constant import Learned, Normed, Times
from resdsl.shape import ShapeError

N = 2


def layer_of(data, op, printed, draw_settings, draw_shapes):
    """A layer with trained weights, at evaluation, and the shapes that enter it."""
    rank = 0 if op.LABEL == "linear" else 2
    try:
        made = op.make(data.draw(draw_settings(op, rank)), rank)
    except SettingError:
        assume(False)
        raise
    shape = data.draw(draw_shapes(rank))
    shapes = (shape,) * made.INPUTS
    try:
        made.infer(*shapes)
    except ShapeError:
        assume(False)
    module = printed(made, *shapes).double().eval()
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape) + 0.5 if "var" in name else torch.randn(tensor.shape))
    return made, shapes, module


def scaled(constant, tensors, x):
    """What a constant says that its layer makes of x."""
    spread = (-1, *(1,) * (x.dim() - 2))
    match constant:
        case Times(scale, shift):
            return scale * x + shift
        case Learned(low, high):
            return (
                tensors["weight"].clamp(low, high).view(spread) * x
                if low or high
                else tensors["weight"].view(spread) * x
            )
        case Normed(eps):
            factor = tensors.get("weight", torch.ones(1)) / (tensors["running_var"] + eps).sqrt()
            shift = tensors.get("bias", torch.zeros(1)) - tensors["running_mean"] * factor
            return factor.view(spread) * x + shift.view(spread)
        case _:
            raise AssertionError(constant)


@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_layer_is_the_constant_that_it_says(op, data, printed, draw_settings, draw_shapes):
    if op.LABEL == "survive":  # computed by no call of its own
        return
    made, shapes, module = layer_of(data, op, printed, draw_settings, draw_shapes)
    constant = made.constant()
    if constant is None:
        return
    x = torch.randn(N, *shapes[0].dims, dtype=torch.float64)
    tensors = {key.rpartition(".")[2]: tensor for key, tensor in module.state_dict().items()}
    torch.testing.assert_close(module(x), scaled(constant, tensors, x), rtol=1e-12, atol=1e-12)
    if constant.is_positive:
        assert (scaled(constant, tensors, x) - scaled(constant, tensors, 0 * x) >= 0).eq(x >= 0).all()


@given(data=st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_layer_commutes_with_what_it_carries(op, data, printed, draw_settings, draw_shapes):
    if op.LABEL == "survive":  # computed by no call of its own
        return
    made, shapes, module = layer_of(data, op, printed, draw_settings, draw_shapes)
    carries = made.carries(*shapes)
    if carries is None:
        return
    inputs = [torch.randn(N, *shape.dims, dtype=torch.float64) for shape in shapes]
    channels = shapes[0].channels if carries.channels else 1
    scale = torch.rand(channels, dtype=torch.float64) + 0.5
    if carries.signs == "any":
        scale = scale * torch.randn(channels).sign()
    shift = torch.randn(channels, dtype=torch.float64) if carries.shifts else torch.zeros(channels, dtype=torch.float64)

    def moved(x, *, shifts=True):
        spread = (-1, *(1,) * (x.dim() - 2))
        return scale.view(spread) * x + (shift.view(spread) if shifts else 0)

    before = [moved(x, shifts=n == 0 or carries.inputs == "every") for n, x in enumerate(inputs)]
    if carries.inputs == "one":
        before[1] = inputs[1]
    torch.testing.assert_close(module(*before), moved(module(*inputs)), rtol=1e-12, atol=1e-12)
