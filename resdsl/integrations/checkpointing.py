"""Recomputes blocks in the backward pass instead of keeping what they computed; statistics are counted once."""

# pyright: basic
from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


def checkpoint_blocks(blocks: Iterable[nn.Module], *, enable: bool = True) -> None:
    """Makes each block keep only what enters it, or keep everything again; names and state dict stay as they are.

    Plain `torch.utils.checkpoint` runs the forward of a batch norm twice, and so moves its running statistics twice
    (pytorch #96136). Here the second run has buffers of its own, which are thrown away.
    """
    for block in blocks:
        block.__dict__.pop("forward", None)
        if enable:
            block.forward = Recomputed(block)


class Recomputed:
    """Stands in for the forward of a block; copies and pickles with it."""

    def __init__(self, block: nn.Module) -> None:
        self.block = block

    def __call__(self, *inputs: Any) -> Any:
        """What the block computes."""
        forward = type(self.block).forward
        if not torch.is_grad_enabled():
            return forward(self.block, *inputs)
        return checkpoint(forward, self.block, *inputs, use_reentrant=False, context_fn=self._contexts)

    def _contexts(self) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _spare_buffers(self.block)


@contextmanager
def _spare_buffers(block: nn.Module) -> Generator[None]:
    """Copies in the place of all buffers, for as long as the context lasts."""
    kept = [(vars(module)["_buffers"], dict(vars(module)["_buffers"])) for module in block.modules()]
    for buffers, own in kept:
        buffers.update({name: None if buffer is None else buffer.clone() for name, buffer in own.items()})
    try:
        yield
    finally:
        for buffers, own in kept:
            buffers.update(own)
