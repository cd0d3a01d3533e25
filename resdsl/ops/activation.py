"""Activations: elementwise functions, most without a weight."""

from __future__ import annotations

from typing import ClassVar

from resdsl.ops.arguments import differing
from resdsl.ops.base import Literals, OfZeros, Op, Saved, TensorSpec, TorchCall
from resdsl.ops.constant import Carries
from resdsl.ops.setting import Setting
from resdsl.record import record
from resdsl.shape import Shape


@record
class Activation(Op):
    """An elementwise function of torch: `(C, H, W) -> (C, H, W)`, no weights, not counted as multiply-adds.

    `FUNCTION` is torch's, `SAVED` what its backward formula reads, `ZERO` whether it makes zero of zero, `HOMOGENEOUS`
    whether f(s · x) = s · f(x) for every s > 0.
    """

    LABEL = "act"
    FUNCTION: ClassVar[str]
    SAVED = Saved(inputs=(0,))
    ZERO: ClassVar[bool] = True
    HOMOGENEOUS: ClassVar[bool] = False

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("function", self.FUNCTION, (), self._arguments())

    def saves(self, *inputs: Shape) -> Saved:
        return self.SAVED

    def of_zeros(self, *is_zero: bool) -> OfZeros:
        return "zero" if all(is_zero) and self.ZERO else "computed"

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries(signs="positive", channels=True) if self.HOMOGENEOUS else None

    def _arguments(self) -> tuple[tuple[str, Literals], ...]:
        return ()


class Relu(Activation):
    """y = max(0, x)"""

    __slots__ = ()
    NAME = "relu"
    EXAMPLE = "relu"
    SOURCE = "Nair and Hinton 2010"
    FUNCTION = "F.relu"
    HOMOGENEOUS = True
    SAVED = Saved(output=True)


class Relu6(Activation):
    """y = min(max(0, x), 6)"""

    __slots__ = ()
    NAME = "relu6"
    EXAMPLE = "relu6"
    SOURCE = "Krizhevsky 2010"
    FUNCTION = "F.relu6"


@record
class LeakyRelu(Activation):
    """y = x where x > 0, slope · x below"""

    NAME = "leaky_relu"
    EXAMPLE = "leaky_relu(0.1)"
    SOURCE = "Maas et al. 2013"
    FUNCTION = "F.leaky_relu"
    HOMOGENEOUS = True
    SETTINGS = (Setting("slope", "number", default=0.01),)

    slope: float = 0.01

    def _arguments(self) -> tuple[tuple[str, Literals], ...]:
        return differing(("negative_slope", self.slope, 0.01))


@record
class Elu(Activation):
    """y = x where x > 0, alpha (exp(x) - 1) below"""

    NAME = "elu"
    EXAMPLE = "elu"
    SOURCE = "Clevert et al. 2016"
    FUNCTION = "F.elu"
    SETTINGS = (Setting("alpha", "number", default=1),)

    alpha: float = 1.0

    def _arguments(self) -> tuple[tuple[str, Literals], ...]:
        return differing(("alpha", self.alpha, 1.0))


class Selu(Activation):
    """y = 1.0507 (x where x > 0, 1.6733 (exp(x) - 1) below)"""

    __slots__ = ()
    NAME = "selu"
    EXAMPLE = "selu"
    SOURCE = "Klambauer et al. 2017"
    FUNCTION = "F.selu"


@record
class Gelu(Activation):
    """y = x Φ(x), Φ the normal distribution; `approximate = tanh` computes it as its authors' code did"""

    NAME = "gelu"
    EXAMPLE = "gelu"
    SOURCE = "Hendrycks and Gimpel 2016"
    FUNCTION = "F.gelu"
    SETTINGS = (Setting("approximate", "word", default="none", choices=("none", "tanh")),)

    approximate: str = "none"

    def _arguments(self) -> tuple[tuple[str, Literals], ...]:
        return differing(("approximate", self.approximate, "none"))


class Silu(Activation):
    """y = x sigmoid(x)"""

    __slots__ = ()
    NAME = "silu"
    EXAMPLE = "silu"
    SOURCE = "Elfwing et al. 2017; Ramachandran et al. 2017"
    FUNCTION = "F.silu"


