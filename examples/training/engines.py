"""How a step is taken: on one process, or on many by DDP, FSDP2 or a pipeline of stages.

All take the same step: the mean loss of the global batch, each part of it (one for each process or microbatch) with
batch statistics of its own. So they train to the same losses as one process that takes a batch in as many parts, but
for the order in which numbers are added.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional

import resdsl
from resdsl.analysis.checkpoint import Groups
from resdsl.analysis.plan import Plan
from resdsl.integrations import parallel
from resdsl.integrations.checkpointing import recompute_groups
from training.planned import Measured

Batch = tuple[Tensor, Tensor]


class Single:
    """One process; also what the others begin with.

    Attributes:
        graph: the network.
        module: what this process trains.
        keys: for each key of its state dict the whole network's, where they differ.
        device: where it computes.
        measured: what was measured of this process.
    """

    keys: dict[str, str] | None = None

    def __init__(self, graph: resdsl.Graph, plan: Plan, given: Any, device: torch.device) -> None:
        self.graph, self.given, self.device = graph, given, device
        self.measured = Measured(device)
        self.rank, self.n_ranks = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
        self.module = resdsl.build(graph).to(device)
        self.average = (
            torch.optim.swa_utils.AveragedModel(
                self.module, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(given.ema), use_buffers=True
            )
            if given.ema
            else None
        )  # copied before anything is put into the module
        self.draws = parallel.share_draws(self.module, graph, given.seed)
        self.scaler = torch.amp.GradScaler(device.type, enabled=given.amp == "fp16")
        self.prepare(plan.ranks[self.rank].groups)
        self.wrap()

    def prepare(self, groups: Groups) -> None:
        """Compiles in place, by units, where that is asked; lets these groups of blocks be computed again."""
        if self.given.compile:  # what is dropped gets gradients of zero
            self.module.compile(dropped="zero", backend=self.given.compile, checkpoint=groups)
        else:
            recompute_groups(self.module, self.graph, groups)

    def wrap(self) -> None:
        """Makes `self.network`, what is called."""
        self.network: nn.Module = self.module

    def autocast(self) -> Any:
        types = {"bf16": torch.bfloat16, "fp16": torch.float16}
        return torch.autocast(self.device.type, types[self.given.amp]) if self.given.amp else nullcontext()

    def step(self, batch: Batch, step: int, optimizer: torch.optim.Optimizer) -> Tensor:
        """Takes one step; the mean loss of this process's part of the batch."""
        n_parts = self.given.parts
        x, labels = (each.chunk(self.n_ranks)[self.rank] for each in batch)
        self.at(step)
        losses: list[Tensor] = []
        for number, (part, of_part) in enumerate(zip(x.chunk(n_parts), labels.chunk(n_parts), strict=True)):
            with self.accumulating(is_last=number == n_parts - 1):
                with self.autocast():
                    loss = functional.cross_entropy(self.network(part), of_part)
                self.scaler.scale(loss / n_parts).backward()
            losses.append(loss.detach())
        self.finish(optimizer)
        return torch.stack(losses).mean()

    def at(self, step: int) -> None:
        """Makes whatever is random a function of seed and step; dropout differs between processes, draws do not."""
        torch.manual_seed(parallel.mixed(self.given.seed, step, self.rank + 1))
        if self.draws is not None:
            self.draws.at(step, self.rank * self.given.parts)

    def accumulating(self, *, is_last: bool) -> Any:
        """What one part of several runs in."""
        return nullcontext()

    def finish(self, optimizer: torch.optim.Optimizer) -> None:
        """The optimizer's step."""
        parallel.zero_missing(self.module.parameters())
        self.scaler.step(optimizer)
        self.scaler.update()
        if not self.measured.held:
            self.measured.count(self.module, optimizer)
        optimizer.zero_grad()
        if self.average is not None:
            self.average.update_parameters(self.module)

    def mean_losses(self, losses: Tensor) -> Tensor:
        """Of all processes, by step."""
        if self.n_ranks > 1:
            dist.all_reduce(losses)
            losses = losses / self.n_ranks
        return losses

    @torch.no_grad()
    def evaluate(self, batches: list[Batch]) -> tuple[float, float]:
        """Mean loss and accuracy; each process looks at all of them."""
        self.synchronise()
        network = self.average.module if self.average is not None else self.network
        network.eval()
        found = torch.zeros(3, dtype=torch.float64)
        for x, labels in batches:
            with self.autocast():
                found += _counted(network(x), labels)
        network.train()
        return float(found[0] / found[2]), float(found[1] / found[2])

    def synchronise(self) -> None:
        """Makes what each process counts by itself that of all."""
        if self.n_ranks > 1:
            parallel.average_statistics(self.module)
            if self.average is not None:
                parallel.average_statistics(self.average.module)


class Ddp(Single):
    """Each process has the network and a part of the batch; gradients are averaged."""

    def wrap(self) -> None:
        if self.draws is not None and not self.given.compile:
            parallel.zero_dropped(self.module, self.graph, self.draws)
        self.network = nn.parallel.DistributedDataParallel(self.module, gradient_as_bucket_view=True)

    def accumulating(self, *, is_last: bool) -> Any:
        return nullcontext() if is_last else self.network.no_sync()

    def finish(self, optimizer: torch.optim.Optimizer) -> None:
        super().finish(optimizer)
        self.measured.freed = 0  # gradients are views of its buckets


