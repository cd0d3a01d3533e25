"""What a layer is at evaluation where it does no more than scale and shift each channel by constants."""

from __future__ import annotations

from typing import Literal

from resdsl.record import record


@record
class Times:
    """y = scale · x + shift, the same two numbers for every channel."""

    scale: float = 1.0
    shift: float = 0.0

    @property
    def shifts(self) -> bool:
        """Whether it adds anything."""
        return self.shift != 0

    @property
    def is_scalar(self) -> bool:
        """Whether it is the same for every channel."""
        return True

    @property
    def is_positive(self) -> bool:
        """Whether it is known to scale by positive numbers."""
        return self.scale > 0


@record
class Normed:
    """y = (x - mean) / sqrt(variance + eps) · weight + bias, of the layer's own tensors for each channel."""

    eps: float

    @property
    def shifts(self) -> bool:
        """Whether it adds anything."""
        return True

    @property
    def is_scalar(self) -> bool:
        """Whether it is the same for every channel."""
        return False

    @property
    def is_positive(self) -> bool:
        """Whether it is known to scale by positive numbers: a trained weight may have either sign."""
        return False


@record
class Learned:
    """y = weight · x, the layer's own weight, held between `low` and `high` where they are given."""

    low: float | None
    high: float | None
    is_scalar: bool

    @property
    def shifts(self) -> bool:
        """Whether it adds anything."""
        return False

    @property
    def is_positive(self) -> bool:
        """Whether it is known to scale by positive numbers."""
        return self.low is not None and self.low > 0


@record
class Survived:
    """y = p_l · x, of the step that the layer stands in."""

    @property
    def shifts(self) -> bool:
        """Whether it adds anything."""
        return False

    @property
    def is_scalar(self) -> bool:
        """Whether it is the same for every channel."""
        return True

    @property
    def is_positive(self) -> bool:
        """Whether it is known to scale by positive numbers: p_l is above 0."""
        return True


Constant = Times | Normed | Learned | Survived
"""What scales and shifts each channel; `Times()` is nothing at all, as dropout is at evaluation."""


@record
class Carries:
    """Which constants behind a layer may stand in front of it instead, and the other way round.

    Attributes:
        inputs: in front of which of its inputs: of `each` for a sum, where only the first is shifted; of `every` with
            the shift too, for a concatenation; of `one` for a product.
        signs: `any` scale, or only a `positive` one: relu(s · x) = s · relu(x) needs s > 0.
        channels: whether each channel may have constants of its own.
        shifts: whether something may be added.
    """

    inputs: Literal["each", "every", "one"] = "every"
    signs: Literal["any", "positive"] = "any"
    channels: bool = False
    shifts: bool = False
