"""Trained scales of a branch."""

from __future__ import annotations

from resdsl.ops.arguments import differing
from resdsl.ops.base import OfZeros, Op, Saved, TensorSpec, TorchCall
from resdsl.ops.constant import Constant, Learned
from resdsl.ops.setting import Setting, SettingError, write_value
from resdsl.record import record
from resdsl.shape import Shape

LEARNED_SCALE = '''\
class LearnedScale(nn.Module):
    """Multiplies by a trained scale (SkipInit, De and Smith 2020; LayerScale, Touvron et al. 2021)."""

    def __init__(self, *shape, init=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, init))

    def forward(self, x):
        return x * self.weight
'''

BOUNDED_SCALE = '''\
class BoundedScale(nn.Module):
    """Multiplies by a trained scale that stays in [low, high]: training moves it back (Shen et al. 2016)."""

    def __init__(self, *shape, init=1.0, low=None, high=None):
        super().__init__()
        self.low, self.high = low, high
        self.weight = nn.Parameter(torch.full(shape, init))

    def forward(self, x):
        if self.training:
            self.weight.data.clamp_(self.low, self.high)
        return x * self.weight.clamp(self.low, self.high)
'''


@record
class LearnedScale(Op):
    """y = weight · x, one trained weight in all or `per = channel`, kept between `low` and `high` if they are given.

    `(C, H, W) -> (C, H, W)`. Parameters: 1 or C.
    """

    NAME = "learned_scale"
    LABEL = "scale"
    EXAMPLE = "learned_scale(0, low = -1, high = 1)"
    SOURCE = "arXiv:1605.08831; SkipInit: De and Smith 2020; LayerScale: Touvron et al. 2021"
    SETTINGS = (
        Setting("init", "number", default=1),
        Setting("per", "word", default="scalar", choices=("scalar", "channel")),
        Setting("low", "number", default=None),
        Setting("high", "number", default=None),
    )

    init: float = 1.0
    per: str = "scalar"
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        for name, below, other, above in (
            ("low", self.low, "high", self.high),
            ("init", self.init, "high", self.high),
            ("low", self.low, "init", self.init),
        ):
            if below is not None and above is not None and below > above:
                message = f"`{name} = {write_value(below)}` is above `{other} = {write_value(above)}`"
                raise SettingError(name, message)

    def parameters(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        return (TensorSpec("weight", self._dims(inputs[0])),)

    def torch_call(self, *inputs: Shape) -> TorchCall:
        dims = self._dims(inputs[0])
        if not self._is_bounded():
            return TorchCall("module", "LearnedScale", dims, differing(("init", self.init, 1.0)))
        settings = differing(("init", self.init, 1.0), ("low", self.low, None), ("high", self.high, None))
        return TorchCall("module", "BoundedScale", dims, settings)

    def torch_source(self, *inputs: Shape) -> str:
        return BOUNDED_SCALE if self._is_bounded() else LEARNED_SCALE

    def saves(self, *inputs: Shape) -> Saved:
        return Saved(inputs=(0,), floats_per_batch=self.n_params(*inputs) if self._is_bounded() else 0)

    def of_zeros(self, *is_zero: bool) -> OfZeros:
        return "zero" if all(is_zero) else "computed"

    def constant(self) -> Constant | None:
        return Learned(self.low, self.high, self.per == "scalar")

    def _is_bounded(self) -> bool:
        return self.low is not None or self.high is not None

    def _dims(self, shape: Shape) -> tuple[int, ...]:
        return (shape.channels, *(1,) * shape.rank) if self.per == "channel" else (1,)
