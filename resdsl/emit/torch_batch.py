"""Tries a module on one batch of random numbers, and compares what comes out."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor, nn

from resdsl.shape import Shape


def run_batch(model: nn.Module, sample: Shape, size: int) -> tuple[tuple[int, ...], ...]:
    """The shapes that leave a module in evaluation mode, for `size` samples; taps each have their own.

    Raises:
        MemoryError: where the batch does not fit.
    """
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode(), _memory_for(size):
            return tuple(tuple(tensor.shape) for tensor in tensors_of(model(torch.randn(size, *sample.dims))))
    finally:
        model.train(was_training)


def train_batch(model: nn.Module, sample: Shape, size: int) -> None:
    """Runs a module in training mode, forward and backward; its weights stay, its running statistics move.

    Raises:
        MemoryError: where the batch does not fit.
    """
    model.train()
    with _memory_for(size):
        loss = sum(tensor.square().mean() for tensor in tensors_of(model(torch.randn(size, *sample.dims))))
        cast("Tensor", loss).backward()  # pyright: ignore[reportUnknownMemberType]
    model.zero_grad()


def difference(given: object, wanted: object) -> float:
    """How far what one module gives is from what another does, as a part of the largest number that is wanted.

    Where several tensors leave, that of the worst; NaN where one of them has a NaN.
    """
    pairs = zip(tensors_of(given), tensors_of(wanted), strict=True)
    apart = [(one - other).abs().max() / other.abs().max().clamp_min(1e-30) for one, other in pairs]
    return float(torch.stack(apart).max())


@contextmanager
def _memory_for(size: int) -> Generator[None]:
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise MemoryError(f"a batch of {size} does not fit in memory") from error


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether torch says so: of a GPU by a type of its own, of the host in words alone."""
    return isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error)


def tensors_of(output: object) -> Iterable[Tensor]:
    """The tensors that a network gives: one, or those of a mapping or sequence."""
    match output:
        case Tensor():
            yield output
        case Mapping():
            for value in cast("Mapping[object, object]", output).values():
                yield from tensors_of(value)
        case tuple() | list():
            for value in cast("Iterable[object]", output):
                yield from tensors_of(value)
        case _:
            raise TypeError(f"a network gives tensors, not a {type(output).__name__}")
