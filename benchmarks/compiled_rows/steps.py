"""Measures training steps beside those of other libraries."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING, TypeAlias

from compiled_rows.card import throughput
from compiled_rows.row import Options, Row

if TYPE_CHECKING:
    from resdsl.integrations.bench.measure import Figures

Found: TypeAlias = "dict[tuple[str, str], Figures]"
"""What was measured of each network run in each way."""


def resnet110(options: Options) -> Iterator[Row]:
    """A training step of ResNet-110 at 32 pixels, beside pytorchcv's."""
    figures = _bench("resnet110", ("pytorchcv:resnet110_cifar10",), options, options.batch(8, 512))
    ours, eager = figures["resnet110", "compiled"], figures["pytorchcv:resnet110_cifar10", "eager"]
    yield from _steps(figures, options)
    yield Row("ResNet-110, compiled / pytorchcv's, eager", "≤ 0.90", f"**{_ratio(ours, eager, options):.3f}**")
    best = _best(figures, "pytorchcv:resnet110_cifar10", options)
    yield Row(f"ResNet-110, compiled / pytorchcv's best, {best.way}", "≤ 1.0", f"**{_ratio(ours, best, options):.3f}**")
    if options.device != "cpu":
        yield from throughput("resnet110", ours, options.batch(8, 512))


def resnet50(options: Options) -> Iterator[Row]:
    """A training step of ResNet-50 at 224 pixels, beside torchvision's and timm's."""
    peers = ("torchvision:resnet50", "timm:resnet50")
    dtype = "fp32" if options.device == "cpu" else "bf16"
    figures = _bench("resnet50", peers, options, options.batch(4, 256), dtype=dtype)
    ours = figures["resnet50", "compiled"]
    yield from _steps(figures, options)
    for peer in peers:
        best = _best(figures, peer, options)
        found = f"**{_ratio(ours, best, options):.3f}**"
        yield Row(f"ResNet-50, compiled / {peer}'s best, {best.way}", "≤ 1.0", found)
    if options.device != "cpu":
        yield from throughput("resnet50", ours, options.batch(4, 256))


def _bench(spec: str, peers: tuple[str, ...], options: Options, batch: int, *, dtype: str = "fp32") -> Found:
    import resdsl
    from resdsl.integrations.bench.session import Asked, bench

    asked = Asked(resdsl.load(spec), spec, peers, batch, options.rounds, options.threads, dtype, options.device)
    return {(each.network, each.way): each for each in bench(asked, "train")}


def _steps(figures: Found, options: Options) -> Iterator[Row]:
    for (network, way), each in figures.items():
        saved = f", {each.saved / 2**20:,.0f} MiB kept for the backward pass"
        peak = "" if each.peak is None else f", {each.peak / 2**20:,.0f} MiB at most"
        seconds = median(getattr(each, options.by))
        found = f"{seconds * 1e3:.1f} ms{saved}{peak}; first step {each.compile_processor:.1f} s of the processors"
        yield Row(f"{network}, {way}", "", found)


def _ratio(one: Figures, other: Figures, options: Options) -> float:
    from resdsl.integrations.bench.measure import ratio

    return ratio(one, other, by=options.by)


def _best(figures: Found, peer: str, options: Options) -> Figures:
    compiled = [each for (network, way), each in figures.items() if network == peer and way != "eager"]
    return min(compiled, key=lambda each: median(getattr(each, options.by)))
