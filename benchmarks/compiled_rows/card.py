"""Measures what a GPU makes of a training step: CUDA graphs, `max-autotune`, its own peak."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from compiled_rows.row import Options, Row, timed

if TYPE_CHECKING:
    from torch import Tensor, nn

    from resdsl.integrations.bench.measure import Figures


def card(options: Options) -> Iterator[Row]:
    """ResNet-110 and ResNet-50 on a GPU: CUDA graphs of the whole step, and `max-autotune`."""
    import torch

    import resdsl

    if options.device == "cpu":
        return
    for spec, pixels, batch in (("resnet110", 32, 512), ("resnet50", 224, 256)):
        x = torch.randn(batch, 3, pixels, pixels, device=options.device)
        steps: dict[str, Callable[[], None]] = {}
        for way, settings in (("compiled", {}), ("max-autotune", {"mode": "max-autotune-no-cudagraphs"})):
            model = resdsl.build(spec).to(options.device).train()
            model.compile(**settings)
            steps[way] = partial(_train_bf16, model, x)
            steps[f"{way}, CUDA graph of the step"] = _recorded(model, x)
        times: dict[str, list[float]] = {way: [] for way in steps}
        for _ in range(options.rounds):
            for way, step in steps.items():
                times[way].append(timed(step, options))
        for way, found in times.items():
            yield Row(f"{spec}, batch {batch}, bf16, {way}", "", f"{batch / median(found):,.0f} images a second")


def _train_bf16(model: nn.Module, x: Tensor) -> None:
    import torch

    model.zero_grad()
    with torch.autocast(x.device.type, dtype=torch.bfloat16):
        y = model(x)
    y.float().square().mean().backward()


def _recorded(model: nn.Module, x: Tensor) -> Callable[[], None]:
    """A training step recorded once as one CUDA graph, to be replayed."""
    import torch

    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            _train_bf16(model, x)
    torch.cuda.current_stream().wait_stream(stream)
    recording = torch.cuda.CUDAGraph()
    model.zero_grad()
    with torch.cuda.graph(recording):
        with torch.autocast(x.device.type, dtype=torch.bfloat16):
            y = model(x)
        y.float().square().mean().backward()
    return recording.replay


def throughput(spec: str, figures: Figures, batch: int) -> Iterator[Row]:
    """What a training step makes of a GPU."""
    import torch

    import resdsl

    macs = resdsl.cost(resdsl.load(spec)).total.macs
    a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    for _ in range(3):
        a @ a
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(20):
        a @ a
    torch.cuda.synchronize()
    peak = 20 * 2 * 8192**3 / (time.perf_counter() - start)
    reached = 3 * 2 * macs * batch / figures.median  # the backward pass costs two forward passes
    yield Row(f"{spec}: images a second", "", f"{batch / figures.median:,.0f}")
    found = f"{reached / 1e12:.1f} TFLOP/s, {reached / peak:.0%} of what it reaches in bf16 products of matrices"
    yield Row(f"{spec}: of the card", "", found)
