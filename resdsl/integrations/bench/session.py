"""One measurement as it was asked for: which networks, on which device, with how many threads."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from resdsl.integrations.bench.contender import Conditions, Task, contenders, contenders_of_graph
from resdsl.integrations.bench.measure import Figures, measure
from resdsl.ir.graph import Graph

Ways = Literal["eager", "compiled", "both"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for.

    Attributes:
        graph: the network.
        name: what the user called it.
        against: the others, by name.
        batch: samples in a batch.
        rounds: how often each is timed.
        threads: of torch; None for its own choice.
        dtype: `fp32`, or the type of autocast.
        device: where it runs; None for a GPU where there is one.
        ways: `eager`, `compiled` or both.
        settings: further settings of `compile`.
    """

    graph: Graph
    name: str
    against: tuple[str, ...] = ()
    batch: int = 8
    rounds: int = 15
    threads: int | None = None
    dtype: str = "fp32"
    device: str | None = None
    ways: Ways = "both"
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])


def bench(asked: Asked, task: Task, tell: Callable[[str], object] = lambda _: None) -> list[Figures]:
    """The figures of the network, then of the others, the ways of each in order.

    Raises:
        ResError: where another network is none.
    """
    conditions = Conditions(
        asked.batch, asked.graph.input.dims, device_of(asked), _AUTOCAST[asked.dtype], asked.settings
    )
    entrants = [*contenders_of_graph(asked.name, asked.graph, task, conditions)]
    for name in asked.against:
        entrants += contenders(name, task, conditions)
    if asked.ways != "both":
        entrants = [each for each in entrants if (each.way == "eager") == (asked.ways == "eager")]
    before = torch.get_num_threads()
    torch.set_num_threads(asked.threads or before)
    try:
        return measure(entrants, task, conditions, rounds=asked.rounds, tell=tell)
    finally:
        torch.set_num_threads(before)


def device_of(asked: Asked) -> str:
    """Where it runs."""
    return asked.device or ("cuda" if torch.cuda.is_available() else "cpu")


def describe_machine(asked: Asked) -> dict[str, str]:
    """What the figures depend on."""
    on_gpu = device_of(asked).startswith("cuda")
    device = torch.cuda.get_device_name() if on_gpu else f"{platform.machine()}, {os.cpu_count()} cores"
    threads = asked.threads or torch.get_num_threads()
    return {"torch": torch.__version__, "device": device, "threads": str(threads), "dtype": asked.dtype}


_AUTOCAST = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
