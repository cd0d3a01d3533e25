"""Finds the tensors of a module that each call of the lowered network takes."""

# pyright: basic, reportPrivateUsage=false
# ruff: noqa: SLF001  the tables of a module are private

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from resdsl.emit.lowered.file import LoweredFile
from resdsl.emit.lowered.region import Parameter
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
    """

    sites: tuple[Site, ...]
    dropped: tuple[int, ...]
    norms: tuple[nn.Module, ...]
    dropped_norms: tuple[int, ...]
    noises: tuple[nn.Module, ...]
    module: nn.Module | None


def bind(file: LoweredFile, model: nn.Module) -> tuple[Bound, ...]:
    """The tensors of every step of the network.

    Raises:
        AttributeError: where the module is not that of the network.
    """
    steps = zip(file.lowered.calls, file.places, strict=True)
    return tuple(_bind(file, model, call, place) for call, place in steps)


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
    return Bound(sites, dropped, norms, dropped_norms, noises, module)


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


def modules_of(bound: Sequence[Bound]) -> Iterator[nn.Module]:
    """Every module whose tensors the functions take."""
    return iter(dict.fromkeys(site.module for of_step in bound for site in of_step.sites))
