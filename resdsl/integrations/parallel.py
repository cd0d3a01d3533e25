"""What many processes need from a network: one draw for all, gradients for what is dropped, shards by unit, stages."""

# pyright: basic
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from resdsl.emit.names import module_names
from resdsl.emit.torch import build
from resdsl.ir.cut import cut_graph
from resdsl.ir.dropped import drop_residual
from resdsl.ir.graph import Graph

# ---------------------------------------------------------------- one draw for all


class SharedDraws:
    """Stands in for the method `draw` of a network, so that its random numbers depend on seed and step alone.

    Every process that sets the same step drops the same blocks, with nothing to communicate, and training that is
    resumed at a step draws what it would have drawn. torch's own generators stay as they are.

    Attributes:
        step: of training; to be set before each.
        latest: the last draw of training: for each block whether it is kept, and what scales it.
    """

    def __init__(self, model: nn.Module, seed: int, *, per_sample: bool) -> None:
        self.latest: Sequence[Any] = ()
        self._model, self._seed, self._per_sample = model, seed, per_sample
        self._draw: Any = getattr(model, "draw")  # noqa: B009
        self.at(0)

    def at(self, step: int, part: int = 0) -> None:
        """Sets the step, and of how many parts of its batch others take care before this process does.

        Where each sample has its own draw, each part must have another one; else the part is of no account.
        """
        self.step, self._part = step, part

    def __call__(self, *inputs: Tensor) -> Sequence[Any]:
        """What the network's own `draw` gives."""
        if not self._model.training:
            return self._draw(*inputs)
        before = torch.get_rng_state()
        part = self._part if self._per_sample else 0
        torch.default_generator.manual_seed(mixed(self._seed, self.step, part))
        try:
            self.latest = self._draw(*inputs)
        finally:
            torch.set_rng_state(before)
        self._part += 1
        return self.latest


def share_draws(model: nn.Module, graph: Graph, seed: int) -> SharedDraws | None:
    """Makes a network's draws depend on a seed and the step alone; None where it draws nothing."""
    if graph.survival is None:
        return None
    draws = SharedDraws(model, seed, per_sample=graph.survival.per == "sample")
    model.draw = draws  # pyright: ignore[reportArgumentType]  found before the method of the class
    return draws


