"""Times contenders in turns, so that what the machine does besides falls on all of them alike."""

# pyright: basic

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from statistics import median
from typing import Any, cast

import torch
from torch import Tensor, nn

from resdsl.emit.torch_batch import tensors_of
from resdsl.integrations.bench.contender import Conditions, Contender, Task


@dataclass(slots=True)
class Figures:
    """What was measured of one contender.

    Attributes:
        network, way: whose figures these are.
        compile_seconds: of the clock, until its first step was done.
        compile_processor: of the processors, those of the C++ compiler included.
        seconds: of the clock for one step, in every round.
        processor: of this process's threads together, in every round.
        saved: bytes that training keeps of the activations for the backward pass; None at evaluation.
        peak: the most bytes that the device had in use; None for a processor.
    """

    network: str
    way: str
    compile_seconds: float
    compile_processor: float
    seconds: list[float] = field(default_factory=list[float])
    processor: list[float] = field(default_factory=list[float])
    saved: int | None = None
    peak: int | None = None

    @property
    def median(self) -> float:
        """The median time of a step, in seconds of the clock."""
        return median(self.seconds)


@dataclass(frozen=True, slots=True)
class _Runner:
    """A module that is ready for steps."""

    figures: Figures
    step: Callable[[], None]


def measure(
    entrants: Iterable[Contender],
    task: Task,
    conditions: Conditions,
    *,
    rounds: int,
    tell: Callable[[str], object] = lambda _: None,
) -> list[Figures]:
    """The figures of all contenders; each round times every one once, and begins with another.

    Args:
        entrants: who takes part.
        task: a training step (forward, backward, no optimizer), or a forward pass at evaluation.
        conditions: what is the same for all.
        rounds: how often each is timed.
        tell: is told what happens.
    """
    runners = [_ready(contender, task, conditions, tell) for contender in entrants]
    for runner in runners:
        runner.step()
    for number in range(rounds):
        tell(f"round {number + 1} of {rounds}")
        start = number % len(runners)
        for runner in (*runners[start:], *runners[:start]):
            seconds, processor = _timed(runner.step, conditions.device)
            runner.figures.seconds.append(seconds)
            runner.figures.processor.append(processor)
    return [runner.figures for runner in runners]


def ratio(one: Figures, other: Figures, *, by: str = "seconds") -> float:
    """The median time of one by that of another: of the clock, or `by="processor"`."""
    return median(cast("list[float]", getattr(one, by))) / median(cast("list[float]", getattr(other, by)))


def _ready(contender: Contender, task: Task, conditions: Conditions, tell: Callable[[str], object]) -> _Runner:
    tell(f"first step of {contender.network}, {contender.way}")
    torch.manual_seed(0)
    model = contender.make().to(conditions.device)
    model.train(task == "train")
    x = torch.randn(conditions.batch, *conditions.shape, device=conditions.device)
    if contender.channels_last and x.dim() == _IMAGES:
        x = x.contiguous(memory_format=torch.channels_last)
    step = _training_step(model, x, conditions) if task == "train" else _evaluation(model, x, conditions)
    _settle(conditions.device)
    clock, processor = time.perf_counter(), all_processors()
    step()
    _settle(conditions.device)
    figures = Figures(contender.network, contender.way, time.perf_counter() - clock, all_processors() - processor)
    if task == "train":
        figures.saved = _saved(model, x, conditions)
    if conditions.device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
        step()
        figures.peak = torch.cuda.max_memory_allocated()
    return _Runner(figures, step)


def _training_step(model: nn.Module, x: Tensor, conditions: Conditions) -> Callable[[], None]:
    def step() -> None:
        model.zero_grad()
        with _autocast(conditions):
            y = model(x)
        loss: Any = sum(value.float().square().mean() for value in tensors_of(y))
        loss.backward()

    return step


def _evaluation(model: nn.Module, x: Tensor, conditions: Conditions) -> Callable[[], None]:
    def step() -> None:
        with torch.no_grad(), _autocast(conditions):
            model(x)

    return step


def _autocast(conditions: Conditions) -> Any:
    if conditions.autocast is None:
        return nullcontext()
    return torch.autocast(torch.device(conditions.device).type, dtype=conditions.autocast)


def _timed(step: Callable[[], None], device: str) -> tuple[float, float]:
    _settle(device)
    clock, processor = time.perf_counter(), time.process_time()
    step()
    _settle(device)
    return time.perf_counter() - clock, time.process_time() - processor


def _settle(device: str) -> None:
    """Waits until the device has done what it was given."""
    gc.collect(0)
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def all_processors() -> float:
    """Seconds of the processors for this process and for the compilers that it started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _saved(model: nn.Module, x: Tensor, conditions: Conditions) -> int:
    """The bytes that autograd keeps of a forward pass, each memory once, those of the weights left out."""
    weights = {tensor.untyped_storage().data_ptr() for tensor in model.state_dict().values()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), _autocast(conditions):
        y = model(x)
    del y
    return sum(kept.values())


_IMAGES = 4
