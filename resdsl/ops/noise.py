"""Layers that draw random numbers while a network trains."""

from __future__ import annotations

from resdsl.ops.arguments import differing
from resdsl.ops.base import Op, Saved, TorchCall
from resdsl.ops.constant import Constant, Times
from resdsl.ops.setting import Setting
from resdsl.record import record
from resdsl.shape import Shape, ShapeError


@record
class Dropout(Op):
    """In training, each value is zero with probability `rate`, else divided by 1 - rate; y = x at evaluation.

    `(C, H, W) -> (C, H, W)`.
    """

    NAME = "dropout"
    LABEL = "dropout"
    EXAMPLE = "dropout(0.3)"
    SOURCE = "Srivastava et al. 2014"
    SETTINGS = (Setting("rate", "probability"),)

    rate: float

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("module", "nn.Dropout", (), differing(("p", self.rate, 0.5)))

    def is_identity(self, *inputs: Shape) -> bool:
        return self.rate == 0

    def is_random(self) -> bool:
        return True

    def gain(self) -> float | None:
        return 1.0

    def constant(self) -> Constant | None:
        return Times()

    def kept(self) -> float:
        return 1 - self.rate

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(floats=inputs[0].elements)


@record
class SpatialDropout(Op):
    """Dropout of whole channels: one draw for all pixels of a channel of a sample.

    `(C, H, W) -> (C, H, W)`.

    Raises:
        ShapeError: on a vector; plain `dropout` is the same there.
    """

    NAME = "spatial_dropout"
    LABEL = "dropout"
    EXAMPLE = "spatial_dropout(0.1)"
    SOURCE = "Tompson et al. 2015"
    SETTINGS = (Setting("rate", "probability"),)

    rate: float

    def infer(self, *inputs: Shape) -> Shape:
        (x,) = inputs
        if x.rank == 0:
            raise ShapeError(f"`{self}` needs pixels; the vector {x} has none", help=f"write `dropout({self.rate})`")
        if x.rank > 3:
            raise ShapeError(f"`{self}` works in 1 to 3 dimensions; {x} has {x.rank}")
        return x

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("module", f"nn.Dropout{inputs[0].rank}d", (), differing(("p", self.rate, 0.5)))

    def is_identity(self, *inputs: Shape) -> bool:
        return self.rate == 0

    def is_random(self) -> bool:
        return True

    def gain(self) -> float | None:
        return 1.0

    def constant(self) -> Constant | None:
        return Times()

    def kept(self) -> float:
        return 1 - self.rate

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(floats=inputs[0].channels)


BERNOULLI = '''\
class Bernoulli(nn.Module):
    """Keeps each value with probability p, without rescaling; multiplies by p at evaluation (Singh et al. 2016)."""

    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return self.p * x
        return x * torch.empty_like(x).bernoulli_(self.p)

    def extra_repr(self):
        return f"p={self.p}"
'''


@record
class Bernoulli(Op):
    """y = Θ x, each Θ drawn from {0, 1} with mean p in training, y = p x at evaluation.

    `(C, H, W) -> (C, H, W)`. Unlike dropout, p is the probability of keeping, and nothing is divided in training.
    """

    NAME = "bernoulli"
    LABEL = "bernoulli"
    EXAMPLE = "bernoulli(0.5)"
    SOURCE = "Singh et al. 2016 (Swapout)"
    SETTINGS = (Setting("p", "probability"),)

    p: float

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("module", "Bernoulli", (self.p,))

    def torch_source(self, *inputs: Shape) -> str:
        return BERNOULLI

    def is_identity(self, *inputs: Shape) -> bool:
        return self.p == 1

    def is_random(self) -> bool:
        return True

    def gain(self) -> float | None:
        return self.p

    def constant(self) -> Constant | None:
        return Times(self.p)

    def kept(self) -> float:
        return self.p

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(floats=inputs[0].elements)
