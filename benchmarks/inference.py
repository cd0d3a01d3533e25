"""Measures inference: ours against torchvision's, eager, compiled and compiled with frozen weights.

    python benchmarks/inference.py [--rounds 15] [--threads 2] [--only resnet50] [--json FILE] [--quick]

Everything that is compared runs in one process with the same weights, in turns: each round times every contender once,
and a ratio is that of medians. Runs on a GPU where there is one. Writes Markdown to stdout; `benchmarks/README.md` says
what to compare with.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

import resdsl
from resdsl.integrations.bench.contender import CompiledByTorch, Conditions, Contender
from resdsl.integrations.bench.measure import Figures, measure, ratio
from resdsl.integrations.peers import declare_operators


@dataclass(frozen=True)
class Case:
    """One network on one batch.

    Attributes:
        name: for titles and `--only`.
        spec: ours.
        peer: makes torchvision's.
        size: of the images, in pixels.
        batch: how many of them.
    """

    name: str
    spec: str
    peer: Callable[[], nn.Module]
    size: int
    batch: int


@dataclass(frozen=True)
class Measured:
    """What was measured of a case.

    Attributes:
        figures: of each contender by its way, the baseline first.
        errors: of each, its largest difference from the peer in float64, as a part of the largest output.
    """

    figures: Mapping[str, Figures]
    errors: Mapping[str, float]

    def best_frozen(self, *, in_bf16: bool, by: str = "seconds") -> Figures | None:
        """The quickest of the peer's compiled and frozen forms in a precision."""
        names = [way for way in self.figures if way.startswith(FROZEN) and ("bf16" in way) == in_bf16]
        best = min(names, key=lambda way: ratio(self.figures[way], self.figures[BASELINE], by=by), default=None)
        return self.figures[best] if best else None


def main() -> None:
    parser = argparse.ArgumentParser(description="Inference, ours against torchvision's.")
    parser.add_argument("--rounds", type=int, default=15, help="how often each contender is timed")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of torch, on the CPU")
    parser.add_argument("--only", default="", help="cases whose name begins so")
    parser.add_argument("--json", type=Path, help="where to write every time that was measured")
    parser.add_argument("--quick", action="store_true", help="the baseline, the best of the peers, and ours, alone")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    found: dict[str, Measured] = {}
    for case in CASES:
        if case.name.startswith(options.only):
            found[case.name] = measure_case(case, rounds=options.rounds, ways=QUICK if options.quick else None)
            print("\n".join(table(case, found[case.name])), flush=True)
    if options.json:
        texts = {name: asdict(measured) for name, measured in found.items()}
        options.json.write_text(json.dumps({"torch": torch.__version__, "cases": texts}, indent=1), encoding="utf-8")


def measure_case(case: Case, *, rounds: int, ways: Sequence[str] | None = None) -> Measured:
    """The figures of one case; of some ways only, where these are given."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    peer = settled(case.peer(), case.size).to(device)
    models: dict[str, nn.Module] = {}

    def kept(way: str, make: Callable[[], nn.Module]) -> nn.Module:
        models[way] = make()
        return models[way]

    entrants = [
        Contender(case.name, way, partial(kept, way, make))
        for way, make in contenders(case, peer, "max-autotune" if device == "cuda" else None)
        if ways is None or way in ways
    ]
    conditions = Conditions(case.batch, (3, case.size, case.size), device, None, {})
    figures = measure(entrants, "eval", conditions, rounds=rounds)
    x = torch.randn(case.batch, *conditions.shape, device=device)
    with torch.no_grad():
        wanted = copy.deepcopy(peer).double()(x.double())
        errors = {way: _difference(model(x), wanted) for way, model in models.items()}
    return Measured({each.way: each for each in figures}, errors)


def _difference(found: Tensor, wanted: Tensor) -> float:
    return float((found.double() - wanted).abs().max() / wanted.abs().max())


def settled(model: nn.Module, size: int) -> nn.Module:
    """The model at evaluation, its batch norms with the statistics of random images, so that its outputs are usual."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean of all batches
    with torch.no_grad():
        for _ in range(2):
            model.train()(torch.randn(8, 3, min(size, 128), min(size, 128)))
    return model.eval().requires_grad_(requires_grad=False)


