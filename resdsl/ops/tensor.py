"""Arithmetic on tensors: what `+`, `-` and `*` between tensors, and a survival schedule, become."""

from __future__ import annotations

from resdsl.ops.base import OfZeros, Op, Saved, TorchCall
from resdsl.ops.constant import Carries, Constant, Survived, Times
from resdsl.ops.setting import Setting, write_value
from resdsl.record import record
from resdsl.shape import Shape, ShapeError


class Add(Op):
    """y = a + b, of equal shapes.

    Raises:
        ShapeError: where the shapes differ; an addition never broadcasts.
    """

    __slots__ = ()
    NAME = ""
    LABEL = "add"
    EXAMPLE = "y = x + f"
    INPUTS = 2

    def __str__(self) -> str:
        return "+"

    def infer(self, *inputs: Shape) -> Shape:
        return _equal(self, inputs)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("expression", "{0} + {1}", precedence=1)

    def is_commutative(self) -> bool:
        return True

    def of_zeros(self, *is_zero: bool) -> OfZeros:
        return "zero" if all(is_zero) else is_zero.index(False) if any(is_zero) else "computed"

    def gain(self) -> float | None:
        return 1.0

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries("each", channels=True, shifts=True)


class Subtract(Op):
    """y = a - b, of equal shapes.

    Raises:
        ShapeError: where the shapes differ; a subtraction never broadcasts.
    """

    __slots__ = ()
    NAME = ""
    LABEL = "subtract"
    EXAMPLE = "y = x - f"
    INPUTS = 2

    def __str__(self) -> str:
        return "-"

    def infer(self, *inputs: Shape) -> Shape:
        return _equal(self, inputs)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("expression", "{0} - {1}", precedence=1)

    def of_zeros(self, *is_zero: bool) -> OfZeros:
        match is_zero:
            case True, True:
                return "zero"
            case False, True:
                return 0
            case _:
                return "computed"

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries("each", channels=True, shifts=True)


class Multiply(Op):
    """y = a · b, value by value; a size of 1 on one side serves the whole of the other, as a channel gate needs.

    `(C, 1, 1), (C, H, W) -> (C, H, W)`.

    Raises:
        ShapeError: where channels or sizes differ and neither is 1.
    """

    __slots__ = ()
    NAME = ""
    LABEL = "multiply"
    EXAMPLE = "y = g * x"
    SOURCE = "Hu et al. 2018, eq. 4"
    INPUTS = 2

    def __str__(self) -> str:
        return "*"

    def infer(self, *inputs: Shape) -> Shape:
        a, b = inputs
        pairs = tuple(zip(a.dims, b.dims, strict=False))
        if a.rank != b.rank or any(left != right and 1 not in (left, right) for left, right in pairs):
            raise ShapeError(f"`{self}` cannot multiply {a} by {b}; a size that differs must be 1")
        channels, *spatial = (left * right if 1 in (left, right) else left for left, right in pairs)
        return Shape(channels, tuple(spatial))

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("expression", "{0} * {1}", precedence=2)

    def is_commutative(self) -> bool:
        return True

    def of_zeros(self, *is_zero: bool) -> OfZeros:
        return "zero" if any(is_zero) else "computed"

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0, 1))

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries("one", channels=True)


@record
class Affine(Op):
    """y = scale · x + shift, with two constants: `1 - g` has scale -1 and shift 1, `0.5 * x` scale 0.5."""

    NAME = ""
    LABEL = "affine"
    EXAMPLE = "y = (1 - g) * x + 0.5 * f"
    SOURCE = "He et al. 2016b, §3.1"
    SETTINGS = (
        Setting("scale", "number", default=1),
        Setting("shift", "number", default=0),
    )

    scale: float = 1.0
    shift: float = 0.0

    def __str__(self) -> str:
        return self._written().format("x")

    def torch_call(self, *inputs: Shape) -> TorchCall:
        product = abs(self.scale) != 1
        precedence = 1 if self.shift else 2 if product else 3 if self.scale < 0 else 4
        return TorchCall("expression", self._written(), precedence=precedence)

    def is_identity(self, *inputs: Shape) -> bool:
        return self.scale == 1 and self.shift == 0

    def of_zeros(self, *is_zero: bool) -> OfZeros:
        return "zero" if all(is_zero) and self.shift == 0 else "computed"

    def gain(self) -> float | None:
        return self.scale

    def constant(self) -> Constant | None:
        return Times(self.scale, self.shift)

    def _written(self) -> str:
        """The formula, over `{0}`, as a person writes it: `1 - {0}` rather than `-1 * {0} + 1`."""
        factor = "" if abs(self.scale) == 1 else f"{write_value(abs(self.scale))} * "
        product = f"{factor}{{0}}"
        if not self.shift:
            return product if self.scale >= 0 else f"-{product}"
        if self.scale < 0:
            return f"{write_value(self.shift)} - {product}"
        return f"{product} {'+' if self.shift > 0 else '-'} {write_value(abs(self.shift))}"


class Concat(Op):
    """The channels of a, then those of b: `(A, H, W), (B, H, W) -> (A + B, H, W)`.

    Raises:
        ShapeError: where the spatial sizes differ.
    """

    __slots__ = ()
    NAME = ""
    LABEL = "concat"
    EXAMPLE = "y = concat(x, f)"
    SOURCE = "Huang et al. 2017 (DenseNet)"
    INPUTS = 2

    def __str__(self) -> str:
        return "concat"

    def infer(self, *inputs: Shape) -> Shape:
        a, b = inputs
        if a.spatial != b.spatial:
            raise ShapeError(f"`{self}` needs equal sizes; {a} and {b} come in")
        return Shape(a.channels + b.channels, a.spatial)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("expression", "torch.cat(({0}, {1}), 1)")

    def gain(self) -> float | None:
        return 1.0

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries(shifts=True)


class Survive(Op):
    """Marks the residual branch f that a survival schedule drops; p_l and the manner stand in the graph.

    Its torch form is the block's: a dropped block computes no f at all, so no call on f can stand for it.
    """

    __slots__ = ()
    NAME = ""
    LABEL = "survive"
    EXAMPLE = "survive linear(0.5)"
    SOURCE = "Huang et al. 2016, eq. 2"

    def __str__(self) -> str:
        return "survive"

    def is_random(self) -> bool:
        return True

    def constant(self) -> Constant | None:
        return Survived()


def _equal(layer: Op, inputs: tuple[Shape, ...]) -> Shape:
    a, b = inputs
    if a != b:
        raise ShapeError(f"`{layer}` needs equal shapes; {a} and {b} come in")
    return a
