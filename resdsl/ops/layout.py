"""Layers that move, drop, add or compare values without weights: flatten, subsample, pad, shuffle, maxout."""

from __future__ import annotations

from resdsl.ops.base import Op, Saved, TorchCall, Window
from resdsl.ops.constant import Carries, Constant, Times
from resdsl.ops.setting import Setting
from resdsl.record import record
from resdsl.shape import Shape, ShapeError


class Identity(Op):
    """y = x; the graph leaves it out."""

    __slots__ = ()
    NAME = "identity"
    LABEL = "identity"
    EXAMPLE = "identity"

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("expression", "{0}")

    def is_identity(self, *inputs: Shape) -> bool:
        return True

    def is_view(self) -> bool:
        return True

    def gain(self) -> float | None:
        return 1.0

    def constant(self) -> Constant | None:
        return Times()


class Flatten(Op):
    """All values of a sample in one vector, channel by channel: `(C, H, W) -> C·H·W`."""

    __slots__ = ()
    NAME = "flatten"
    LABEL = "flatten"
    EXAMPLE = "flatten"

    def infer(self, *inputs: Shape) -> Shape:
        return Shape(inputs[0].elements)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("function", "torch.flatten", (1,))

    def window(self, shape: Shape) -> tuple[Window, ...] | None:
        return None

    def is_identity(self, *inputs: Shape) -> bool:
        return inputs[0].rank == 0

    def is_view(self) -> bool:
        return True

    def gain(self) -> float | None:
        return 1.0

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries(channels=inputs[0].positions == 1, shifts=True)


@record
class Subsample(Op):
    """Every s-th pixel, from the first: `(C, H, W) -> (C, ceil(H/s), ceil(W/s))`. No weights, no averaging."""

    NAME = "subsample"
    LABEL = "subsample"
    EXAMPLE = "subsample(/2)"
    SOURCE = "He et al. 2016, §3.3, option A"
    SETTINGS = (Setting("stride", "stride"),)

    stride: tuple[int, ...]

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if self.is_identity(x):
            return x
        if len(self.stride) != x.rank:
            raise ShapeError(f"`{self}` works in {len(self.stride)} dimensions; {x} has {x.rank}")
        return Shape(x.channels, tuple(-(-size // step) for size, step in zip(x.spatial, self.stride, strict=True)))

    def torch_call(self, *inputs: Shape) -> TorchCall:
        steps = ", ".join(f"::{step}" if step > 1 else ":" for step in self.stride)
        return TorchCall("expression", f"{{0}}[:, :, {steps}]")

    def window(self, shape: Shape) -> tuple[Window, ...] | None:
        return tuple(Window(stride=step) for step in self.stride)

    def is_identity(self, *inputs: Shape) -> bool:
        return all(step == 1 for step in self.stride)

    def is_view(self) -> bool:
        return True

    def gain(self) -> float | None:
        return 1.0

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries(channels=True, shifts=True)


@record
class PadChannels(Op):
    """Channels of zeros behind the others: `(C, H, W) -> (channels, H, W)`.

    Raises:
        ShapeError: where fewer channels must go out than come in.
    """

    NAME = "pad_channels"
    LABEL = "pad"
    EXAMPLE = "pad_channels(128)"
    SOURCE = "He et al. 2016, §3.3, option A"
    SETTINGS = (Setting("channels", "channels"),)

    channels: int

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if x.channels > self.channels:
            raise ShapeError(f"`{self}` only adds channels; {x} has {x.channels} already")
        return Shape(self.channels, x.spatial)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        (x,) = inputs
        return TorchCall("function", "F.pad", ((*(0, 0) * x.rank, 0, self.channels - x.channels),))

    def is_identity(self, *inputs: Shape) -> bool:
        return inputs[0].channels == self.channels

    def gain(self) -> float | None:
        return 1.0

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries()


@record
class ChannelShuffle(Op):
    """Channels dealt out to the groups in turn, so that grouped convolutions mix: `(C, H, W) -> (C, H, W)`.

    Raises:
        ShapeError: on a vector, or where groups do not divide C.
    """

    NAME = "channel_shuffle"
    LABEL = "shuffle"
    EXAMPLE = "channel_shuffle(2)"
    SOURCE = "Zhang et al. 2018 (ShuffleNet)"
    SETTINGS = (Setting("groups", "count"),)

    groups: int

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if x.rank == 0:
            raise ShapeError(f"`{self}` needs pixels; the vector {x} has none")
        if x.channels % self.groups:
            raise ShapeError(f"`{self}` cannot split {x.channels} channels into {self.groups} groups; {x} comes in")
        return x

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("function", "F.channel_shuffle", (self.groups,))

    def is_identity(self, *inputs: Shape) -> bool:
        return self.groups in (1, inputs[0].channels)

    def gain(self) -> float | None:
        return 1.0

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries(shifts=True)


@record
class Maxout(Op):
    """The maximum of each `pieces` neighbouring channels: `(C, H, W) -> (C / pieces, H, W)`.

    Raises:
        ShapeError: where pieces do not divide C.
    """

    NAME = "maxout"
    LABEL = "maxout"
    EXAMPLE = "maxout(2)"
    SOURCE = "Goodfellow et al. 2013"
    SETTINGS = (Setting("pieces", "count"),)

    pieces: int

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if x.channels % self.pieces:
            raise ShapeError(f"`{self}` cannot split {x.channels} channels into pieces of {self.pieces}; {x} comes in")
        return Shape(x.channels // self.pieces, x.spatial)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("expression", f"{{0}}.unflatten(1, (-1, {self.pieces})).amax(2)")

    def is_identity(self, *inputs: Shape) -> bool:
        return self.pieces == 1

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0,), output=True)

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries(signs="positive", shifts=True)