class Fsdp(Single):
    """Each process has a shard of every weight and a part of the batch."""

    def prepare(self, groups: Groups) -> None:
        if self.given.compile:
            self.module.compile("modules", backend=self.given.compile)
        recompute_groups(self.module, self.graph, groups)

    def wrap(self) -> None:
        parallel.shard_units(self.module, self.graph)
        self.network = self.module

    def accumulating(self, *, is_last: bool) -> Any:
        self.module.set_requires_gradient_sync(is_last)
        return nullcontext()


class Pipeline(Single):
    """Each process has a stage; the microbatches of a batch pass through, one forward and one backward at a time."""

    def __init__(self, graph: resdsl.Graph, plan: Plan, given: Any, device: torch.device) -> None:
        from torch.distributed.pipelining import PipelineStage, Schedule1F1B

        self.graph, self.given, self.device = graph, given, device
        self.measured = Measured(device)
        self.rank, self.n_ranks = dist.get_rank(), dist.get_world_size()
        self.average, self.scaler = None, torch.amp.GradScaler(device.type, enabled=False)
        cuts = [rank.first for rank in plan.ranks[1:]]
        stage = parallel.Stage(graph, cuts, self.rank, resdsl.build(graph).state_dict(), seed=given.seed)
        self.module, self.keys, self.draws = stage.module.to(device), stage.keys, stage.draws
        own = plan.ranks[self.rank]
        recompute_groups(
            self.module, stage.graph, [(first - own.first, beyond - own.first) for first, beyond in own.groups]
        )
        size, n_parts = given.batch // given.parts, given.parts
        self.shapes = [(size, *shape.dims) for shape in (stage.graph.input, stage.graph.output)]
        examples = [  # torch asks them which gradients will be sent
            torch.empty(shape, device="meta", requires_grad=is_sent)
            for shape, is_sent in zip(self.shapes, (self.rank > 0, True), strict=True)
        ]
        self.stage = PipelineStage(
            self.module, self.rank, self.n_ranks, device, input_args=(examples[0],), output_args=(examples[1],)
        )
        self.schedule = Schedule1F1B(self.stage, n_parts, loss_fn=functional.cross_entropy)
        self.network = self.module

    def step(self, batch: Batch, step: int, optimizer: torch.optim.Optimizer) -> Tensor:
        self.at(step)
        x, labels = batch
        losses: list[Tensor] = []
        inputs = (x,) if self.rank == 0 else ()
        if self.rank == self.n_ranks - 1:
            self.schedule.step(*inputs, target=labels, losses=losses)
        else:
            self.schedule.step(*inputs)
        self.finish(optimizer)
        return torch.stack(losses).mean().detach() if losses else torch.zeros((), device=self.device)

    def at(self, step: int) -> None:
        super().at(step)
        if self.draws is not None:
            self.draws.at(step)  # every stage sees every microbatch

    def mean_losses(self, losses: Tensor) -> Tensor:
        dist.all_reduce(losses)  # all but the last stage have zeros
        return losses

    @torch.no_grad()
    def evaluate(self, batches: list[Batch]) -> tuple[float, float]:
        self.module.eval()
        found = torch.zeros(3, dtype=torch.float64)
        for x, labels in batches:
            held = x
            if self.rank > 0:
                held = torch.empty(len(x), *self.shapes[0][1:], device=self.device)
                dist.recv(held, self.rank - 1)
            held = self.module(held)
            if self.rank < self.n_ranks - 1:
                dist.send(held.contiguous(), self.rank + 1)
            else:
                found += _counted(held, labels)
        found = found.to(self.device)  # nccl knows nothing of processors
        dist.all_reduce(found)
        self.module.train()
        return float(found[0] / found[2]), float(found[1] / found[2])

    def synchronise(self) -> None:
        """Each stage has its statistics for itself."""


def _counted(scores: Tensor, labels: Tensor) -> Tensor:
    """The sum of losses, how many are right, how many there are."""
    loss = functional.cross_entropy(scores.float(), labels, reduction="sum").double()
    right = (scores.argmax(1) == labels).sum().double()
    return torch.stack([loss, right, torch.full_like(loss, len(labels))]).cpu()


def renamed(state: dict[str, Any], keys: dict[str, str] | None) -> dict[str, Any]:
    """A flat state of model or optimizer with the tensors named as in the whole network."""
    return dict(_renamed(state, keys or {}))


def _renamed(state: dict[str, Any], keys: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for key, value in state.items():
        head, _, rest = key.partition(".")
        if head in {"state", "param_groups"}:  # of the optimizer: state.s1.0.conv1.weight.momentum_buffer
            name, _, field = rest.rpartition(".")
            yield f"{head}.{keys.get(name, name)}.{field}", value
        else:
            yield keys.get(key, key), value


ENGINES = {"none": Single, "ddp": Ddp, "fsdp": Fsdp, "pipeline": Pipeline}
