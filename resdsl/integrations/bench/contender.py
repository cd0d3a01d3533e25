"""Who takes part in a measurement: networks of specs and of other libraries, each eager and compiled."""

# pyright: basic

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Literal

import torch
from torch import Tensor, nn

from resdsl.compiler import load
from resdsl.emit.torch import build
from resdsl.emit.torch_inference import for_inference
from resdsl.integrations.peers import PEERS, make_peer
from resdsl.ir.graph import Graph

Task = Literal["train", "eval"]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is the same for all.

    Attributes:
        batch: samples in a batch.
        shape: of one sample.
        device: where it runs.
        autocast: the type of torch's autocast; None for float32 throughout.
        settings: further settings of `compile` for networks of specs.
    """

    batch: int
    shape: tuple[int, ...]
    device: str
    autocast: torch.dtype | None
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to run one network.

    Attributes:
        network: what the user called it.
        way: how it runs.
        make: the module, ready for its first step.
        channels_last: whether its input is laid out so.
    """

    network: str
    way: str
    make: Callable[[], nn.Module]
    channels_last: bool = False


def contenders(name: str, task: Task, conditions: Conditions) -> Iterator[Contender]:
    """The ways in which a network runs: of a spec eager and compiled, of another library as its users run it."""
    if name.partition(":")[0] in PEERS:
        yield from _of_peer(name, task)
    else:
        yield from contenders_of_graph(name, load(name), task, conditions)


def contenders_of_graph(name: str, graph: Graph, task: Task, conditions: Conditions) -> Iterator[Contender]:
    """The ways in which a network of ours runs."""

    def compiled() -> nn.Module:
        model = build(graph)
        model.compile(**conditions.settings)
        return model

    def folded() -> nn.Module:
        model = for_inference(graph, precision="fp32" if conditions.autocast is None else conditions.autocast)
        model.compile()
        return model

    yield Contender(name, "eager", lambda: build(graph))
    yield Contender(name, "compiled", compiled)
    if task == "eval":
        yield Contender(name, "folded and compiled", folded)


def _of_peer(name: str, task: Task) -> Iterator[Contender]:
    make_peer(name)  # there is no point in measuring the others before it is known that this one exists

    def made(*, channels_last: bool = False) -> nn.Module:
        model = make_peer(name).model
        return _channels_last(model) if channels_last else model

    yield Contender(name, "eager", made)
    yield Contender(name, "torch.compile", lambda: CompiledByTorch(made()))
    yield Contender(
        name, "torch.compile, channels last", lambda: CompiledByTorch(made(channels_last=True)), channels_last=True
    )
    if task == "eval":
        yield Contender(
            name,
            "torch.compile, frozen, channels last",
            lambda: CompiledByTorch(made(channels_last=True), freezing=True),
            channels_last=True,
        )


class CompiledByTorch(nn.Module):
    """A model under torch.compile, by itself: equal code of other contenders does not serve it.

    Freezing is an option that must stand in the configuration while the model is traced; an argument comes too late.

    Args:
        model: the model.
        freezing: whether its weights are constants of the machine code.
        mode: torch.compile's.
    """

    def __init__(self, model: nn.Module, *, freezing: bool = False, mode: str | None = None) -> None:
        super().__init__()
        self.freezing = freezing
        self.model: Any = _torch_compile(model, mode=mode, **_ISOLATED)

    def forward(self, x: Tensor) -> Any:
        """What the model gives for a batch."""
        from torch._inductor import config

        with config.patch(freezing=self.freezing):
            return self.model(x)


def _channels_last(model: Any) -> nn.Module:
    return model.to(memory_format=torch.channels_last)


_torch_compile: Any = torch.compile
_ISOLATED = {"isolate_recompiles": True} if "isolate_recompiles" in signature(torch.compile).parameters else {}
"""Torch 2.11 has no such setting yet; there, contenders with equal code share what was compiled first."""
