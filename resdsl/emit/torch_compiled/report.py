"""What compiling a network made: how many functions and graphs, how long that took, what came from the cache."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from resdsl.analysis.checkpoint import Checkpoint
from resdsl.emit.torch_compiled.runtime import Runtime, runtime_of


@dataclass(frozen=True, slots=True)
class CompileReport:
    """What a network that is compiled by units runs on, after the steps that it has taken.

    Attributes:
        n_steps: the steps of its spine: blocks, and the chains before and behind them.
        n_units: the distinct units among them.
        n_dropped: the further functions for what is left of dropped blocks; an identity needs none.
        n_graphs: graphs of Inductor: two for a function, forward and backward, and one where nothing learns.
        n_new: how many of them were compiled now; the others came from the cache on disk, or from this process.
        new_seconds: how long these took.
        other_seconds: how long the others took: they are traced, then found.
        checkpoint: which activations the last kind of step computes again; None where that was not asked for.
    """

    n_steps: int
    n_units: int
    n_dropped: int
    n_graphs: int
    n_new: int
    new_seconds: float
    other_seconds: float
    checkpoint: Checkpoint | None


def compile_report(model: nn.Module) -> CompileReport:
    """The report of a network.

    Raises:
        ValueError: where it was not compiled by units.
    """
    runtime = runtime_of(model)
    if runtime is None:
        raise ValueError("the network is not compiled by units")
    return _report(runtime)


def n_graphs_of_torch() -> int:
    """How many graphs torch.compile has made in this process."""
    from torch._dynamo.utils import counters

    return counters["stats"]["unique_graphs"]


def _report(runtime: Runtime) -> CompileReport:
    lowered = runtime.file.lowered
    made = [made for used in runtime.used.values() for made in used.made]
    units = {step.unit for step in lowered.graph.steps}
    regions = {call.region for call in lowered.calls if call is not None}
    return CompileReport(
        n_steps=len(lowered.graph.steps),
        n_units=len(units),
        n_dropped=len(set(lowered.regions) - regions) if lowered.drops else 0,
        n_graphs=runtime.n_graphs,
        n_new=sum(not each.is_cached for each in made),
        new_seconds=sum(each.seconds for each in made if not each.is_cached),
        other_seconds=sum(each.seconds for each in made if each.is_cached),
        checkpoint=runtime.programs[-1].checkpoint if runtime.programs else None,
    )
