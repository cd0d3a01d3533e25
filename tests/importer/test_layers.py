"""One layer or operation of torch at a time: what it is in the language, or why it is nothing of it."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own abbreviation

from resdsl import ResError
from resdsl.integrations.importer import import_module
from tests.importer.plain import SHAPE, PlainNet, adds


class Scaled(nn.Module):
    """Times a weight of this shape."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, 1.5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (nn.Conv2d(8, 4, 3, padding="same"), "conv(3x3, 4, bias = true)"),
        (nn.Conv2d(8, 4, 3, padding="valid"), "conv(3x3, 4, bias = true, padding = 0)"),
        (nn.GroupNorm(2, 8), "groupnorm(2)"),
        (nn.InstanceNorm2d(8), "instancenorm"),
        (nn.InstanceNorm2d(8, affine=True), "instancenorm(affine = true)"),
        (nn.PReLU(), "prelu"),
        (nn.PReLU(8), "prelu(per = channel)"),
        (nn.ELU(0.5), "elu(0.5)"),
        (nn.Softplus(), "softplus"),
        (nn.Softmax(1), "softmax"),
        (nn.Hardtanh(0, 6), "relu6"),
        (nn.Dropout2d(0.25), "spatial_dropout(0.25)"),
        (nn.AvgPool2d(3, padding=1, count_include_pad=True), "avgpool(/3, padding = 1, count_padding = true)"),
        (nn.AvgPool2d(3, padding=1, count_include_pad=False), "avgpool(/3, padding = 1)"),
        (nn.AvgPool2d(16), "global_avgpool"),
        (nn.AvgPool2d(1), None),
        (nn.Flatten(), "flatten"),
        (lambda x: x.mean((2, 3)).unsqueeze(-1), "global_avgpool -> flatten"),
        (lambda x: x.view(x.shape), None),
        (lambda x: F.pad(x, (0, 0)), None),
        (lambda x: F.pad(x, (0, 0, 0, 0, 0, 4)), "pad_channels(12)"),
        (lambda x: x[:, :, ::2, ::2], "subsample(/2)"),
        (lambda x: torch.cat([x], 1), None),
        (Scaled(1), "learned_scale"),
        (Scaled(8, 1, 1), "learned_scale(per = channel)"),
    ],
)
def test_a_layer_of_torch_is_one_of_the_language(layer, wanted: str | None):
    text = import_module(PlainNet(adds, norm=layer), SHAPE).text
    assert (f"\n  head  {wanted}\n" in text) if wanted else ("head" not in text)


@pytest.mark.parametrize(
    ("function", "equation"),
    [
        (lambda x: x - 1, "x - 1"),
        (lambda x: 1 - x, "1 - x"),
        (lambda x: x - torch.relu(x), "x - (x -> relu)"),
        (lambda x: torch.cat([x, torch.relu(x), torch.tanh(x)], 1), "concat(concat(x, x -> relu), x -> tanh)"),
    ],
)
def test_arithmetic_is_a_layer_of_equations(function, equation: str):
    text = import_module(PlainNet(adds, norm=function), SHAPE).text
    assert f"y = {equation} }}\n" in text


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.BatchNorm2d(8, track_running_stats=False), "a batch normalisation without running statistics is none of"),
        (nn.InstanceNorm2d(8, track_running_stats=True), "an instance normalisation with running statistics is none"),
        (nn.MaxPool2d(2, dilation=2), "a max pooling with dilation is none of"),
        (nn.AvgPool2d(2, divisor_override=3), "an average pooling with a divisor of its own is none of"),
        (nn.Softmax(2), "a softmax over anything but channels is none of"),
        (nn.Softplus(2), "a softplus with a slope of its own is none of"),
        (nn.Hardtanh(), "a clamp is sayable where it is ReLU6"),
        (nn.Conv2d(8, 4, 2, padding="same"), "`conv(2x2, 4, bias = true)` makes 4x15x15 in the language, 4x16x16 here"),
        (Scaled(16), "a weight of 16 scales 8x16x16; the language has one, or one a channel"),
        (lambda x: torch.ops.aten.elu(x, 1, 1, 2), "an ELU with scales is none of"),
        (lambda x: x.mean(1, keepdim=True), "a mean over anything but all pixels of each channel is none of"),
        (lambda x: x.mean(), "a mean over anything but all pixels of each channel is none of"),
        (lambda x: x.view(len(x), 4, -1, 16), "`view` makes 4x32x16 of 8x16x16: values change their channels"),
        (lambda x: torch.add(x, torch.relu(x), alpha=2), "`add` scales one of its operands by `alpha`"),
        (lambda x: torch.cat([x, x], 2), "tensors are joined along pixels; the language joins channels"),
    ],
)
def test_what_the_language_has_otherwise_is_refused_with_the_reason(layer, message: str):
    with pytest.raises(ResError) as raised:
        import_module(PlainNet(adds, norm=layer), SHAPE)
    place, _, told = raised.value.diagnostics[0].message.partition(": ")
    assert place == ("`norm`" if isinstance(layer, nn.Module) else "the model's own `forward`, after `blocks`")
    assert told.startswith(message)
