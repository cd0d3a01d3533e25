"""The modules that drop a whole branch in training: timm's DropPath, torchvision's StochasticDepth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from torch import nn

from resdsl.integrations.importer.refused import place_of, refused


@dataclass(frozen=True, slots=True)
class Dropper:
    """One of them: where it is, how often it drops, and what it draws for, `sample` or `batch`."""

    path: str
    module: nn.Module
    rate: float
    per: str


def find_droppers(model: nn.Module) -> Iterator[Dropper]:
    """Those that drop anything. Raises ResError where what is kept is not scaled as the language does."""
    for path, module in cast("Iterator[tuple[str, nn.Module]]", model.named_modules()):
        match type(module).__name__:
            case "DropPath":
                rate, per = _get(module, "drop_prob"), "sample"
            case "StochasticDepth":
                rate, per = _get(module, "p"), "sample" if _get(module, "mode") == "row" else "batch"
            case _:
                continue
        if isinstance(rate, float | int) and rate:
            if _get(module, "scale_by_keep") is False:
                message = (
                    "what is kept in training is never divided by its probability; the language does, or in evaluation"
                )
                raise refused(message, place_of(path))
            yield Dropper(path, module, float(rate), per)


def _get(module: nn.Module, name: str) -> object:
    return getattr(module, name, None)
