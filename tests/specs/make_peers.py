"""Writes peers.json: what pytorchcv 0.0.74 computes for networks that the library has, too. Run by hand, beside it.

Weights are drawn by `fill` from what does not depend on names: a tensor's kind, its shape, and its place among those
of the same kind and shape. So the two networks need not agree on names, nor on the order of unlike layers.
"""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import torch
from torch import nn

FILE = Path(__file__).parent / "peers.json"


def fill(module: nn.Module) -> None:
    """Gives every tensor of a module its values; the module becomes float64."""
    module.double()
    seen: Counter[tuple[str, tuple[int, ...]]] = Counter()
    for name, tensor in module.state_dict().items():
        kind = name.rpartition(".")[2]
        shape = tuple(tensor.shape)
        place = seen[kind, shape]
        seen[kind, shape] += 1
        if kind == "num_batches_tracked":
            continue
        draw = torch.Generator().manual_seed(zlib.crc32(f"{kind} {shape} {place}".encode()))
        noise = torch.randn(shape, generator=draw, dtype=torch.float64)
        if kind == "running_var":
            tensor.copy_(1 + 0.1 * noise.abs())
        elif tensor.dim() > 1:
            tensor.copy_(noise / math.sqrt(math.prod(shape[1:])))
        else:
            tensor.copy_(0.1 * noise + (kind == "weight"))


def compute(module: nn.Module, size: int, *, trains: bool) -> dict[str, list[float]]:
    """First logits in evaluation; in training, if asked for, with the norm of the gradients of their mean square."""
    fill(module)
    x = torch.randn((2, 3, size, size), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with torch.no_grad():
        found = {"eval": module.eval()(x)[:, :8].flatten().tolist()}
    if trains:
        logits = module.train()(x)
        logits.square().mean().backward()
        norms = [parameter.grad.square().sum() for parameter in module.parameters() if parameter.grad is not None]
        found |= {"train": logits[:, :8].flatten().tolist(), "gradient": [torch.stack(norms).sum().sqrt().item()]}
    return found


def _peer(module: str, name: str, **settings: object) -> Callable[[], nn.Module]:
    return lambda: getattr(import_module(f"pytorchcv.models.{module}"), name)(**settings)


_CIFAR = {"num_classes": 10}
PEERS: dict[str, tuple[Callable[[], nn.Module], int, bool]] = {
    "pyramidnet(depth = 20, alpha = 30)": (
        _peer("pyramidnet_cifar", "get_pyramidnet_cifar", blocks=20, alpha=30, bottleneck=False, **_CIFAR), 32, True,
    ),
    "pyramidnet_bottleneck(depth = 29, alpha = 33)": (
        _peer("pyramidnet_cifar", "get_pyramidnet_cifar", blocks=29, alpha=33, bottleneck=True, **_CIFAR), 32, True,
    ),
    "preresnet_cifar_bottleneck(unit = preact_bottleneck, depth = 29)": (
        _peer("preresnet_cifar", "get_preresnet_cifar", blocks=29, bottleneck=True, **_CIFAR), 32, True,
    ),
    "resnext_cifar(depth = 29, groups = 8, base = 4)": (
        _peer("resnext_cifar", "get_resnext_cifar", blocks=29, cardinality=8, bottleneck_width=4, **_CIFAR), 32, True,
    ),
    "wrn(depth = 16, widen = 2)": (
        _peer("wrn_cifar", "get_wrn_cifar", blocks=16, width_factor=2, **_CIFAR), 32, True,
    ),
    "nin": (_peer("nin_cifar", "nin_cifar10"), 32, False),
    "se_resnet18": (_peer("seresnet", "seresnet18"), 224, True),
    "se_resnet50": (_peer("seresnet", "seresnet50b"), 224, False),
    "se_resnet50_v1": (_peer("seresnet", "seresnet50"), 224, False),
    "se_resnext50_32x4d": (_peer("seresnext", "seresnext50_32x4d"), 224, False),
    "resnet50_d": (_peer("resneta", "resneta50b"), 224, False),
    "senet154": (_peer("senet", "senet154"), 224, False),
    "vgg19": (_peer("vgg", "vgg19"), 224, False),
    "pyramidnet_imagenet(blocks = [3, 4, 23, 3], alpha = 360)": (_peer("pyramidnet", "pyramidnet101_a360"), 224, False),
}  # fmt: skip
"""The network of the library; its peer, the input size, and whether training is compared, too."""

if __name__ == "__main__":
    FILE.write_text(
        json.dumps(
            {
                call: {"size": size, **compute(make(), size, trains=trains)}
                for call, (make, size, trains) in PEERS.items()
            },
            indent=1,
        )
        + "\n",
        "utf-8",
    )
