"""Measures what checkpointing saves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from compiled_rows.row import Options, Row

if TYPE_CHECKING:
    from torch import nn


def checkpointing(options: Options) -> Iterator[Row]:
    """What ResNet-1202 takes with activations kept and computed again."""
    import torch

    import resdsl
    from resdsl.analysis.checkpoint import checkpoint_every
    from resdsl.analysis.memory import memory
    from resdsl.integrations.bench.contender import Conditions, Contender
    from resdsl.integrations.bench.measure import measure, ratio

    torch.set_num_threads(options.threads)
    graph = resdsl.load("resnet1202")
    batch = options.batch(4, 128)
    ways = {"kept": {}, "every=4": {"checkpoint": "every=4"}, "every=12": {"checkpoint": "every=12"}}

    def make(settings: dict[str, str]) -> Callable[[], nn.Module]:
        def made() -> nn.Module:
            model = resdsl.build(graph)
            model.compile(**settings)
            return model

        return made

    entrants = [Contender("resnet1202", way, make(settings)) for way, settings in ways.items()]
    conditions = Conditions(batch, graph.input.dims, options.device, None, {})
    figures = measure(entrants, "train", conditions, rounds=max(3, options.rounds // 4))
    said = {"kept": memory(graph, batch=batch).saved}
    said |= {f"every={n}": checkpoint_every(graph, n, batch=batch).saved for n in (4, 12)}
    for each in figures:
        kept = f"{each.saved / 2**20:,.0f} MiB kept for the backward pass, foretold {said[each.way] / 2**20:,.0f}"
        found = f"{kept}; step / that of `kept` {ratio(each, figures[0], by=options.by):.2f}"
        yield Row(f"ResNet-1202, batch {batch}, activations {each.way}", "", found)
