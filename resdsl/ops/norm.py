"""Normalisations: each subtracts a mean, divides by a deviation, then scales and shifts each channel."""

from __future__ import annotations

from typing import Self

from resdsl.ops.arguments import differing
from resdsl.ops.base import Op, Saved, TensorSpec, TorchCall
from resdsl.ops.constant import Constant, Normed
from resdsl.ops.setting import Setting
from resdsl.record import record
from resdsl.shape import Shape, ShapeError

EPS = Setting("eps", "number", default=1e-5)


def scale_and_shift(channels: int, *, affine: bool) -> tuple[TensorSpec, ...]:
    """The trained scale and shift of each channel, if there are any."""
    return (TensorSpec("weight", (channels,)), TensorSpec("bias", (channels,))) if affine else ()


@record
class BatchNorm(Op):
    """y = (x - mean) / sqrt(variance + eps) · weight + bias, over the batch and all pixels, for each channel.

    `(C, H, W) -> (C, H, W)`. Parameters: 2 C; running mean and variance are buffers. Not counted as multiply-adds.

    Raises:
        ShapeError: beyond 3 dimensions, which torch lacks.
    """

    NAME = "bn"
    LABEL = "bn"
    EXAMPLE = "bn"
    SOURCE = "Ioffe and Szegedy 2015"
    SETTINGS = (
        EPS,
        Setting("momentum", "number", default=0.1),
        Setting("affine", "flag", default=True),
    )

    eps: float = 1e-5
    momentum: float = 0.1
    affine: bool = True

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if x.rank > 3:
            raise ShapeError(f"`{self}` works in 0 to 3 dimensions; {x} has {x.rank}")
        return x

    def parameters(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        return scale_and_shift(inputs[0].channels, affine=self.affine)

    def buffers(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        channels = (inputs[0].channels,)
        return (
            TensorSpec("running_mean", channels),
            TensorSpec("running_var", channels),
            TensorSpec("num_batches_tracked", ()),
        )

    def torch_call(self, *inputs: Shape) -> TorchCall:
        (x,) = inputs
        return TorchCall(
            "module",
            f"nn.BatchNorm{max(1, x.rank)}d",
            (x.channels,),
            differing(("eps", self.eps, 1e-5), ("momentum", self.momentum, 0.1), ("affine", self.affine, True)),
        )

    def constant(self) -> Constant | None:
        return Normed(self.eps)

    def takes_behind(self, *, shifts: bool) -> Self | None:
        return self if self.affine else None

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0,), floats_per_batch=2 * inputs[0].channels)


@record
class GroupNorm(Op):
    """y = (x - mean) / sqrt(variance + eps) · weight + bias, over each sample's channels of one group.

    `(C, H, W) -> (C, H, W)`. Parameters: 2 C.

    Raises:
        ShapeError: where groups do not divide C.
    """

    NAME = "groupnorm"
    LABEL = "norm"
    EXAMPLE = "groupnorm(32)"
    SOURCE = "Wu and He 2018"
    SETTINGS = (Setting("groups", "count"), EPS, Setting("affine", "flag", default=True))

    groups: int
    eps: float = 1e-5
    affine: bool = True

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if x.channels % self.groups:
            raise ShapeError(f"`{self}` cannot split {x.channels} channels into {self.groups} groups; {x} comes in")
        return x

    def parameters(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        return scale_and_shift(inputs[0].channels, affine=self.affine)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        settings = differing(("eps", self.eps, 1e-5), ("affine", self.affine, True))
        return TorchCall("module", "nn.GroupNorm", (self.groups, inputs[0].channels), settings)

    def takes_behind(self, *, shifts: bool) -> Self | None:
        return self if self.affine else None

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0,), floats=2 * self.groups)


CHANNEL_NORM = '''\
class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each pixel, channels first (Ba et al. 2016; Liu et al. 2022)."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
'''


@record
class LayerNorm(Op):
    """y = (x - mean) / sqrt(variance + eps) · weight + bias, over the channels of each pixel of each sample.

    `(C, H, W) -> (C, H, W)`. Parameters: 2 C.
    """

    NAME = "layernorm"
    LABEL = "norm"
    EXAMPLE = "layernorm"
    SOURCE = "Ba et al. 2016; channels first: Liu et al. 2022"
    SETTINGS = (EPS, Setting("affine", "flag", default=True))

    eps: float = 1e-5
    affine: bool = True

    def parameters(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        return scale_and_shift(inputs[0].channels, affine=self.affine)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        (x,) = inputs
        settings = differing(("eps", self.eps, 1e-5), ("elementwise_affine", self.affine, True))
        return TorchCall("module", "ChannelNorm" if x.rank else "nn.LayerNorm", (x.channels,), settings)

    def torch_source(self, *inputs: Shape) -> str:
        return CHANNEL_NORM if inputs[0].rank else ""

    def takes_behind(self, *, shifts: bool) -> Self | None:
        return self if self.affine else None

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0,), floats=2 * inputs[0].positions)


@record
class InstanceNorm(Op):
    """y = (x - mean) / sqrt(variance + eps), over the pixels of each channel of each sample; scaled if `affine`.

    `(C, H, W) -> (C, H, W)`. Parameters: none, or 2 C if `affine`.

    Raises:
        ShapeError: on a vector or a single pixel, whose variance is zero.
    """

    NAME = "instancenorm"
    LABEL = "norm"
    EXAMPLE = "instancenorm(affine = true)"
    SOURCE = "Ulyanov et al. 2016"
    SETTINGS = (EPS, Setting("affine", "flag", default=False))

    eps: float = 1e-5
    affine: bool = False

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if x.rank > 3:
            raise ShapeError(f"`{self}` works in 1 to 3 dimensions; {x} has {x.rank}")
        if x.positions < 2:
            raise ShapeError(f"`{self}` needs more than one pixel; {x} comes in")
        return x

    def parameters(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        return scale_and_shift(inputs[0].channels, affine=self.affine)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        (x,) = inputs
        settings = differing(("eps", self.eps, 1e-5), ("affine", self.affine, False))
        return TorchCall("module", f"nn.InstanceNorm{x.rank}d", (x.channels,), settings)

    def takes_behind(self, *, shifts: bool) -> Self | None:
        return self if self.affine else None

    def saves(self, *inputs: Shape) -> Saved:
        # The mean and deviation of every channel of every sample, and the scale repeated for every sample.
        return Saved(inputs=(0,), floats=(3 if self.affine else 2) * inputs[0].channels)