def contenders(case: Case, peer: nn.Module, mode: str | None) -> Iterator[tuple[str, Callable[[], nn.Module]]]:
    """All that is compared, by the way in which it runs; each takes and gives float32 in the usual layout.

    The mode is torch.compile's for the peer.
    """

    def ours(precision: str, *, compiled: bool) -> nn.Module:
        model = resdsl.for_inference(case.spec, trained=peer.state_dict(), precision=precision)
        if compiled:
            model.compile()
        return model

    def frozen(model: nn.Module) -> nn.Module:
        return CompiledByTorch(model, freezing=True, mode=mode)

    yield BASELINE, lambda: peer
    yield "torchvision, channels last", lambda: laid_out(peer)
    yield "torchvision, torch.compile", lambda: CompiledByTorch(copy.deepcopy(peer), mode=mode)
    yield FROZEN, lambda: frozen(copy.deepcopy(peer))
    yield f"{FROZEN}, channels last", lambda: frozen(laid_out(peer))
    yield "torchvision, bf16, channels last", lambda: Cast(laid_out(peer).bfloat16())
    yield FROZEN_BF16, lambda: frozen(Cast(laid_out(peer).bfloat16()))
    yield "resdsl, folded", lambda: ours("fp32", compiled=False)
    yield OURS, lambda: ours("fp32", compiled=True)
    yield "resdsl, folded, bf16", lambda: ours("bf16", compiled=False)
    yield OURS_BF16, lambda: ours("bf16", compiled=True)


class Cast(nn.Module):
    """A model in bf16 that takes and gives float32, as ours does."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x.to(torch.bfloat16, memory_format=torch.channels_last)).float()


def laid_out(model: nn.Module) -> nn.Module:
    """A copy whose weights have their channels last."""
    return copy.deepcopy(model).to(memory_format=torch.channels_last)


def table(case: Case, measured: Measured) -> Iterator[str]:
    """The figures as a Markdown table."""
    yield f"## {case.name}, {case.size} pixels, batch {case.batch}"
    yield ""
    yield "| | ms | / baseline | / frozen peer | images/s | error | first result |"
    yield "|---|---|---|---|---|---|---|"
    for way, each in measured.figures.items():
        frozen = measured.best_frozen(in_bf16="bf16" in way)
        beside = f"{ratio(each, frozen):.2f}" if frozen is not None else ""
        of_baseline = ratio(each, measured.figures[BASELINE])
        yield (
            f"| {way} | {each.median * 1e3:.1f} | {of_baseline:.2f} | {beside} "
            f"| {case.batch / each.median:.0f} | {measured.errors[way]:.0e} | {each.compile_seconds:.1f} s |"
        )
    yield ""


# ---------------------------------------------------------------- the networks


def resnet50() -> nn.Module:
    """torchvision's."""
    declare_operators()
    from torchvision.models import resnet50 as make

    return make()


def resnet110() -> nn.Module:
    """He et al.'s network for CIFAR, written as torchvision writes its own: option B, since it has no other."""
    declare_operators()
    from torchvision.models.resnet import BasicBlock, conv1x1

    def stage(width: int, stride: int) -> nn.Sequential:
        entering = width // stride if stride > 1 else width
        shortcut = nn.Sequential(conv1x1(entering, width, stride), nn.BatchNorm2d(width)) if stride > 1 else None
        return nn.Sequential(
            BasicBlock(entering, width, stride, shortcut), *(BasicBlock(width, width) for _ in range(17))
        )

    class ResNet110(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(16)
            self.relu = nn.ReLU(inplace=True)
            self.layer1, self.layer2, self.layer3 = stage(16, 1), stage(32, 2), stage(64, 2)
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.fc = nn.Linear(64, 10)

        def forward(self, x: Tensor) -> Tensor:
            x = self.layer3(self.layer2(self.layer1(self.relu(self.bn1(self.conv1(x))))))
            return self.fc(torch.flatten(self.avgpool(x), 1))

    return ResNet110()


BASELINE = "torchvision, eager"
FROZEN = "torchvision, torch.compile, frozen"
FROZEN_BF16 = f"{FROZEN}, bf16, channels last"
OURS = "resdsl, compiled"
OURS_BF16 = "resdsl, compiled, bf16"
QUICK = frozenset({BASELINE, FROZEN, f"{FROZEN}, channels last", OURS, OURS_BF16})
RESNET110 = 'res 1 use "resnet_cifar.res" network net = resnet_cifar_b(depth = 110) { keys torchvision }'
CASES = (
    Case("resnet50", "resnet50", resnet50, 224, 2),
    Case("resnet110, batch 8", RESNET110, resnet110, 32, 8),
    Case("resnet110, batch 64", RESNET110, resnet110, 32, 64),
)

if __name__ == "__main__":
    main()
