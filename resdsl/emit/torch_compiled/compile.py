"""`model.compile(…)`: compiles an emitted network in place, by one of three strategies."""

# pyright: basic, reportPrivateUsage=false
# ruff: noqa: SLF001  torch types `compile` in part

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from typing import Any, Literal, cast

import torch
from torch import nn

from resdsl.analysis.checkpoint import Groups, checkpoint_groups
from resdsl.analysis.memory import read_bytes
from resdsl.emit.lowered.file import emit_lowered
from resdsl.emit.torch import graph_of, import_text
from resdsl.emit.torch_compiled.planner import Settings
from resdsl.emit.torch_compiled.runtime import Installed, Runtime
from resdsl.emit.torch_cpp import check_cache
from resdsl.ir.graph import Graph

Strategy = Literal["units", "modules", "graph"]


def compile_network(  # noqa: PLR0913  torch's own `compile` has as many
    self: nn.Module,
    strategy: Literal["auto", "units", "modules", "graph"] = "auto",
    *,
    backend: str = "inductor",
    mode: str | None = None,
    options: Mapping[str, Any] | None = None,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    memory_format: Literal["channels_last", "contiguous"] = "channels_last",
    dropped: Literal["none", "zero"] = "none",
    checkpoint: str | Groups | None = None,
    memory: str | int | None = None,
    graph: Graph | None = None,
) -> None:
    """Compiles the network in place: its modules, names and state dict stay as they are; copies are not compiled.

    Compilation itself happens at the first step of each kind (shape, type, training or not), as with torch's own.

    Args:
        self: the network.
        strategy: what is compiled.
            `units`: each distinct unit once, forward and backward, as a pure function, and nothing else: the cost does
            not depend on the depth, and a dropped block is not there at all.
            `modules`: torch.compile on the class of each distinct unit. For what needs each block to be called as a
            module: hooks, FSDP.
            `graph`: torch.compile on the whole network, in one graph. Not for training with blocks that are dropped by
            whole batches: each draw would be another graph.
            `auto`: `units`, or `graph` where `fullgraph` asks for one.
        backend: `inductor`, or another of torch.compile's; `units` knows `inductor` and `aot_eager`.
        mode: torch.compile's: `default`, `max-autotune-no-cudagraphs`, …
        options: of Inductor, by name.
        fullgraph: whether everything must be one graph.
        dynamic: torch.compile's.
        memory_format: how `units` lays out what flows between blocks.
        dropped: what the weights of a dropped block get: no gradient, so that optimizers leave them alone, or one of
            zero, so that weight decay and momentum still move them, and every rank of DDP has one.
        checkpoint: `every=K` keeps of each K blocks only what enters the first, and computes the rest again in the
            backward pass; or the groups of a policy, such as a plan's. Nothing that training changes (running
            statistics) is changed twice.
        memory: what weights, their gradients and activations may take together, as bytes or as text, `8GiB`; as few
            blocks as possible are computed again. The optimizer's own memory comes on top.
        graph: what the network was built from, where this process has not built it: after it was unpickled.

    Raises:
        ValueError: where a strategy cannot do what is asked.
    """
    chosen: Strategy = strategy if strategy != "auto" else "graph" if fullgraph else "units"
    for name, value in (("dropped", dropped != "none"), ("checkpoint", checkpoint), ("memory", memory is not None)):
        if chosen != "units" and value:
            raise ValueError(f"`{name}` belongs to the strategy `units`; this is `{chosen}`")
    if backend == "inductor":
        check_cache()
    torch_options: dict[str, Any] = {"backend": backend, "fullgraph": fullgraph, "dynamic": dynamic}
    torch_options |= _NO_LIMIT
    torch_options |= {"mode": mode} if mode else {}
    torch_options |= {"options": dict(options)} if options else {}
    match chosen:
        case "graph":
            survival = (graph or graph_of(self)).survival
            nn.Module.compile(self, **torch_options)
            if survival is not None and survival.per == "batch":
                run = cast("Callable[..., Any]", self._compiled_call_impl)
                self._compiled_call_impl = partial(_call_without_drops, self, run)
        case "modules":
            _compile_modules(self, torch_options)
        case "units":
            if backend not in _BACKENDS:
                raise ValueError(f"the strategy `units` knows the backends {', '.join(_BACKENDS)}, not `{backend}`")
            if dynamic:
                raise ValueError("the strategy `units` compiles for each shape; `dynamic` belongs to the others")
            if checkpoint is not None and memory is not None:
                raise ValueError("`checkpoint` says which blocks are computed again; `memory` finds that by itself")
            network = graph or graph_of(self)
            settings = Settings(
                backend,
                _inductor_options(mode, options),
                memory_format,
                again=None if checkpoint is None else _again(network, checkpoint),
                memory=None if memory is None else read_bytes(memory),
            )
            runtime = _runtime(self, network, settings, zero_gradients=dropped == "zero")
            self._compiled_call_impl = runtime  # what torch's own `compile` sets; copies and pickles leave it out


