"""Weights of torchvision, timm and pytorchcv carried into networks of `.res` and back: a table of the differences.

For each peer its state dict, filled with random numbers, is saved, recognised, and loaded into the network that resdsl
builds; then the network's own numbers are converted to the peer's names and loaded there, strictly. Both compute the
same input in float64 each time. Nothing is downloaded. It ends with the largest difference of all.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

import resdsl
from resdsl.emit.torch import build
from resdsl.integrations.peers import make_peer

SPECS = Path(__file__).with_name("peers.res")


@dataclass(frozen=True)
class Peer:
    """A model of another library.

    Attributes:
        library: torchvision, timm or pytorchcv.
        name: the model there.
        network: the same in `.res`, as a network of `peers.res` or of a file that it uses.
        params: its parameters.
        size: the input on which both are run.
        is_large: whether it takes more than some seconds.
    """

    library: str
    name: str
    network: str
    params: dict[str, Any] = field(default_factory=dict)
    size: tuple[int, ...] = (3, 64, 64)
    is_large: bool = False

    def make(self) -> nn.Module:
        """The peer's own model, in float64, filled with random numbers."""
        return scatter(make_peer(f"{self.library}:{self.name}").model.double().eval())

    def graph(self) -> resdsl.Graph:
        """The network in `.res`."""
        return resdsl.load(SPECS, self.network, params=self.params)


@dataclass(frozen=True)
class Carried:
    """What became of one peer's weights.

    Attributes:
        scheme: the layout that was recognised.
        n_tensors: how many tensors fitted, of those that there are.
        n_params: trained values.
        into: the largest difference of a logit, relative to the largest logit, with the peer's numbers in our network.
        back: the same, with our numbers in the peer.
    """

    scheme: str
    n_tensors: int
    n_params: int
    into: float
    back: float


