"""Reads stochastic depth off a model's modules: in evaluation, which is what is traced, it leaves no mark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from torch import nn

from resdsl import builder as res
from resdsl.integrations.importer.blocks import SeenNetwork
from resdsl.integrations.importer.facts import home
from resdsl.integrations.importer.refused import refused
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
    for path, rate, per in _droppers(model):
        holders = [number for number, place in enumerate(homes) if path.startswith(f"{place}.")]
        if len(holders) != 1 or kept[holders[0]] != 1:
            raise refused("what is dropped in training is not the branch of one block", path)
        kept[holders[0]] = 1 - rate
        manners.add(per)
    if not manners:
        return None
    if len(manners) > 1:
        raise refused("some blocks are dropped for a sample, others for a batch; the language has one manner for all")
    return res.survive(_schedule(kept), per=manners.pop(), rescale="train")


def _droppers(model: nn.Module) -> Iterator[tuple[str, float, str]]:
    """The modules that drop a branch in training: their path, how often they do, and what they draw for."""
    for path, module in cast("Iterator[tuple[str, nn.Module]]", model.named_modules()):
        match type(module).__name__:
            case "DropPath":
                rate, per = _get(module, "drop_prob"), "sample"
            case "StochasticDepth":
                rate, per = _get(module, "p"), "sample" if _get(module, "mode") == "row" else "batch"
            case _:
                continue
        if isinstance(rate, float | int) and rate:
            yield path, float(rate), per


def _get(module: nn.Module, name: str) -> object:
    return getattr(module, name, None)


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
