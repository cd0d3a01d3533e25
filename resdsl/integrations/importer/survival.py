"""Reads stochastic depth off a model's modules: its draws are no layers."""

from __future__ import annotations

from torch import nn

from resdsl import builder as res
from resdsl.integrations.importer.blocks import SeenNetwork
from resdsl.integrations.importer.droppers import find_droppers
from resdsl.integrations.importer.facts import home
from resdsl.integrations.importer.refused import place_of, refused
from resdsl.integrations.importer.trace import Trace
from resdsl.syntax import ast


def find_survival(trace: Trace, network: SeenNetwork, model: nn.Module) -> ast.Survive | None:
    """The schedule of the blocks that a model drops in training: timm's DropPath, torchvision's StochasticDepth.

    Raises:
        ResError: where something else than one branch of a block is dropped.
    """
    homes = [home(trace, block) for block in network.blocks]
    kept = [1.0] * len(homes)
    manners: set[str] = set()
    for dropper in find_droppers(model):
        holders = [number for number, place in enumerate(homes) if dropper.path.startswith(f"{place}.")]
        if len(holders) != 1 or kept[holders[0]] != 1:
            raise refused("what is dropped in training is not the branch of one block", place_of(dropper.path))
        kept[holders[0]] = 1 - dropper.rate
        manners.add(dropper.per)
    if not manners:
        return None
    if len(manners) > 1:
        raise refused("some blocks are dropped for a sample, others for a batch; the language has one manner for all")
    return res.survive(_schedule(kept), per=manners.pop(), rescale="train")


def _schedule(kept: list[float]) -> res.Value:
    """The probabilities as a schedule of the library, where they are one."""
    last, steps = kept[-1], len(kept)
    linear = [1 - place / steps * (1 - last) for place in range(1, steps + 1)]
    linspace = [1 - place / (steps - 1) * (1 - last) for place in range(steps)] if steps > 1 else linear
    shown = round(last, 9)
    for name, schedule in (("uniform", [last] * steps), ("linspace", linspace), ("linear", linear)):
        if all(abs(one - other) < _CLOSE for one, other in zip(kept, schedule, strict=True)):
            return res.call(name, shown)
    return f"[{', '.join(str(round(p, 9)) for p in kept)}][l]"


_CLOSE = 1e-7  # rates are computed in float32 in timm
