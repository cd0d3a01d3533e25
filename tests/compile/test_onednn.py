"""No compiled network asks oneDNN for what it computes wrongly, and what is asked instead is the same."""

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from resdsl import load
from resdsl.emit.torch import build
from resdsl.emit.torch_compiled import onednn
from tests.compile.compare import assert_compiled_equals_eager
from tests.reference.compare import batch, built

NETWORK = """
res 1
layer down(n: int, stride: int, groups: int) {{ y = x -> conv(1x1, n, stride = stride, groups = groups{more}) }}
network net {{
  input {channels}x{size}
  stem  down({n}, {stride}, {groups}) -> relu -> down({n}, {stride}, {groups})
  head  global_avgpool -> linear(5)
}}
"""


class WeightGradients(TorchDispatchMode):
    """The strides of all 1×1 convolutions of few channels whose gradients of weights are computed."""

    def __init__(self):
        super().__init__()
        self.strides = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.convolution_backward.default:
            weight, stride, mask = args[2], args[4], args[10]
            if mask[1] and weight.shape[1] < onednn.REGISTER and set(weight.shape[2:]) == {1}:
                self.strides.append(tuple(stride))
        return func(*args, **(kwargs or {}))


class WholeGradients(TorchDispatchMode):
    """Which gradients each call for those of a convolution asks for."""

    def __init__(self):
        super().__init__()
        self.masks = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.convolution_backward.default:
            self.masks.append(list(args[10]))
        return func(*args, **(kwargs or {}))


def text(channels=4, n=8, stride=2, groups=1, size="9x8", more=""):
    return NETWORK.format(channels=channels, n=n, stride=stride, groups=groups, size=size, more=more)


@pytest.mark.parametrize(
    "case",
    [{}, {"stride": 3}, {"groups": 2}, {"more": ", bias = true"}, {"channels": 3}],
    ids=lambda case: " ".join(f"{name}={value}" for name, value in case.items()) or "plain",
)
def test_the_gradients_are_those_of_the_module(case):
    channels, size = case.get("channels", 4), (9, 8)
    assert_compiled_equals_eager(built(text(**case)), batch(3, channels, *size))


@pytest.mark.parametrize(("channels", "stride", "expected"), [(4, 2, (1, 1)), (32, 2, None), (4, 1, (1, 1))])
def test_few_channels_are_taken_apart_before_their_stride(channels, stride, expected):
    model = build(load(text(channels=channels, n=32, stride=stride))).train()
    model.compile(backend="aot_eager")
    loss = model(torch.randn(2, channels, 9, 8)).sum()
    with WeightGradients() as seen:
        loss.backward()
    assert set(seen.strides) == ({expected} if expected else set())


def test_on_a_gpu_inductor_sums_the_gradient_of_the_bias():
    with FakeTensorMode():
        x, weight = (torch.empty(shape, device="cuda") for shape in ((2, 4, 8, 8), (8, 4, 1, 1)))
        y = torch.empty(2, 8, 4, 4, device="cuda")
        with WholeGradients() as seen:
            how = ([2, 2], [0, 0], [1, 1], False, [0, 0], 1, [True, True, True])
            of_x, of_weight, of_bias = onednn.convolution_backward(y, x, weight, [8], *how)
    assert [tuple(each.shape) for each in (of_x, of_weight, of_bias)] == [(2, 4, 8, 8), (8, 4, 1, 1), (8,)]
    assert seen.masks == [[True, True, False]]
