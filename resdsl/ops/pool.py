"""Pooling: over windows, and over all pixels."""

from __future__ import annotations

from resdsl.ops.arguments import compact, differing
from resdsl.ops.base import Op, Saved, TorchCall, Window
from resdsl.ops.constant import Carries
from resdsl.ops.setting import Setting, SettingError
from resdsl.ops.sliding import check_rank, same_padding, slide, spread, windows
from resdsl.record import record
from resdsl.shape import Shape, ShapeError


@record
class Maxpool(Op):
    """The maximum of each window.

    `(C, H, W) -> (C, H/stride, W/stride)` with the padding that is assumed, (k - 1) // 2. Padding never wins.

    Raises:
        ShapeError: on a vector, where the window does not fit, or where padding exceeds half a window.
    """

    NAME = "maxpool"
    LABEL = "pool"
    EXAMPLE = "maxpool(3x3, /2)"
    SETTINGS = (
        Setting("kernel", "kernel"),
        Setting("stride", "stride", default=1),
        Setting("padding", "padding", default=None),
        Setting("ceil", "flag", default=False),
    )

    kernel: tuple[int, ...]
    stride: tuple[int, ...] = ()
    padding: tuple[int, ...] = ()
    ceil: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "stride", spread(self.stride, 1, self.kernel))
        object.__setattr__(self, "padding", self.padding or same_padding(self.kernel, (1,) * len(self.kernel)))

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        check_rank(self, self.kernel, x)
        _check_padding(self, self.kernel, self.padding)
        return Shape(x.channels, slide(self, self._windows(), x, ceil=self.ceil))

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall(
            "function",
            f"F.max_pool{inputs[0].rank}d",
            (compact(self.kernel),),
            differing(
                ("stride", compact(self.stride), compact(self.kernel)),
                ("padding", compact(self.padding), 0),
                ("ceil_mode", self.ceil, False),
            ),
        )

    def window(self, shape: Shape) -> tuple[Window, ...] | None:
        return self._windows()

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0,), indices=self.infer(*inputs).elements)

    def _windows(self) -> tuple[Window, ...]:
        return windows(self.kernel, self.stride, (1,) * len(self.kernel), self.padding)

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries(signs="positive", channels=True, shifts=True)


@record
class Avgpool(Op):
    """The mean of each window: of the pixels in it, padding left out unless `count_padding`.

    `(C, H, W) -> (C, H/stride, W/stride)`; the window is as wide as the stride unless said: `avgpool(/2)`.

    Raises:
        ShapeError: on a vector, where the window does not fit, or where padding exceeds half a window.
    """

    NAME = "avgpool"
    LABEL = "pool"
    EXAMPLE = "avgpool(/2)"
    SETTINGS = (
        Setting("kernel", "kernel", default=None),
        Setting("stride", "stride", default=None),
        Setting("padding", "padding", default=0),
        Setting("ceil", "flag", default=False),
        Setting("count_padding", "flag", default=False),
    )

    kernel: tuple[int, ...] = ()
    stride: tuple[int, ...] = ()
    padding: tuple[int, ...] = ()
    ceil: bool = False
    count_padding: bool = False

    def __post_init__(self) -> None:
        if not self.kernel and not self.stride:
            raise SettingError("kernel", "`avgpool` needs a kernel or a stride: `avgpool(3x3)`, `avgpool(/2)`")
        object.__setattr__(self, "stride", spread(self.stride, 1, self.kernel))
        object.__setattr__(self, "kernel", self.kernel or self.stride)
        object.__setattr__(self, "padding", spread(self.padding, 0, self.kernel))

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if self.is_identity(x):
            return x
        check_rank(self, self.kernel, x)
        _check_padding(self, self.kernel, self.padding)
        if x.rank == 3 and any(size < least for size, least in zip(x.spatial, self.kernel, strict=True)):
            # torch 2.13 leaves padding and `ceil` out of account here, in 3 dimensions alone
            window = "x".join(map(str, self.kernel))
            raise ShapeError(f"`{self}` needs at least {window} pixels before padding; {x} comes in")
        return Shape(x.channels, slide(self, self._windows(), x, ceil=self.ceil))

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall(
            "function",
            f"F.avg_pool{inputs[0].rank}d",
            (compact(self.kernel),),
            differing(
                ("stride", compact(self.stride), compact(self.kernel)),
                ("padding", compact(self.padding), 0),
                ("ceil_mode", self.ceil, False),
                ("count_include_pad", self.count_padding or not any(self.padding), True),
            ),
        )

    def window(self, shape: Shape) -> tuple[Window, ...] | None:
        return self._windows()

    def is_identity(self, *inputs: Shape) -> bool:
        return set(self.kernel) == set(self.stride) == {1} and not any(self.padding)

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0,))

    def _windows(self) -> tuple[Window, ...]:
        return windows(self.kernel, self.stride, (1,) * len(self.kernel), self.padding)

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries(channels=True, shifts=not (self.count_padding and any(self.padding)))


class GlobalAvgpool(Op):
    """The mean of all pixels of each channel: `(C, H, W) -> (C, 1, 1)`.

    Raises:
        ShapeError: on a vector.
    """

    __slots__ = ()
    NAME = "global_avgpool"
    LABEL = "pool"
    EXAMPLE = "global_avgpool"
    SOURCE = "Lin et al. 2014 (Network in Network)"

    def infer(self, *inputs: Shape) -> Shape:
        return _one_pixel(self, inputs[0])

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("function", f"F.adaptive_avg_pool{inputs[0].rank}d", (1,))

    def window(self, shape: Shape) -> tuple[Window, ...] | None:
        return None

    def is_identity(self, *inputs: Shape) -> bool:
        return inputs[0].positions == 1

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries(channels=True, shifts=True)


class GlobalMaxpool(Op):
    """The maximum of all pixels of each channel: `(C, H, W) -> (C, 1, 1)`.

    Raises:
        ShapeError: on a vector.
    """

    __slots__ = ()
    NAME = "global_maxpool"
    LABEL = "pool"
    EXAMPLE = "global_maxpool"

    def infer(self, *inputs: Shape) -> Shape:
        return _one_pixel(self, inputs[0])

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("function", f"F.adaptive_max_pool{inputs[0].rank}d", (1,))

    def window(self, shape: Shape) -> tuple[Window, ...] | None:
        return None

    def is_identity(self, *inputs: Shape) -> bool:
        return inputs[0].positions == 1

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0,), indices=inputs[0].channels)

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries(signs="positive", channels=True, shifts=True)


def _one_pixel(layer: Op, shape: Shape) -> Shape:
    if shape.rank == 0:
        raise ShapeError(f"`{layer}` needs pixels; the vector {shape} has none")
    if shape.rank > 3:
        raise ShapeError(f"`{layer}` works in 1 to 3 dimensions; {shape} has {shape.rank}")
    return Shape(shape.channels, (1,) * shape.rank)


def _check_padding(layer: Op, kernel: tuple[int, ...], padding: tuple[int, ...]) -> None:
    for size, pixels in zip(kernel, padding, strict=True):
        if pixels > size // 2:
            raise ShapeError(f"`{layer}` pads by {pixels}; a window of {size} allows at most {size // 2}")
