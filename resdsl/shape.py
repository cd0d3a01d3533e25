"""The shape of one sample: channels, then as many spatial sizes as the network has dimensions."""

from __future__ import annotations

from math import prod

from resdsl.record import record


@record
class Shape:
    """`Shape(64, (56, 56))` is 64 channels on 56 by 56 pixels; `Shape(1000)` a vector of 1000 numbers."""

    channels: int
    spatial: tuple[int, ...] = ()

    @property
    def rank(self) -> int:
        """The number of spatial dimensions: 2 for images, 0 for vectors."""
        return len(self.spatial)

    @property
    def positions(self) -> int:
        """The number of pixels: the product of the spatial sizes, 1 for a vector."""
        return prod(self.spatial)

    @property
    def elements(self) -> int:
        """The number of values in one sample."""
        return self.channels * self.positions

    @property
    def dims(self) -> tuple[int, ...]:
        """Channels and sizes in one tuple, as torch orders them after the batch."""
        return (self.channels, *self.spatial)

    @property
    def size(self) -> str:
        """The spatial sizes alone, as `56x56`; `1` for a vector."""
        return "x".join(map(str, self.spatial)) or "1"

    def __str__(self) -> str:
        return "x".join(map(str, self.dims))


class ShapeError(Exception):
    """A layer cannot take the shape that reaches it; without a place: whoever placed the layer knows it.

    `message` says what was found and wanted; `help` what to write instead; `before` layers that could stand before it.
    """

    def __init__(self, message: str, *, help: str = "", before: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.before = before
