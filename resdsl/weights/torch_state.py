"""Carries the numbers of a checkpoint: into a module, or into a state dict with other names."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.emit.names import module_names
from resdsl.emit.state import state_tensors
from resdsl.ir.graph import Graph
from resdsl.weights.checkpoint import unreadable
from resdsl.weights.fit import Fit
from resdsl.weights.match import Pair


def load_into(model: nn.Module, graph: Graph, fit: Fit) -> None:
    """Copies what fits into a module that was made of the graph; the rest of the module is left as it is.

    Raises:
        ResError: where the module has other tensors than the graph says, or the file cannot be read to its end. Nothing
            is changed then.
    """
    state = model.state_dict()
    keys = [tensor.key for tensor in state_tensors(graph, graph.keys)]
    if list(state) != keys:
        what = f"the module has other tensors than the network `{graph.name}`"
        raise ResError([Diagnostic(Code.WEIGHTS_FIT, what, help="give the spec that it was built from")])
    values = {keys[pair.place]: _value(fit, pair, state[keys[pair.place]]) for pair in fit.match.pairs}
    with torch.no_grad():
        for key, value in values.items():
            state[key].copy_(value.reshape(state[key].shape))


def convert_state(graph: Graph, fit: Fit, scheme: str) -> dict[str, Tensor]:
    """The state dict under another scheme, in the order of the network: what fits, in the numbers' own type.

    Raises:
        ResError: where the scheme has no name for a part of the network, or the file cannot be read to its end.
    """
    module_names(graph, scheme)
    targets = state_tensors(graph, scheme)
    pairs = {pair.place: pair for pair in fit.match.pairs}
    lacks = {lack.place for lack in fit.match.missing} | {pair.place for pair in fit.match.differing}
    found: dict[str, Tensor] = {}
    for place, target in enumerate(targets):
        if not target.is_stored or place in lacks:
            continue
        pair = pairs.get(place)
        if pair is None:  # a count of batches that the checkpoint does not have
            found[target.key] = torch.zeros(target.dims, dtype=torch.int64)
        else:
            found[target.key] = _value(fit, pair, None).reshape(target.dims).contiguous()
    return found


def _value(fit: Fit, pair: Pair, target: Tensor | None) -> Tensor:
    checkpoint = fit.checkpoint
    try:
        value = torch.as_tensor(checkpoint.read(pair.key))
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise unreadable(checkpoint.path, f"cannot be read at `{pair.key}`: {error}") from None
    wanted = pair.tensor.is_counter if target is None else not target.is_floating_point()
    if value.is_floating_point() == wanted and pair.tensor.n_values:
        raise unreadable(checkpoint.path, f"has `{pair.key}` in {value.dtype}, which no weight is")
    return value
