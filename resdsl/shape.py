"""The shape of one sample: channels, then as many spatial sizes as the network has dimensions."""

from __future__ import annotations

from math import prod
from typing import Final

from resdsl.record import record


class Unknown(int):
    """A size that is not known, since a mistake is told that it follows from.

    It is equal to whatever it is compared with, every number divides it, and what is computed of it is not known
    either: no layer finds fault with it, and what a layer says of the other sizes holds whatever it is.
    """

    __slots__ = ()

    def __neg__(self) -> Unknown:
        return self

    def _unknown(self, _: int, /) -> Unknown:
        return self

    def _true(self, _: object, /) -> bool:
        return True

    def _false(self, _: object, /) -> bool:
        return False

    def _nothing(self, _: int, /) -> int:
        return 0

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __rfloordiv__ = _unknown
    __eq__ = __le__ = __ge__ = _true
    __ne__ = __lt__ = __gt__ = _false
    __mod__ = __rmod__ = _nothing

    def __hash__(self) -> int:
        return 0x3F3F3F3F3F3F3F  # that of no size

    def __repr__(self) -> str:
        return "?"

    def __format__(self, _: str, /) -> str:
        return "?"


UNKNOWN: Final = Unknown(1)


@record
class Shape:
    """`Shape(64, (56, 56))` is 64 channels on 56 by 56 pixels; `Shape(1000)` a vector of 1000 numbers."""

    channels: int
    spatial: tuple[int, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether all of it is known."""
        return not any(isinstance(size, Unknown) for size in self.dims)

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

    def common(self, other: Shape) -> Shape:
        """What is known where it is either this shape or the other, of as many sizes."""
        channels, *spatial = (
            one if _is_same(one, two) else UNKNOWN for one, two in zip(self.dims, other.dims, strict=True)
        )
        return Shape(channels, tuple(spatial))

    @property
    def size(self) -> str:
        """The spatial sizes alone, as `56x56`; `1` for a vector."""
        return "x".join(map(str, self.spatial)) or "1"

    def __str__(self) -> str:
        return "x".join(map(str, self.dims))


def _is_same(one: int, other: int) -> bool:
    return one == other and not isinstance(one, Unknown) and not isinstance(other, Unknown)


class ShapeError(Exception):
    """A layer cannot take the shape that reaches it; without a place: whoever placed the layer knows it.

    `message` says what was found and wanted; `help` what to write instead; `before` layers that could stand before it.
    """

    def __init__(self, message: str, *, help: str = "", before: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.before = before
