"""The arithmetic of windows that slide over pixels, shared by convolutions and pooling."""

from __future__ import annotations

from resdsl.ops.base import Window
from resdsl.shape import Shape, ShapeError


def spread(values: tuple[int, ...], default: int, like: tuple[int, ...]) -> tuple[int, ...]:
    """The values, one for each dimension of `like`: the default where nothing was given, a sole value in each."""
    if not values:
        return (default,) * len(like)
    return values * len(like) if len(values) == 1 and like else values


def same_padding(kernel: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[int, ...]:
    """The padding with which an odd kernel at stride 1 keeps the size: (k - 1) // 2 · dilation."""
    return tuple((size - 1) // 2 * apart for size, apart in zip(kernel, dilation, strict=True))


def windows(
    kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...], padding: tuple[int, ...]
) -> tuple[Window, ...]:
    """One Window for each dimension."""
    return tuple(Window(*of_one) for of_one in zip(kernel, stride, dilation, padding, strict=True))


def check_rank(layer: object, windows_of: tuple[int, ...], shape: Shape, *, help: str = "") -> None:
    """Raises ShapeError unless the layer's windows have the dimensions of the shape, one to three of them."""
    if shape.rank == 0:
        raise ShapeError(f"`{layer}` needs pixels; the vector {shape} has none", help=help)
    if shape.rank > 3:
        raise ShapeError(f"`{layer}` works in 1 to 3 dimensions; {shape} has {shape.rank}")
    if len(windows_of) != shape.rank:
        raise ShapeError(f"`{layer}` works in {len(windows_of)} dimensions; {shape} has {shape.rank}")


def slide(layer: object, of: tuple[Window, ...], shape: Shape, *, ceil: bool = False) -> tuple[int, ...]:
    """How many places each window takes: floor((size + 2·padding − reach) / stride) + 1.

    With `ceil`, windows may start inside and end outside, as torch's `ceil_mode` has it.

    Raises:
        ShapeError: where the padded input is smaller than one window.
    """
    return tuple(_places(layer, window, size, shape, ceil=ceil) for window, size in zip(of, shape.spatial, strict=True))


def _places(layer: object, window: Window, size: int, shape: Shape, *, ceil: bool) -> int:
    reach = window.dilation * (window.kernel - 1) + 1
    beyond = window.stride - 1 if ceil else 0
    room = size + 2 * window.padding + beyond - reach
    if room < 0:
        raise ShapeError(f"`{layer}` needs at least {_pixels(size - room)} a side; {shape} comes in")
    places = room // window.stride + 1
    starts_outside = ceil and (places - 1) * window.stride >= size + window.padding
    return places - 1 if starts_outside else places


def _pixels(number: int) -> str:
    return "1 pixel" if number == 1 else f"{number} pixels"
