"""Measures what stochastic depth saves."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from statistics import mean, median
from typing import TYPE_CHECKING

from compiled_rows.row import Options, Row, timed

if TYPE_CHECKING:
    from torch import Tensor, nn

    from resdsl.ir.graph import Graph


def stochastic_depth(options: Options) -> Iterator[Row]:
    """What a schedule saves of a training step; the peers compute every block and mask it."""
    import torch

    import resdsl
    from resdsl.emit.torch_compiled.runtime import runtime_of

    torch.set_num_threads(options.threads)
    graph = resdsl.load("resnet110_sd")
    x = torch.randn(options.batch(8, 512), 3, 32, 32, device=options.device)
    dropping, constant = (resdsl.build("resnet110_sd").to(options.device).train() for _ in range(2))
    constant.set_survival(0)  # p_l = 1: the same network, every block kept
    for model in (dropping, constant):
        model.compile()
    for model in (dropping, constant) * 3:
        _train(model, x)
    graphs = [runtime_of(model).n_graphs for model in (dropping, constant)]
    n_rounds = options.rounds * 4
    times: dict[str, list[float]] = {"dropping": [], "constant": []}
    kept: list[float] = []
    shares = _shares(graph)
    for seed in range(n_rounds):
        for name, model in (("dropping", dropping), ("constant", constant)):
            torch.manual_seed(seed)
            times[name].append(timed(lambda model=model: _train(model, x), options))
        torch.manual_seed(seed)
        draws = [is_kept for is_kept, _ in dropping.draw()]
        kept.append(1 - sum(share for share, is_kept in zip(shares, draws, strict=True) if not is_kept))
    ratio = mean(times["dropping"]) / mean(times["constant"])
    yield Row("stochastic depth, 110 layers, p_L = 0.5: multiply-adds that were kept", "", f"{mean(kept):.3f}")
    wanted = f"≤ {1.05 * mean(kept):.3f}, 1.05 of that"
    yield Row("its step / the same network, every block kept, both compiled", wanted, f"**{ratio:.3f}**")
    made = [runtime_of(model).n_graphs for model in (dropping, constant)]
    found = f"**{sum(made) - sum(graphs)}**, in {n_rounds} steps with as many draws"
    yield Row("graphs compiled after the first step, any drop pattern", "0", found)
    yield Row("timm's resnet50 at 64 pixels, drop path 0.5 / 0, eager", "", f"{_drop_path(options):.3f}")


def _shares(graph: Graph) -> list[float]:
    """The part of the multiply-adds that the residual branch of each block has."""
    from resdsl.ir.dropped import drop_residual

    total = sum(step.unit.macs for step in graph.steps)
    blocks = [step for step in graph.steps if step.survival is not None]
    return [(step.unit.macs - drop_residual(step.unit)[0].macs) / total for step in blocks]


def _drop_path(options: Options) -> float:
    """What timm's stochastic depth saves."""
    import torch

    from resdsl.integrations.peers import declare_operators

    declare_operators()  # timm imports torchvision
    timm = import_module("timm")
    x = torch.randn(options.batch(8, 256), 3, 64, 64, device=options.device)
    models = [timm.create_model("resnet50", drop_path_rate=rate).to(options.device).train() for rate in (0.5, 0.0)]
    times: list[list[float]] = [[], []]
    for model in models * 2:
        _train(model, x)
    for _ in range(options.rounds):
        for model, found in zip(models, times, strict=True):
            found.append(timed(lambda model=model: _train(model, x), options))
    return median(times[0]) / median(times[1])


def _train(model: nn.Module, x: Tensor) -> None:
    model.zero_grad()
    model(x).square().mean().backward()