def carry(peer: Peer, folder: Path) -> Carried:
    """The peer's weights into our network, and ours into the peer, by files."""
    from safetensors.torch import load_file, save_file

    theirs = peer.make()
    graph = peer.graph()
    ours = build(graph).double().eval()
    sample = torch.randn((1, *peer.size), generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    file = folder / f"{peer.library}-{peer.name}.safetensors"
    save_file(theirs.state_dict(), file)
    match = resdsl.load_weights(ours, file).match
    into = difference(ours, theirs, sample)

    scatter(ours, seed=2)
    own = folder / "own.safetensors"
    save_file(ours.state_dict(), own)
    resdsl.convert_weights(graph, own, file, to=match.scheme)
    theirs.load_state_dict(load_file(file), strict=True)
    back = difference(ours, theirs, sample)
    file.unlink()
    own.unlink()
    n_params = sum(parameter.numel() for parameter in theirs.parameters())
    return Carried(match.scheme, len(match.pairs), n_params, into, back)


def difference(one: nn.Module, other: nn.Module, sample: Tensor) -> float:
    """The largest difference of two modules on one input, relative to the largest of what they give."""
    with torch.inference_mode():
        first, second = one(sample), other(sample)
    return ((first - second).abs().max() / second.abs().max()).item()


def scatter(model: nn.Module, seed: int = 1) -> nn.Module:
    """The model, every tensor of it filled with random numbers that keep the signal's size."""
    draw = torch.Generator().manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point():
            continue
        noise = torch.randn(tensor.shape, generator=draw, dtype=tensor.dtype)
        if name.endswith("running_var"):
            tensor.copy_(1 + 0.1 * noise.abs())
        elif tensor.dim() > 1:
            tensor.copy_(noise / math.sqrt(math.prod(tensor.shape[1:])))
        else:
            tensor.copy_(0.1 * noise + name.endswith("weight"))
    return model


CIFAR = (3, 32, 32)
WHOLE = (3, 224, 224)
BASIC = {"unit": "preact_basic", "blocks": [2, 2, 2, 2]}
SE_BASIC = {"unit": "se_preact_basic", "blocks": [2, 2, 2, 2]}
A360 = {"blocks": [3, 4, 23, 3], "alpha": 360}

PEERS = (
    Peer("torchvision", "resnet18", "resnet18"),
    Peer("torchvision", "resnet34", "resnet34"),
    Peer("torchvision", "resnet50", "resnet50"),
    Peer("torchvision", "resnet101", "resnet101", is_large=True),
    Peer("torchvision", "resnet152", "resnet152", is_large=True),
    Peer("torchvision", "resnext50_32x4d", "resnext50_32x4d"),
    Peer("torchvision", "resnext101_32x8d", "resnext101_32x8d", is_large=True),
    Peer("torchvision", "wide_resnet50_2", "wrn50_2", is_large=True),
    Peer("torchvision", "regnet_x_400mf", "regnet_x_400mf"),
    Peer("torchvision", "regnet_y_400mf", "regnet_y_400mf"),
    Peer("torchvision", "r3d_18", "resnet3d18", size=(3, 8, 32, 32), is_large=True),
    Peer("torchvision", "vgg11", "vgg11", size=WHOLE, is_large=True),
    Peer("torchvision", "vgg11_bn", "vgg11_bn", size=WHOLE, is_large=True),
    Peer("torchvision", "vgg19", "vgg19", size=WHOLE, is_large=True),
    Peer("timm", "resnet18", "resnet18"),
    Peer("timm", "resnet26", "resnet26"),
    Peer("timm", "resnet50", "resnet50"),
    Peer("timm", "resnet50d", "resnet50_d"),
    Peer("timm", "resnet50_gn", "resnet50_gn"),
    Peer("timm", "resnext50_32x4d", "resnext50_32x4d"),
    Peer("timm", "seresnet50", "se_resnet50"),
    Peer("timm", "seresnext50_32x4d", "se_resnext50_32x4d"),
    Peer("timm", "resnetrs50", "resnetrs50"),
    Peer("timm", "legacy_seresnet18", "legacy_se_resnet18"),
    Peer("timm", "legacy_seresnet50", "legacy_se_resnet50"),
    Peer("timm", "legacy_senet154", "legacy_senet154", is_large=True),
    Peer("timm", "resnetv2_50", "preact"),
    Peer("timm", "regnetx_002", "regnetx_002"),
    Peer("timm", "regnety_002", "regnety_002"),
    Peer("timm", "vgg11", "vgg11", size=WHOLE, is_large=True),
    Peer("pytorchcv", "resnet18", "resnet18", size=WHOLE),
    Peer("pytorchcv", "resnet50", "resnet50_v1", size=WHOLE),
    Peer("pytorchcv", "resnet50b", "resnet50", size=WHOLE),
    Peer("pytorchcv", "resneta50b", "resnet50_d", size=WHOLE),
    Peer("pytorchcv", "resnext50_32x4d", "resnext50_32x4d", size=WHOLE),
    Peer("pytorchcv", "seresnet18", "se_resnet18", size=WHOLE),
    Peer("pytorchcv", "seresnet50b", "se_resnet50", size=WHOLE),
    Peer("pytorchcv", "seresnext50_32x4d", "se_resnext50_32x4d", size=WHOLE),
    Peer("pytorchcv", "senet16", "senet16", size=WHOLE),
    Peer("pytorchcv", "preresnet18", "preact_after_norm", BASIC, size=WHOLE),
    Peer("pytorchcv", "preresnet50b", "preact_after_norm", size=WHOLE),
    Peer(
        "pytorchcv",
        "sepreresnet18",
        "preact_after_norm",
        SE_BASIC,
        size=WHOLE,
    ),
    Peer("pytorchcv", "wrn50_2", "wrn50_2_biased", size=WHOLE, is_large=True),
    Peer(
        "pytorchcv",
        "pyramidnet101_a360",
        "pyramidnet_imagenet",
        A360,
        size=WHOLE,
        is_large=True,
    ),
    Peer("pytorchcv", "regnetx002", "regnetx_002", size=WHOLE),
    Peer("pytorchcv", "regnety002", "regnety_002", size=WHOLE),
    Peer("pytorchcv", "vgg11", "vgg11", size=WHOLE, is_large=True),
    Peer("pytorchcv", "bn_vgg11", "vgg11_norm", size=WHOLE, is_large=True),
    Peer("pytorchcv", "resnet20_cifar10", "resnet_cifar_b", {"depth": 20}, CIFAR),
    Peer("pytorchcv", "seresnet20_cifar10", "se_resnet20_cifar", {}, CIFAR),
    Peer("pytorchcv", "preresnet20_cifar10", "preresnet_cifar_b", {"depth": 20}, CIFAR),
    Peer("pytorchcv", "wrn16_10_cifar10", "wrn", {"depth": 16, "widen": 10}, CIFAR, is_large=True),
    Peer("pytorchcv", "resnext29_32x4d_cifar10", "resnext_cifar", {"groups": 32, "base": 4}, CIFAR),
    Peer("pytorchcv", "pyramidnet110_a48_cifar10", "pyramidnet", {}, CIFAR),
    Peer("pytorchcv", "ror3_56_cifar10", "ror3_pooled", {"depth": 56}, CIFAR),
    Peer("pytorchcv", "nin_cifar10", "nin_cifar", {}, CIFAR),
)
"""One model at least of every family that the three libraries and the language share."""


def main() -> int:
    """Prints the table; 1 where a difference is larger than it may be, or weights do not fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="models, as `resnet50` or `timm:resnet50`; all where none is named")
    parser.add_argument("--quick", action="store_true", help="leave out what takes more than some seconds")
    options = parser.parse_args()
    chosen = [
        peer
        for peer in PEERS
        if not (options.quick and peer.is_large)
        and (not options.names or {peer.name, f"{peer.library}:{peer.name}"} & set(options.names))
    ]
    table = Table("library", "model", "layout found", "tensors", "parameters", "into .res", "back", "s", box=None)
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for peer in chosen:
            start = perf_counter()
            found = carry(peer, Path(folder))
            worst = max(worst, found.into, found.back)
            seconds = f"{perf_counter() - start:.1f}"
            numbers = f"{found.n_tensors:,}", f"{found.n_params:,}", f"{found.into:.1e}", f"{found.back:.1e}", seconds
            table.add_row(peer.library, peer.name, found.scheme, *numbers)
            print(f"{peer.library}:{peer.name}", file=sys.stderr)
    Console(width=120).print(table)
    print(f"{len(chosen)} models; the largest difference, relative to the largest logit: {worst:.1e}")
    return int(not worst <= TOLERANCE)


TOLERANCE = 1e-11

if __name__ == "__main__":
    sys.exit(main())
