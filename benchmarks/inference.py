"""Measures inference: ours against torchvision's, eager, compiled and compiled with frozen weights.

    python benchmarks/inference.py [--rounds 15] [--threads 2] [--only resnet50] [--json FILE] [--quick]

Everything that is compared runs in one process with the same weights, in turns: each round times every contender once,
and a ratio is the median over the rounds of its time by the baseline's. Runs on a GPU where there is one. Writes
Markdown to stdout; `benchmarks/README.md` says what to compare with.
"""

from __future__ import annotations

import argparse
import copy
import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn

import resdsl
from resdsl.integrations.peers import declare_operators

Run = Callable[[Tensor], Tensor]


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


@dataclass
class Figure:
    """What was measured of one contender.

    Attributes:
        name: who it is.
        first: seconds until the first result: compilation.
        seconds: of the clock for one batch, in every round.
        processor: of all its threads together, in every round.
        error: its largest difference from the peer in float64, as a part of the largest output.
    """

    name: str
    first: float
    error: float
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description="Inference, ours against torchvision's.")
    parser.add_argument("--rounds", type=int, default=15, help="how often each contender is timed")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of torch, on the CPU")
    parser.add_argument("--only", default="", help="cases whose name begins so")
    parser.add_argument("--json", type=Path, help="where to write every time that was measured")
    parser.add_argument("--quick", action="store_true", help="the baseline, the best of the peers, and ours, alone")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    measured: dict[str, list[Figure]] = {}
    for case in CASES:
        if case.name.startswith(options.only):
            measured[case.name] = measure(case, rounds=options.rounds, quick=options.quick)
            print("\n".join(table(case, measured[case.name])), flush=True)
    if options.json:
        figures = {name: [asdict(figure) for figure in found] for name, found in measured.items()}
        options.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1), encoding="utf-8")


def measure(case: Case, *, rounds: int, quick: bool = False) -> list[Figure]:
    """The figures of one case, the baseline first."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    peer = settled(case.peer(), case.size).to(device)
    x = torch.randn(case.batch, 3, case.size, case.size, device=device)
    with torch.no_grad():
        wanted = copy.deepcopy(peer).double()(x.double())
        runs: list[Run] = []
        figures: list[Figure] = []
        for name, make in contenders(case, peer, x):
            if quick and name not in QUICK:
                continue
            start = time.perf_counter()
            run = make()
            error = float((run(x).double() - wanted).abs().max() / wanted.abs().max())
            figures.append(Figure(name, time.perf_counter() - start, error))
            runs.append(run)
        for run in runs * 2:
            run(x)
        times = [repeats(run, x) for run in runs]
        for _ in range(rounds):
            for run, figure, n in zip(runs, figures, times, strict=True):
                seconds, processor = timed(run, x, n)
                figure.seconds.append(seconds)
                figure.processor.append(processor)
    return figures


def settled(model: nn.Module, size: int) -> nn.Module:
    """The model at evaluation, its batch norms with the statistics of random images, so that its outputs are usual."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean of all batches
    with torch.no_grad():
        for _ in range(2):
            model.train()(torch.randn(8, 3, min(size, 128), min(size, 128)))
    return model.eval().requires_grad_(requires_grad=False)


def contenders(case: Case, peer: nn.Module, x: Tensor) -> Iterator[tuple[str, Callable[[], Run]]]:
    """Everything that is compared, by name; each makes its callable, which takes float32 in the usual layout."""

    def ours(precision: str, *, compiled: bool) -> Run:
        model = resdsl.for_inference(case.spec, trained=peer.state_dict(), precision=precision)
        if compiled:
            model.compile()
        return model

    yield BASELINE, lambda: peer
    yield "torchvision, channels last", lambda: laid_out(peer)
    yield "torchvision, torch.compile", lambda: compiled_by_torch(copy.deepcopy(peer), x, frozen=False)
    yield FROZEN, lambda: compiled_by_torch(copy.deepcopy(peer), x, frozen=True)
    yield f"{FROZEN}, channels last", lambda: compiled_by_torch(laid_out(peer), x, frozen=True)
    yield "torchvision, bf16, channels last", lambda: Cast(laid_out(peer).bfloat16())
    yield FROZEN_BF16, lambda: compiled_by_torch(Cast(laid_out(peer).bfloat16()), x, frozen=True)
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


def compiled_by_torch(model: nn.Module, x: Tensor, *, frozen: bool) -> Run:
    """The model under torch.compile, compiled for x.

    `options={"freezing": True}` would freeze nothing: Dynamo must know of it too, from the configuration. And a frozen
    model must not share what was compiled of another with the same code.
    """
    from torch._inductor import config

    mode = "max-autotune" if x.device.type == "cuda" else None
    compiled = torch.compile(model, fullgraph=True, mode=mode, isolate_recompiles=True)
    with config.patch(freezing=frozen):
        compiled(x)
    return compiled


def repeats(run: Run, x: Tensor) -> int:
    """How often a short run is repeated, so that a reading of the clock tells something."""
    return max(1, round(_LEAST / max(timed(run, x, 1)[0], 1e-6)))


def timed(run: Run, x: Tensor, n: int) -> tuple[float, float]:
    """Seconds of the clock and of the processor for one of n runs."""
    if x.device.type == "cuda":
        torch.cuda.synchronize()
    clock, processor = time.perf_counter(), time.process_time()
    for _ in range(n):
        run(x)
    if x.device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - clock) / n, (time.process_time() - processor) / n


def table(case: Case, figures: Sequence[Figure]) -> Iterator[str]:
    """The figures as a Markdown table."""
    yield f"## {case.name}, {case.size} pixels, batch {case.batch}"
    yield ""
    yield "| | ms | / baseline | / frozen peer | processor ms | images/s | error | first result |"
    yield "|---|---|---|---|---|---|---|---|"
    by_name = {figure.name: figure for figure in figures}
    for figure in figures:
        seconds = median(figure.seconds)
        frozen = best_peer(by_name, figure)
        beside = f"{ratio(figure, frozen):.2f}" if frozen is not None else ""
        processor = median(figure.processor) * 1e3
        yield (
            f"| {figure.name} | {seconds * 1e3:.1f} | {ratio(figure, figures[0]):.2f} | {beside} "
            f"| {processor:.1f} | {case.batch / seconds:.0f} | {figure.error:.0e} | {figure.first:.1f} s |"
        )
    yield ""


def best_peer(by_name: dict[str, Figure], figure: Figure) -> Figure | None:
    """The quickest of the peer's compiled and frozen forms in the same precision."""
    is_bf16 = "bf16" in figure.name
    peers = [peer for name, peer in by_name.items() if name.startswith(FROZEN) and ("bf16" in name) == is_bf16]
    return min(peers, key=lambda peer: median(peer.seconds), default=None)


def ratio(figure: Figure, by: Figure) -> float:
    """The median over the rounds of one time by the other."""
    return median(one / other for one, other in zip(figure.seconds, by.seconds, strict=True))


def machine() -> dict[str, str]:
    """What it ran on."""
    name = torch.cuda.get_device_name() if torch.cuda.is_available() else platform.processor() or platform.machine()
    return {
        "device": name,
        "threads": str(torch.get_num_threads()),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


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


_LEAST = 0.02  # seconds
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
