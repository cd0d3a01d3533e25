"""Proves that a program is the model: equal structure, then equal outputs with the model's weights, in float64."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from resdsl.diagnostics import InternalError, ResError
from resdsl.emit.names import module_names, resolve_scheme, tensor_names
from resdsl.emit.schemes import SCHEMES
from resdsl.emit.torch import build
from resdsl.integrations.importer.export import BATCH
from resdsl.integrations.importer.keys import Keys
from resdsl.integrations.importer.refused import refused
from resdsl.integrations.importer.trace import Trace
from resdsl.ir.graph import Graph, flatten

TOLERANCE = 1e-11
"""The largest difference between outputs, as a part of the largest output."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which value of the trace each layer of a graph is: by the layer's number in the flat graph, from 1."""

    values: Mapping[int, int]


def match_structure(trace: Trace, graph: Graph) -> Match:
    """Which layer is which. Raises InternalError where the two do not compute the same."""
    flat = list(flatten(graph))
    uses: dict[int, int] = {}
    for node in flat:
        for source in node.inputs:
            uses[source] = uses.get(source, 0) + 1
    ours = Keys(lambda value: (flat[value - 1].node.op, flat[value - 1].inputs), {0: "x"}, uses)
    theirs = Keys(lambda value: (trace.values[value].op, trace.values[value].inputs), {0: "x"}, trace.uses)
    found: dict[int, int] = {}
    pending = [(ours.through(len(flat)), theirs.through(trace.output))]
    while pending:
        one, other = pending.pop()
        if one in found or one == 0:
            continue
        if ours.key(one) != theirs.key(other):
            message = (
                f"the program that was written for a model computes something else at `{trace.values[other].path}`"
            )
            raise InternalError(message)
        found[one] = other
        pending += zip(ours.sources(one), theirs.sources(other), strict=True)
    return Match(found)


def match_keys(trace: Trace, graph: Graph, match: Match, scheme: str = "native") -> dict[str, str]:
    """For each key of the state dict of a graph under a naming scheme, that of the same tensor in the model."""
    return dict(_pairs(trace, graph, match, scheme))


def _pairs(trace: Trace, graph: Graph, match: Match, scheme: str) -> Iterator[tuple[str, str]]:
    n_before = 1
    for step, names in zip(graph.steps, module_names(graph, scheme), strict=True):
        for number in range(len(step.unit.nodes)):
            if (tensors := tensor_names(step.unit, number)) and n_before + number in match.values:
                traced = trace.values[match.values[n_before + number]]
                yield from ((f"{names.key(number)}.{tensor}", traced.tensors[tensor]) for tensor in tensors)
        n_before += len(step.unit.nodes)


def find_scheme(trace: Trace, graph: Graph, match: Match) -> str:
    """The naming scheme under which the state dict of the program is the model's own; `native` where there is none."""
    for name, scheme in SCHEMES.items():
        if scheme.is_emitted and resolve_scheme(graph, name) == name:
            try:
                keys = match_keys(trace, graph, match, name)
            except ResError:
                continue
            if all(ours == theirs for ours, theirs in keys.items()):
                return name
    return "native"


def compare_outputs(model: nn.Module, graph: Graph, keys: Mapping[str, str]) -> float:
    """The largest difference between the outputs of both, relative, with drawn weights, in evaluation, in float64."""
    generator = torch.Generator().manual_seed(0)
    theirs = _copy(model).to(device="cpu", dtype=torch.float64).eval()
    state = {key: _draw(key, value, generator) for key, value in theirs.state_dict().items()}
    theirs.load_state_dict(state)
    ours = build(graph).to(torch.float64).eval()
    ours.load_state_dict({key: state.get(other, torch.tensor(0)) for key, other in keys.items()})
    x = torch.randn(BATCH, *graph.input.dims, dtype=torch.float64, generator=generator)
    with torch.no_grad():
        wanted, got = cast("torch.Tensor", theirs(x)), cast("torch.Tensor", ours(x))
    scale = wanted.abs().max()
    if not torch.isfinite(scale) or scale == 0:
        raise InternalError("the weights that were drawn for a comparison prove nothing")
    return float((wanted.reshape(got.shape) - got).abs().max() / scale)


def _copy(model: nn.Module) -> nn.Module:
    """Another such model. Raises ResError where something that it holds cannot be copied."""
    try:
        return copy.deepcopy(model)
    except Exception as error:
        message = f"`{type(model).__name__}` cannot be copied, to be compared: {type(error).__name__}: {error}"
        raise refused(message, help="take what cannot be copied out of its attributes") from error


def _draw(key: str, value: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Weights that keep signals alive in deep networks: He's for kernels, near 1 for scales and variances."""
    if not value.is_floating_point():
        return value
    drawn = torch.randn(value.shape, dtype=torch.float64, generator=generator)
    if value.ndim > 1:
        return drawn * (2 / value[0].numel()) ** 0.5
    if key.endswith(("weight", "running_var")):
        return 1 + 0.2 * drawn.clamp(-2, 2)
    return 0.1 * drawn
