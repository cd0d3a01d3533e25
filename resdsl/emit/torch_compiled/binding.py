"""Finds the tensors of a module that each call of the lowered network takes."""

# pyright: basic, reportPrivateUsage=false
# ruff: noqa: SLF001  the tables of a module are private

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from resdsl.emit.lowered.file import LoweredFile
from resdsl.emit.lowered.region import Parameter
from resdsl.ops.base import TorchCall
from resdsl.passes.lower import Call


@dataclass(frozen=True, slots=True)
class Site:
    """Where a tensor stands: in `table`, the parameters or buffers of a module, under `name`."""

    module: nn.Module
    table: dict[str, Any]
    name: str

    def get(self) -> Tensor:
        """The tensor as it is now."""
        found = self.table.get(self.name)
        return getattr(self.module, self.name) if found is None else found


@dataclass(frozen=True, slots=True)
class Bound:
    """The tensors of one step.

    Attributes:
        sites: those that its function takes, in the function's order.
        dropped: of these, by number, those that the function of the dropped step takes.
        norms: its batch norms.
        dropped_norms: of these, by number, those that the function of the dropped step has.
        noises: its other modules that do something else in training.
        module: the step's own module; None where its layers stand at the network's top.
        layers: its layers, each with the path of its module and what the function takes it for.
    """

    sites: tuple[Site, ...]
    dropped: tuple[int, ...]
    norms: tuple[nn.Module, ...]
    dropped_norms: tuple[int, ...]
    noises: tuple[nn.Module, ...]
    module: nn.Module | None
    layers: tuple[tuple[str, nn.Module, TorchCall], ...] = ()


def bind(file: LoweredFile, model: nn.Module) -> tuple[Bound, ...]:
    """The tensors of every step of the network.

    Raises:
        ValueError: where the module is not that of the network.
    """
    steps = zip(file.lowered.calls, file.places, strict=True)
    try:
        bound = tuple(_bind(file, model, call, place) for call, place in steps)
    except AttributeError as error:
        raise ValueError(f"the module is not what its spec says: {error}; {_WAY_OUT}") from error
    _check_forward(model, [(place, of_step.module) for place, of_step in zip(file.places, bound, strict=True)])
    check_layers(bound)
    return bound


def check_layers(bound: Sequence[Bound]) -> None:
    """Raises ValueError where a layer is not, or no longer, the one that its function computes."""
    for path, module, torch_call in (layer for of_step in bound for layer in of_step.layers):
        found = _difference(module, torch_call)
        if found:
            raise ValueError(f"`{path}` {found}; {_WAY_OUT}")


def _difference(module: nn.Module, torch_call: TorchCall) -> str:
    """How a module differs from what its spec makes; empty where it does not."""
    expected = _made(torch_call)
    if expected is None:  # a class of the emitted file
        same = type(module).__name__ == torch_call.target and "forward" not in module.__dict__
        return "" if same else f"computes something else than the spec's {torch_call.target}"
    if type(module).forward is not type(expected).forward or "forward" in module.__dict__:
        return f"is of class {type(module).__name__}, which computes something else than the spec's {torch_call.target}"
    for name in _SETTINGS:
        ours, theirs = getattr(module, name, None), getattr(expected, name, None)
        if ours != theirs:
            return f"has {name} = {ours}; the spec says {theirs}"
    return ""


@lru_cache(maxsize=4096)
def _made(torch_call: TorchCall) -> nn.Module | None:
    """A module as the spec makes it, without numbers; None where the emitted file has a class of its own for it."""
    if not torch_call.target.startswith("nn."):
        return None
    with torch.device("meta"):
        return getattr(nn, torch_call.target[3:])(*torch_call.args, **dict(torch_call.kwargs))


def _check_forward(model: nn.Module, blocks: Sequence[tuple[str, nn.Module | None]]) -> None:
    """Raises ValueError where the network or one of its blocks has another `forward` than the emitted one."""
    home = next((cls for cls in type(model).__mro__ if "spec" in vars(cls)), type(model)).__module__
    for name, module in (("", model), *blocks):
        if module is None or type(module).__module__.startswith("torch."):
            continue
        if type(module).forward.__module__ != home or "forward" in module.__dict__:
            who = f"`{name}`" if name else "the network"
            raise ValueError(f"{who} has a `forward` that is not the spec's; {_WAY_OUT}")


def state_of(module: nn.Module) -> Any:
    """A function that gives, of a module that does something else in training, all that may change between steps."""
    return attrgetter("training", *(name for name in _CHANGING if hasattr(module, name)))


def _bind(file: LoweredFile, model: nn.Module, call: Call | None, place: str) -> Bound:
    module = model.get_submodule(place) if place else None
    if call is None:
        return Bound((), (), (), (), (), module)
    function = file.functions[call.region]
    sites = tuple(_site(model, place, parameter) for parameter in function.parameters)
    norms, noises = _moded(model, place, function.moded)
    dropped: tuple[int, ...] = ()
    dropped_norms: tuple[int, ...] = ()
    if call.dropped is not None and not call.dropped.is_identity:
        of_dropped = file.functions[call.dropped]
        paths = [parameter.path for parameter in function.parameters]
        dropped = tuple(paths.index(parameter.path) for parameter in of_dropped.parameters)
        dropped_norms = tuple(norms.index(norm) for norm in _moded(model, place, of_dropped.moded)[0])
    paths = [(_absolute(place, path), torch_call) for path, torch_call in function.layers]
    layers = tuple((path, model.get_submodule(path), torch_call) for path, torch_call in paths)
    return Bound(sites, dropped, norms, dropped_norms, noises, module, layers)


def _site(model: nn.Module, place: str, parameter: Parameter) -> Site:
    path, _, name = parameter.path.rpartition(".")
    module = model.get_submodule(_absolute(place, path))
    table: dict[str, Any] = module._parameters if name in module._parameters else module._buffers
    return Site(module, table, name)


def _moded(model: nn.Module, place: str, paths: Sequence[str]) -> tuple[tuple[nn.Module, ...], tuple[nn.Module, ...]]:
    modules = [model.get_submodule(_absolute(place, path)) for path in paths]
    norms = tuple(module for module in modules if _is_batch_norm(module))
    return norms, tuple(module for module in modules if not _is_batch_norm(module))


def _absolute(place: str, path: str) -> str:
    return path[1:] if path.startswith("/") else ".".join(part for part in (place, path) if part)


def _is_batch_norm(module: nn.Module) -> bool:
    return hasattr(module, "num_batches_tracked")


def modules_of(bound: Sequence[Bound], model: nn.Module) -> Iterator[nn.Module]:
    """Every module that the functions stand for: it is not called itself."""
    called = {
        module for of_step in bound if not of_step.layers and of_step.module for module in of_step.module.modules()
    }
    return (module for module in model.modules() if module is not model and module not in called)


_WAY_OUT = "the strategy `modules` runs modules as they are"
_CHANGING = ("momentum", "eps", "p")
_SETTINGS = (
    *("stride", "padding", "dilation", "groups", "padding_mode"),
    *("eps", "momentum", "track_running_stats", "num_groups", "p"),
)