def zero_dropped(model: nn.Module, graph: Graph, draws: SharedDraws) -> None:
    """Gives the weights of dropped blocks gradients of zero, for DistributedDataParallel, which waits for each.

    Without `find_unused_parameters`, and under `static_graph` too. A network that is compiled by units has that from
    `model.compile(dropped="zero")`.
    """
    blocks = [list(block.parameters()) for step, block in _blocks(model, graph) if step.survival is not None]

    def hook(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        if not (model.training and torch.is_grad_enabled()):
            return output
        kept = zip(draws.latest, blocks, strict=True)
        weights = [weight for (is_kept, _), own in kept if not is_kept for weight in own if weight.requires_grad]
        return _ZeroGradients.apply(output, *weights) if weights else output

    if graph.survival is not None and graph.survival.per == "batch":
        model.register_forward_hook(hook)


class _ZeroGradients(torch.autograd.Function):
    """y = x, and for each weight a gradient of zero."""

    @staticmethod
    def forward(ctx: Any, output: Tensor, *weights: Tensor) -> Tensor:
        ctx.weights = weights
        return output.view_as(output)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return gradients[0], *(torch.zeros_like(weight) for weight in ctx.weights)


def zero_missing(weights: Iterable[nn.Parameter]) -> None:
    """Gives every weight without a gradient one of zero: decay and momentum move it, as in Huang et al.'s own code."""
    for weight in weights:
        if weight.grad is None and weight.requires_grad:
            weight.grad = torch.zeros_like(weight)


def mixed(*numbers: int) -> int:
    """64 bits that differ much where one of the numbers differs little (splitmix64, Steele et al. 2014)."""
    found = 0
    for number in numbers:
        found = (found + number + 0x9E3779B97F4A7C15) & _64
        found = ((found ^ found >> 30) * 0xBF58476D1CE4E5B9) & _64
        found = ((found ^ found >> 27) * 0x94D049BB133111EB) & _64
        found ^= found >> 31
    return found


_64 = 2**64 - 1


# ---------------------------------------------------------------- shards


def shard_units(model: nn.Module, graph: Graph, **options: Any) -> None:
    """`fully_shard` on each unit, then on the network: a unit's weights are whole only while it runs.

    Where blocks are dropped all processes must drop the same (`share_draws`), or they wait for each other for ever.

    Args:
        model: the network.
        graph: what it was built from.
        **options: `fully_shard`'s: `mesh`, `reshard_after_forward`, …
    """
    from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method

    left = {unit: drop_residual(unit)[0].n_params for unit in graph.units if unit.is_block}
    for step, module in _blocks(model, graph):
        fully_shard(module, **options)
        if step.survival is not None and left.get(step.unit):  # what is left of a dropped block has weights too
            register_fsdp_forward_method(module, "skip")
    fully_shard(model, **options)


def average_statistics(model: nn.Module, group: Any = None) -> None:
    """Makes the running statistics of batch norms those of all processes: their mean.

    Each process counts its own part of a batch. To be called before evaluation, and before a checkpoint.
    """
    import torch.distributed as dist

    buffers = [buffer for buffer in model.buffers() if buffer.is_floating_point()]
    if not buffers:
        return
    flat = torch.cat([buffer.flatten() for buffer in buffers])
    dist.all_reduce(flat, group=group)
    flat /= dist.get_world_size(group)
    for buffer, mean in zip(buffers, flat.split([buffer.numel() for buffer in buffers]), strict=True):
        buffer.copy_(mean.view_as(buffer))


def _blocks(model: nn.Module, graph: Graph) -> Iterable[tuple[Any, nn.Module]]:
    """The steps that have a module of their own, with it."""
    for step, names in zip(graph.steps, module_names(graph, graph.keys), strict=True):
        if names.path:
            yield step, model.get_submodule(names.path)


# ---------------------------------------------------------------- stages


class Stage:
    """One stage of a pipeline, as a module of its own.

    Args:
        graph: the whole network.
        cuts: where its stages begin, but the first: see `resdsl.analysis.partition`.
        number: which stage this is, from 0.
        whole: the state dict of the whole network, to begin with.
        seed: of the draws, which all stages share.

    Attributes:
        graph: of the stage.
        module: what it computes.
        keys: for each key of its state dict the one of the whole network's.
        draws: those of the whole network; None where it draws nothing.
    """

    def __init__(
        self, graph: Graph, cuts: Sequence[int], number: int, whole: dict[str, Tensor], *, seed: int = 0
    ) -> None:
        stages = cut_graph(graph, cuts)
        own = [list(build(stage, device="meta").state_dict()) for stage in stages[: number + 1]]
        before = sum(map(len, own[:-1]))
        self.graph = stages[number]
        self.module = build(self.graph)
        self.keys = dict(zip(own[-1], list(whole)[before : before + len(own[-1])], strict=True))
        self.module.load_state_dict({key: whole[name] for key, name in self.keys.items()})
        drawing = build(graph, device="meta")
        self.draws = share_draws(drawing, graph, seed)
        if self.draws is not None and self.graph.survival is not None:
            first = sum(step.survival is not None for stage in stages[:number] for step in stage.steps)
            self.module.draw = _OwnDraws(self.module, self.draws, first)  # pyright: ignore[reportArgumentType]


class _OwnDraws:
    """Of the draws of a whole network those of one stage."""

    def __init__(self, module: nn.Module, draws: SharedDraws, first: int) -> None:
        self._module, self._draws, self._first = module, draws, first
        self._own: Any = getattr(module, "draw")  # noqa: B009
        self._count = len(getattr(module, "survival")())  # noqa: B009

    def __call__(self, *inputs: Tensor) -> Sequence[Any]:
        if not self._module.training:
            return self._own(*inputs)
        return list(self._draws(*inputs))[self._first : self._first + self._count]
