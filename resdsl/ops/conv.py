"""The layers that He et al. count as depth: convolutions and linear layers."""

from __future__ import annotations

from math import prod
from typing import Self

from resdsl.ops.arguments import compact, differing
from resdsl.ops.base import Op, Saved, TensorSpec, TorchCall, Window
from resdsl.ops.setting import Bias, Setting
from resdsl.ops.sliding import check_rank, same_padding, slide, spread, windows
from resdsl.record import evolve, record
from resdsl.shape import Shape, ShapeError


@record
class Conv(Op):
    """A convolution in 1 to 3 dimensions, without a bias unless asked.

    `(C, H, W) -> (channels, H/stride, W/stride)` with the padding that is assumed, (k - 1) // 2 · dilation.
    Parameters: channels · C/groups · kernel, and channels for a bias. Multiply-adds: the weights once for every output
    pixel; a bias is not counted.

    Raises:
        ShapeError: on a vector, where the window does not fit, or where groups do not divide both channels.
    """

    NAME = "conv"
    LABEL = "conv"
    EXAMPLE = "conv(3x3, 64, /2)"
    SOURCE = "LeCun et al. 1989; groups: Krizhevsky et al. 2012, Xie et al. 2017"
    SETTINGS = (
        Setting("kernel", "kernel"),
        Setting("channels", "channels"),
        Setting("stride", "stride", default=1),
        Setting("groups", "count", default=1),
        Setting("bias", "bias", default=False),
        Setting("dilation", "dilation", default=1),
        Setting("padding", "padding", default=None),
    )

    kernel: tuple[int, ...]
    channels: int
    stride: tuple[int, ...] = ()
    groups: int = 1
    bias: Bias = None
    dilation: tuple[int, ...] = ()
    padding: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "stride", spread(self.stride, 1, self.kernel))
        object.__setattr__(self, "dilation", spread(self.dilation, 1, self.kernel))
        object.__setattr__(self, "padding", self.padding or same_padding(self.kernel, self.dilation))

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        check_rank(self, self.kernel, x, help=f"`linear({self.channels})` takes vectors")
        if x.channels % self.groups or self.channels % self.groups:
            raise ShapeError(
                f"`{self}` cannot split {x.channels} channels in and {self.channels} out into {self.groups} groups",
                help=f"{self.groups} must divide both numbers",
            )
        return Shape(self.channels, slide(self, self._windows(), x))

    def parameters(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        weight = TensorSpec("weight", (self.channels, x.channels // self.groups, *self.kernel))
        return (weight,) if self.bias is None else (weight, TensorSpec("bias", (self.channels,)))

    def initial(self) -> tuple[tuple[str, float], ...]:
        return (("bias", self.bias),) if isinstance(self.bias, float) else ()

    def macs(self, *inputs: Shape) -> int:
        (x,) = inputs
        return self.infer(x).elements * (x.channels // self.groups) * prod(self.kernel)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        (x,) = inputs
        return TorchCall(
            "module",
            f"nn.Conv{x.rank}d",
            (x.channels, self.channels, compact(self.kernel)),
            differing(
                ("stride", compact(self.stride), 1),
                ("padding", compact(self.padding), 0),
                ("dilation", compact(self.dilation), 1),
                ("groups", self.groups, 1),
                ("bias", self.bias is not None, True),
            ),
        )

    def window(self, shape: Shape) -> tuple[Window, ...] | None:
        return self._windows()

    def is_weighted(self) -> bool:
        return True

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0,))

    def takes_behind(self, *, shifts: bool) -> Self | None:
        return evolve(self, bias="default") if shifts and self.bias is None else self

    def takes_before(self, *, shifts: bool) -> Self | None:
        # Padding is zero behind the shift too: shifted weights would miss it at the border.
        return None if shifts and any(self.padding) else self.takes_behind(shifts=shifts)

    def _windows(self) -> tuple[Window, ...]:
        return windows(self.kernel, self.stride, self.dilation, self.padding)


@record
class Linear(Op):
    """A fully connected layer: y = W x + b.

    `C -> channels`, on vectors. Parameters: channels · C, and channels for the bias. Multiply-adds: channels · C.

    Raises:
        ShapeError: on anything but a vector.
    """

    NAME = "linear"
    LABEL = "linear"
    EXAMPLE = "linear(1000)"
    SETTINGS = (Setting("channels", "channels"), Setting("bias", "bias", default=True))

    channels: int
    bias: Bias = "default"

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if x.rank:
            raise ShapeError(
                f"`{self}` needs a vector; {x} comes in",
                help="put `global_avgpool` or `flatten` before it",
                before=("global_avgpool", "flatten"),
            )
        return Shape(self.channels)

    def parameters(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        (x,) = inputs
        weight = TensorSpec("weight", (self.channels, x.channels))
        return (weight,) if self.bias is None else (weight, TensorSpec("bias", (self.channels,)))

    def initial(self) -> tuple[tuple[str, float], ...]:
        return (("bias", self.bias),) if isinstance(self.bias, float) else ()

    def macs(self, *inputs: Shape) -> int:
        (x,) = inputs
        return x.channels * self.channels

    def torch_call(self, *inputs: Shape) -> TorchCall:
        (x,) = inputs
        bias = differing(("bias", self.bias is not None, True))
        return TorchCall("module", "nn.Linear", (x.channels, self.channels), bias)

    def is_weighted(self) -> bool:
        return True

    def wants_vector(self) -> bool:
        return True

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0,))

    def takes_behind(self, *, shifts: bool) -> Self | None:
        return evolve(self, bias="default") if shifts and self.bias is None else self

    def takes_before(self, *, shifts: bool) -> Self | None:
        return self.takes_behind(shifts=shifts)