def read_every(text: str) -> int:
    """The number in `every=K`. Raises ValueError where it is none, or less than 1."""
    found = re.fullmatch(r"every\s*=\s*(\d+)", text.strip())
    if found is None or int(found[1]) < 1:
        raise ValueError(f"`{text}` is no policy: write `every=4`, to compute each four blocks of a stage again")
    return int(found[1])


def _again(graph: Graph, checkpoint: str | Groups) -> int | tuple[tuple[int, int], ...]:
    """What `checkpoint` asks for."""
    return read_every(checkpoint) if isinstance(checkpoint, str) else checkpoint_groups(graph, checkpoint).groups


def _runtime(model: nn.Module, graph: Graph, settings: Settings, *, zero_gradients: bool) -> Runtime:
    file = emit_lowered(graph)
    functions = vars(import_text(file.text, f"{graph.name}_lowered"))
    return Runtime(model, file, functions, settings, zero_gradients=zero_gradients)


def _call_without_drops(model: nn.Module, run: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Calls a network that is one graph. Raises ValueError in training: which blocks run is part of that graph."""
    if model.training:
        raise ValueError(
            "the strategy `graph` would compile a graph for each set of blocks that are dropped: train with `units` or "
            "`modules`, which compile each block once; `resdsl.Conditional(model)` is one graph that decides in it, "
            "and `survive …, per = sample` drops by samples"
        )
    return run(*args, **kwargs)


def _compile_modules(model: nn.Module, torch_options: Mapping[str, Any]) -> None:
    """Compiles the `forward` of each class once; torch's limit on recompilations then counts each class by itself."""
    home = type(model).__module__
    compiled: dict[type[nn.Module], Any] = {}
    for module in model.modules():
        cls = type(module)
        if module is not model and cls.__module__ == home:
            if cls not in compiled:
                compiled[cls] = torch.compile(cls.forward, **torch_options)
            module._compiled_call_impl = Installed(module, partial(compiled[cls], module))


def _inductor_options(mode: str | None, options: Mapping[str, Any] | None) -> tuple[tuple[str, Any], ...]:
    """Inductor's options for a mode and those that are given, by name."""
    from torch._inductor import list_mode_options

    of_mode = cast("dict[str, Any]", list_mode_options(mode)) if mode else {}
    if of_mode.get("triton.cudagraphs"):
        raise ValueError(f"`{mode}` records each graph; record the whole step instead, or use the strategy `graph`")
    return tuple(sorted({**of_mode, **(options or {})}.items()))


_NO_LIMIT: Mapping[str, int] = (
    {"recompile_limit": 2**16} if "recompile_limit" in signature(torch.compile).parameters else {}
)
"""Beyond its limit torch.compile runs eagerly, and only a log says so. Before torch 2.13 that is a global setting."""

_BACKENDS = ("inductor", "aot_eager")
