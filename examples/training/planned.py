"""What the compiler plans for a run: which blocks are computed again to fit in memory; what was measured beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

import resdsl
from resdsl.analysis.memory import DType, memory
from resdsl.analysis.plan import Asked, Plan, Strategy, plans
from resdsl.integrations.bench.peak import watch_peak

ANY = 2**63
STRATEGIES: dict[str, Strategy] = {"none": "ddp", "ddp": "ddp", "fsdp": "fsdp", "pipeline": "pipeline"}
DTYPES: dict[str | None, DType] = {None: "float32", "bf16": "bfloat16", "fp16": "float16"}


def plan_for(graph: resdsl.Graph, given: Any, n_ranks: int) -> Plan:
    """How so many processes train, each within `--memory`. Ends the program where they cannot."""
    is_pipeline = given.parallel == "pipeline"
    held = memory(graph)
    average = held.weights + held.buffers if given.ema else 0
    asked = Asked(
        n_ranks,
        ANY if given.memory is None else given.memory - average,
        given.batch if is_pipeline else given.batch // given.parts,
        given.parts if is_pipeline else None,
        dtype=DTYPES[given.amp],
    )
    plan = plans(graph, asked)[STRATEGIES[given.parallel]]
    if isinstance(plan, str):
        raise SystemExit(plan)
    if not plan.fits:
        least = max(rank.total for rank in plan.ranks) + average
        raise SystemExit(
            f"{plan.ranks[0].samples} samples at once do not fit in {given.memory:,} bytes: with blocks computed again"
            f" they take {least:,}; a smaller --batch, more --parts, or more processes"
        )
    return plan


class Measured:
    """What one process took: to be held against its plan.

    Attributes:
        held: bytes of weights, gradients, what the optimizer keeps, buffers.
        freed: what of it goes at the end of a step: gradients that have no memory of their own.
        peak: the most bytes that a step took besides what was there when it began: activations and gradients.
        busy: seconds of processor time in steps.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.held = self.freed = self.peak = 0
        self.busy = 0.0

    @property
    def total(self) -> int:
        """The most bytes at once."""
        return self.held - self.freed + self.peak

    def count(self, module: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Counts what is held, before gradients go."""
        gradients = [weight.grad for weight in module.parameters()]
        kept = [value for state in optimizer.state.values() for value in state.values()]
        self.freed = _bytes(gradients)
        self.held = _bytes([*module.parameters(), *gradients, *module.buffers(), *kept])

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Measures the peak of the step that runs inside."""
        with watch_peak(self.device) as peak:
            yield
        self.peak = peak.n_bytes


def _bytes(values: list[Any]) -> int:
    """Of this process: where a tensor is in shards, of its own shard."""
    tensors = [value for value in values if isinstance(value, Tensor)]
    return sum((tensor.to_local() if isinstance(tensor, DTensor) else tensor).nbytes for tensor in tensors)


def compare(plan: Plan, given: Any, measured: Measured) -> None:
    """Tells what was planned for each process beside what was measured, and writes `plan.json`."""
    own = (measured.held, measured.total, measured.busy)
    every: list[Any] = [own]
    if dist.is_initialized():
        every = [None] * dist.get_world_size()
        dist.all_gather_object(every, own)
        if dist.get_rank():
            return
    held, total, seconds = map(list, zip(*every, strict=True))
    found: dict[str, Any] = {
        "state": {"planned": [rank.state for rank in plan.ranks], "measured": held},
        "in all": {"planned": [rank.total for rank in plan.ranks], "measured": total},
    }
    if given.parallel == "pipeline" and measured.device.type == "cpu":  # seconds of a processor: who waits takes none
        found["balance"] = {"planned": plan.balance, "measured": max(seconds) * len(seconds) / sum(seconds)}
    for what, values in found.items():
        print(f"{what}: planned {values['planned']}, measured {values['measured']}", flush=True)
    (given.out / "plan.json").write_text(json.dumps(found, indent=1) + "\n")
