"""Makes models of other libraries by name: torchvision, timm, pytorchcv; none of them is a dependency."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, cast

import torch
from torch import nn

from resdsl.diagnostics import Code, Diagnostic, ResError, nearest


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
        raise _unknown(f"`{source}` names no model", f"{near}:{name}" if near and name else "", known)
    try:
        declare_operators()
        return PEERS[library](name)
    except ImportError as error:
        message = f"`{library}` cannot be imported: {error}"
        raise ResError([Diagnostic(Code.FILE_UNREADABLE, message, help="pip install 'resdsl[peers]'")]) from None


def declare_operators() -> None:
    """Lets torchvision be imported beside a torch without CUDA, for which its wheel has kernels but no operators.

    The other two libraries import it as well. Raises ImportError where it is not installed.
    """
    try:
        import_module("torchvision")
    except RuntimeError:  # operator torchvision::nms does not exist
        library: Any = torch.library.Library("torchvision", "FRAGMENT")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _LIBRARIES.append(library)


_LIBRARIES: Final[list[object]] = []
"""What is declared is forgotten with its library."""


def _torchvision(name: str) -> Peer:
    models: Any = import_module("torchvision.models")
    images: list[str] = models.list_models(module=models)
    videos: list[str] = models.list_models(module=models.video)
    if name not in (known := [*images, *videos]):
        raise _unknown_model("torchvision", name, known)
    size = 299 if name.startswith("inception") else 224
    shape = (3, 16, 112, 112) if name in videos else (3, size, size)
    return Peer(models.get_model(name, weights=None), name, shape)


def _timm(name: str) -> Peer:
    logging.getLogger("timm").setLevel(logging.ERROR)
    timm: Any = import_module("timm")
    if not timm.is_model(name):
        known: list[str] = timm.list_models()
        raise _unknown_model("timm", name, known)
    model = timm.create_model(name, pretrained=False)
    return Peer(model, name, tuple(model.pretrained_cfg.get("input_size", (3, 224, 224))))


def _pytorchcv(name: str) -> Peer:
    provider: Any = import_module("pytorchcv.model_provider")
    known = list(cast("dict[str, object]", vars(provider)["_models"]))
    if name not in known:
        raise _unknown_model("pytorchcv", name, known)
    model = provider.get_model(name, pretrained=False)
    height, width = getattr(model, "in_size", (224, 224))
    return Peer(model, name, (3, height, width))


def _unknown_model(library: str, name: str, known: Iterable[str]) -> ResError:
    return _unknown(f"{library} has no model `{name}`", nearest(name, known) or "")


def _unknown(message: str, near: str, otherwise: str = "") -> ResError:
    return ResError([Diagnostic(Code.NAME_UNKNOWN, message, help=f"did you mean `{near}`?" if near else otherwise)])


PEERS: Final[Mapping[str, Callable[[str], Peer]]] = {
    "torchvision": _torchvision,
    "timm": _timm,
    "pytorchcv": _pytorchcv,
}
"""How each library makes a model of a name."""
