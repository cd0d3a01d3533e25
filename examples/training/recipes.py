"""How the papers trained: one row for each recipe, and the learning rate of every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import cos, pi
from typing import Any, Literal


@dataclass(frozen=True)
class Recipe:
    """How a network is trained, by SGD.

    Attributes:
        epochs: how often all images are seen.
        batch: samples of a step, over all processes.
        lr: the learning rate after the warm-up.
        schedule: `steps` multiplies it by `factor` at each milestone, `cosine` brings it to nothing.
        milestones: shares of all steps.
        factor: what a milestone multiplies the learning rate by.
        warmup: epochs at `warmup_lr`.
        warmup_lr: the learning rate of the warm-up.
        momentum: of SGD.
        nesterov: whether the momentum is Nesterov's.
        decay: weight decay, of all weights.
        augment: whether images are moved and mirrored, as the data set allows.
        cite: the paper.
    """

    epochs: float = 164.0
    batch: int = 128
    lr: float = 0.1
    schedule: Literal["steps", "cosine"] = "steps"
    milestones: tuple[float, ...] = (0.5, 0.75)
    factor: float = 0.1
    warmup: float = 0.0
    warmup_lr: float = 0.01
    momentum: float = 0.9
    nesterov: bool = False
    decay: float = 1e-4
    augment: bool = True
    cite: str = ""

    def lr_at(self, step: int, n_steps: int, steps_an_epoch: int) -> float:
        """The learning rate of a step, counted from 0."""
        n_warm = round(self.warmup * steps_an_epoch)
        if step < n_warm:
            return self.warmup_lr
        if self.schedule == "cosine":
            return self.lr * (1 + cos(pi * (step - n_warm) / max(1, n_steps - n_warm))) / 2
        passed = sum(step >= round(milestone * n_steps) for milestone in self.milestones)
        return self.lr * self.factor**passed


_HE = Recipe(epochs=64_000 / 390, milestones=(32 / 64, 48 / 64), cite="He et al. 2016, §4.2: 64,000 steps of 128")
_HUANG = Recipe(epochs=500, nesterov=True, cite="Huang et al. 2016, §4")
_WRN = Recipe(
    epochs=200,
    milestones=(60 / 200, 120 / 200, 160 / 200),
    factor=0.2,
    nesterov=True,
    decay=5e-4,
    cite="Zagoruyko and Komodakis 2016, §3",
)
_ROR = "after Zhang et al. 2016, §4, whose text was not at hand; the drops are those of Huang et al. 2016, §4"
RECIPES: Mapping[str, Recipe] = {
    "he": _HE,
    "he_warmup": replace(
        _HE, warmup=400 / 390, cite="He et al. 2016, §4.2, 110 layers and more, and He et al. 2016b: 400 steps at 0.01"
    ),
    "huang": _HUANG,
    "huang_svhn": replace(
        _HUANG, epochs=50, milestones=(0.6, 0.7), augment=False, cite="Huang et al. 2016, §4: 152 layers on SVHN"
    ),
    "huang_1202": replace(_HUANG, epochs=300, warmup=10, cite="Huang et al. 2016, §4: 1202 layers, ten epochs at 0.01"),
    "wrn": _WRN,
    "wrn_svhn": replace(
        _WRN,
        epochs=160,
        lr=0.01,
        milestones=(80 / 160, 120 / 160),
        factor=0.1,
        augment=False,
        cite="Zagoruyko and Komodakis 2016, §3: SVHN",
    ),
    "ror": replace(_HUANG, nesterov=False, cite=f"{_ROR}: 500 epochs, /10 at 250 and 375"),
    "ror_warmup": replace(_HUANG, nesterov=False, warmup=400 / 390, cite=f"{_ROR}: deep networks, 400 steps at 0.01"),
    "quick": Recipe(epochs=10, batch=64, schedule="cosine", warmup=1, cite="for a look: minutes on small data"),
}
"""The papers' recipes, and `quick`."""


def recipe_with(name: str, changes: Mapping[str, Any]) -> Recipe:
    """A recipe with what is given otherwise; what is None stays."""
    known = {field.name for field in fields(Recipe)}
    return replace(
        RECIPES[name], **{key: value for key, value in changes.items() if key in known and value is not None}
    )
