"""Makes models of other libraries by name: torchvision, timm, pytorchcv; none of them is a dependency."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, cast

import torch
from torch import nn

from resdsl.diagnostics import ResError, nearest
from resdsl.integrations.importer.refused import refused


@dataclass(frozen=True, slots=True)
class Peer:
    """A model with random weights, its name, and the shape of one sample."""

    model: nn.Module
    name: str
    shape: tuple[int, ...]


def make_peer(source: str) -> Peer:
    """The model that `library:name` names. Raises ResError where there is none."""
    library, _, name = source.partition(":")
    if library not in PEERS or not name:
        near = nearest(library, PEERS)
        known = ", ".join(f"`{word}:NAME`" for word in PEERS)
        raise refused(f"`{source}` names no model", help=f"did you mean `{near}:{name}`?" if near and name else known)
    try:
        _declare_operators()
        return PEERS[library](name)
    except ImportError as error:
        message = f"`{library}` cannot be imported: {error}"
        raise refused(message, help="`pip install 'resdsl[peers]'`") from None


def _torchvision(name: str) -> Peer:
    models: Any = import_module("torchvision.models")
    known: list[str] = models.list_models(module=models)
    if name not in known:
        raise _unknown("torchvision", name, known)
    size = 299 if name.startswith("inception") else 224
    return Peer(models.get_model(name, weights=None), name, (3, size, size))


def _declare_operators() -> None:
    """Lets torchvision be imported beside a torch without CUDA, for which its wheel has kernels but no operators.

    The other two libraries import it as well.
    """
    try:
        import_module("torchvision")
    except RuntimeError:
        library: Any = torch.library.Library("torchvision", "FRAGMENT")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _LIBRARIES.append(library)


_LIBRARIES: Final[list[object]] = []
"""What is declared is forgotten with its library."""


def _timm(name: str) -> Peer:
    logging.getLogger("timm").setLevel(logging.ERROR)
    timm: Any = import_module("timm")
    if not timm.is_model(name):
        known: list[str] = timm.list_models()
        raise _unknown("timm", name, known)
    model = timm.create_model(name, pretrained=False)
    return Peer(model, name, tuple(model.pretrained_cfg.get("input_size", (3, 224, 224))))


def _pytorchcv(name: str) -> Peer:
    provider: Any = import_module("pytorchcv.model_provider")
    known = list(cast("dict[str, object]", vars(provider)["_models"]))
    if name not in known:
        raise _unknown("pytorchcv", name, known)
    model = provider.get_model(name, pretrained=False)
    height, width = getattr(model, "in_size", (224, 224))
    return Peer(model, name, (3, height, width))


def _unknown(library: str, name: str, known: Iterable[str]) -> ResError:
    near = nearest(name, known)
    return refused(f"{library} has no model `{name}`", help=f"did you mean `{near}`?" if near else "")


PEERS: Final[Mapping[str, Callable[[str], Peer]]] = {
    "torchvision": _torchvision,
    "timm": _timm,
    "pytorchcv": _pytorchcv,
}
"""How each library makes a model of a name."""