class Hardswish(Activation):
    """y = x min(max(0, x + 3), 6) / 6"""

    __slots__ = ()
    NAME = "hardswish"
    EXAMPLE = "hardswish"
    SOURCE = "Howard et al. 2019"
    FUNCTION = "F.hardswish"


class Tanh(Activation):
    """y = tanh(x)"""

    __slots__ = ()
    NAME = "tanh"
    EXAMPLE = "tanh"
    FUNCTION = "torch.tanh"
    SAVED = Saved(output=True)


class Sigmoid(Activation):
    """y = 1 / (1 + exp(-x))"""

    __slots__ = ()
    NAME = "sigmoid"
    EXAMPLE = "sigmoid"
    FUNCTION = "torch.sigmoid"
    ZERO = False
    SAVED = Saved(output=True)


class Softplus(Activation):
    """y = log(1 + exp(x))"""

    __slots__ = ()
    NAME = "softplus"
    EXAMPLE = "softplus"
    SOURCE = "Dugas et al. 2001"
    FUNCTION = "F.softplus"
    ZERO = False


class Softmax(Activation):
    """y = exp(x) / sum of exp(x) over the channels"""

    __slots__ = ()
    NAME = "softmax"
    EXAMPLE = "softmax"
    FUNCTION = "F.softmax"
    ZERO = False
    SAVED = Saved(output=True)

    def _arguments(self) -> tuple[tuple[str, Literals], ...]:
        return (("dim", 1),)


@record
class Prelu(Op):
    """y = x where x > 0, weight · x below; one trained weight in all, or `per = channel`.

    `(C, H, W) -> (C, H, W)`. Parameters: 1 or C.
    """

    NAME = "prelu"
    LABEL = "act"
    EXAMPLE = "prelu(per = channel)"
    SOURCE = "He et al. 2015 (Delving Deep)"
    SETTINGS = (
        Setting("init", "number", default=0.25),
        Setting("per", "word", default="scalar", choices=("scalar", "channel")),
    )

    init: float = 0.25
    per: str = "scalar"

    def parameters(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        return (TensorSpec("weight", (self._n_weights(inputs[0]),)),)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        settings = differing(("num_parameters", self._n_weights(inputs[0]), 1), ("init", self.init, 0.25))
        return TorchCall("module", "nn.PReLU", (), settings)

    def of_zeros(self, *is_zero: bool) -> OfZeros:
        return "zero" if all(is_zero) else "computed"

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0,))

    def carries(self, *inputs: Shape) -> Carries | None:
        return Carries(signs="positive", channels=True)

    def _n_weights(self, shape: Shape) -> int:
        return shape.channels if self.per == "channel" else 1


PELU = '''\
class PELU(nn.Module):
    """Parametric exponential linear unit: a/b x where x >= 0, a (exp(x/b) - 1) below (Trottier et al. 2016).

    As in the authors' code, a stays in [0.11, 1.99] and b in [0.11, inf): training moves them back into it.
    """

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.ones(1))
        self.b = nn.Parameter(torch.ones(1))

    def forward(self, x):
        if self.training:
            self.a.data.clamp_(0.11, 1.99)
            self.b.data.clamp_(0.11)
        a, b = self.a.clamp(0.11, 1.99), self.b.clamp(0.11)
        return a * F.elu(x / b)
'''


class Pelu(Op):
    """y = a/b x where x >= 0, a (exp(x/b) - 1) below, with two trained scalars that start from 1.

    `(C, H, W) -> (C, H, W)`. Parameters: 2. a is kept in [0.11, 1.99], b from 0.11, as the authors' code does.
    """

    __slots__ = ()
    NAME = "pelu"
    LABEL = "act"
    EXAMPLE = "pelu"
    SOURCE = "Trottier et al. 2016, arXiv:1605.09332"

    def parameters(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        return (TensorSpec("a", (1,)), TensorSpec("b", (1,)))

    def torch_call(self, *inputs: Shape) -> TorchCall:
        return TorchCall("module", "PELU")

    def torch_source(self, *inputs: Shape) -> str:
        return PELU

    def of_zeros(self, *is_zero: bool) -> OfZeros:
        return "zero" if all(is_zero) else "computed"

    def saves(self, *inputs: Shape) -> Saved:
        # The input for x / b, the quotient for elu, its result for the product with a; a and b as they are clamped.
        return Saved(inputs=(0,), floats=2 * inputs[0].elements, floats_per_batch=2)
