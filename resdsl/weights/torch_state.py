"""Carries the numbers of a checkpoint: into a module, or into a state dict with other names."""

from __future__ import annotations

from typing import Final

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
    targets = [state[keys[pair.place]] for pair in fit.match.pairs]
    values = [_value(fit, pair, target.dtype) for pair, target in zip(fit.match.pairs, targets, strict=True)]
    with torch.no_grad():
        for target, value in zip(targets, values, strict=True):
            target.copy_(value.reshape(target.shape))


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


def _value(fit: Fit, pair: Pair, dtype: torch.dtype | None) -> Tensor:
    """The numbers of a tensor as they were saved: all finite, and so in the type that they are to have.

    Raises:
        ResError: where they are not, or cannot be read.
    """
    checkpoint = fit.checkpoint
    try:
        value = torch.as_tensor(checkpoint.read(pair.key)).detach()
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise unreadable(checkpoint.path, f"cannot be read at `{pair.key}`: {error}") from None
    if value.is_meta or value.layout is not torch.strided or _overlaps(value):
        raise unreadable(checkpoint.path, f"does not have a number for each place of `{pair.key}`")
    is_counter = pair.tensor.is_counter
    if value.is_floating_point() == is_counter or (value.is_floating_point() and value.dtype not in _FLOATS):
        raise unreadable(
            checkpoint.path, f"has `{pair.key}` in {str(value.dtype).removeprefix('torch.')}, which no weight is"
        )
    if is_counter or not value.numel():
        return value
    bounds = torch.stack(torch.aminmax(value if value.itemsize > 1 else value.float()))
    if not bounds.isfinite().all():
        help = "the training that saved it diverged, or the file is damaged"
        raise unreadable(checkpoint.path, f"has numbers in `{pair.key}` that are infinite, or none (NaN)", help)
    if dtype is not None and not bounds.to(dtype).isfinite().all():
        largest, name = bounds.abs().max().item(), str(dtype).removeprefix("torch.")
        raise unreadable(checkpoint.path, f"has numbers up to {largest:.3g} in `{pair.key}`; the network's are {name}")
    return value


def _overlaps(value: Tensor) -> bool:
    """Whether one number of a tensor stands in several places, as in what was expanded."""
    reach = 0
    for stride, size in sorted(zip(value.stride(), value.shape, strict=True)):
        if size > 1 and stride <= reach:
            return True
        reach += stride * (size - 1)
    return False


_FLOATS: Final = frozenset({
    torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.float8_e4m3fn, torch.float8_e5m2,
})  # fmt: skip
"""What can be a weight's type in a file."""
