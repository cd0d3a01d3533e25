"""Recomputes blocks in the backward pass instead of keeping what they computed; statistics are counted once."""

# pyright: basic
from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from resdsl.analysis.checkpoint import Groups, checkpoint_groups
from resdsl.emit.names import module_names
from resdsl.emit.torch_parts import step_calls
from resdsl.ir.graph import Graph


def recompute_blocks(blocks: Iterable[nn.Module], *, enable: bool = True) -> None:
    """Makes each block keep only what enters it, or keep everything again; names and state dict stay as they are."""
    for block in blocks:
        block.__dict__.pop("forward", None)
        if enable:
            block.forward = _Block(block)


def recompute_groups(model: nn.Module, graph: Graph, groups: Groups) -> None:
    """Makes a network keep only what enters each of these groups; names and state dict stay as they are.

    For a network that runs eagerly or has its blocks compiled (`modules`). `model.compile(checkpoint=groups)` does the
    same for one that is compiled by units.

    Args:
        model: the network.
        graph: what it was built from.
        groups: see `Checkpoint.groups`; where there are none, everything is kept again.

    Raises:
        ValueError: where they are no groups of steps of this network.
    """
    checkpoint_groups(graph, groups)
    model.__dict__.pop("forward", None)
    if groups:
        model.forward = _Network(model, graph, groups)


class _Block:
    """Stands in for the forward of a block; copies and pickles with it."""

    def __init__(self, block: nn.Module) -> None:
        self.block = block

    def __call__(self, *inputs: Any) -> Any:
        """What the block computes."""
        forward = partial(type(self.block).forward, self.block)
        return _recomputed(forward, [self.block], *inputs) if torch.is_grad_enabled() else forward(*inputs)


class _Network:
    """Stands in for the forward of a network; copies and pickles with it."""

    def __init__(self, model: nn.Module, graph: Graph, groups: Groups) -> None:
        self.model, self.graph, self.groups = model, graph, groups
        self._calls = step_calls(graph)
        self._paths = [place.path for place in module_names(graph, graph.keys)]
        self._last_use = {value: position for position, step in enumerate(graph.steps) for value in step.inputs}
        self._last_use |= {value: len(graph.steps) for _, value in graph.returned}

    def __reduce__(self) -> Any:
        return _Network, (self.model, self.graph, self.groups)

    def __call__(self, x: Tensor) -> Any:
        """What the network computes."""
        if not torch.is_grad_enabled():
            return type(self.model).forward(self.model, x)
        draws = self._draws(x)
        ends = dict(self.groups)
        values = {0: x}
        first = 0
        while first < len(self.graph.steps):
            beyond = ends.get(first, first + 1)
            run = partial(self._run, first, beyond, draws)
            if first in ends:
                modules = [self.model.get_submodule(path) for path in self._paths[first:beyond]]
                run = partial(_recomputed, run, modules)
            made = run(*(values[value] for value in self.graph.entering(first, beyond)))
            values.update(zip(self._leaving(first, beyond), made, strict=True))
            values = {value: kept for value, kept in values.items() if self._last_use[value] >= beyond}
            first = beyond
        returned = {label: values[value] for label, value in self.graph.returned}
        return returned if self.graph.taps else returned[""]

    def _run(self, first: int, beyond: int, draws: Sequence[Any], *inputs: Tensor) -> list[Tensor]:
        """Runs steps on what enters them; what is still used after them."""
        values = dict(zip(self.graph.entering(first, beyond), inputs, strict=True))
        for position in range(first, beyond):
            taken = [values[value] for value in self.graph.steps[position].inputs]
            values[position + 1] = self._calls[position](self.model, draws[position], *taken)
            values = {value: kept for value, kept in values.items() if self._last_use[value] > position}
        return [values[value] for value in self._leaving(first, beyond)]

    def _leaving(self, first: int, beyond: int) -> list[int]:
        return [value for value in range(first + 1, beyond + 1) if self._last_use[value] >= beyond]

    def _draws(self, x: Tensor) -> list[Any]:
        """The draw of each step; None for those that are never dropped."""
        survival = self.graph.survival
        if survival is None:
            return [None] * len(self.graph.steps)
        model: Any = self.model
        drawn = iter(model.draw() if survival.per == "batch" else model.draw(x))
        return [next(drawn) if step.survival is not None else None for step in self.graph.steps]


def _recomputed(run: Callable[..., Any], blocks: Iterable[nn.Module], *inputs: Any) -> Any:
    """What a function of these blocks gives; the backward pass computes it again.

    Plain `torch.utils.checkpoint` runs the forward of a batch norm twice, and so moves its running statistics twice
    (pytorch #96136). Here the second run has buffers of its own, which are thrown away.
    """

    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _spare_buffers(blocks)

    return checkpoint(run, *inputs, use_reentrant=False, context_fn=contexts)


@contextmanager
def _spare_buffers(blocks: Iterable[nn.Module]) -> Generator[None]:
    """Copies in the place of all buffers, for as long as the context lasts."""
    inside = [module for block in blocks for module in block.modules()]
    kept = [(vars(module)["_buffers"], dict(vars(module)["_buffers"])) for module in inside]
    for buffers, own in kept:
        buffers.update({name: None if buffer is None else buffer.clone() for name, buffer in own.items()})
    try:
        yield
    finally:
        for buffers, own in kept:
            buffers.update(own)
