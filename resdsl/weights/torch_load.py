"""`resdsl.load_weights`: a checkpoint, whoever trained it, into a network that resdsl built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import nn

from resdsl.compiler import Spec, load
from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.emit.torch import graph_of
from resdsl.ir.graph import Graph
from resdsl.weights.fit import Fit, Reading, fit_or_refuse
from resdsl.weights.torch_state import load_into


def load_weights(
    model: nn.Module,
    path: str | Path,
    *,
    partial: bool = False,
    keys: str | None = None,
    prefix: str | None = None,
    renames: Mapping[str, str] | None = None,
    part: str | None = None,
    spec: Spec | None = None,
) -> Fit:
    """Loads a checkpoint into a network, whichever of the known layouts it has; nothing in the file is run.

    Args:
        model: what `build` gave.
        path: a `.safetensors`, a PyTorch file of weights, an `.npz` or a `.caffemodel`.
        partial: whether what fits is enough. Else nothing is changed unless everything fits.
        keys: the scheme of the checkpoint's names; found by itself where it is None.
        prefix: what stands before all of them, as `module.`; found by itself where it is None.
        renames: names for parts of the checkpoint: a key, or the path above some, and what it is to be called.
        part: which state is meant where the file holds several: `model`, `ema`.
        spec: the network, as `load` takes it; a model that resdsl emitted knows it by itself.

    Returns:
        What fitted and what did not; `print` shows all of it.

    Raises:
        ResError: where the file cannot be read, or does not fit.
    """
    graph = load(spec) if spec is not None else _graph(model)
    fit = fit_or_refuse(graph, path, Reading(keys, prefix, renames or {}, part=part), partial=partial)
    load_into(model, graph, fit)
    return fit


def _graph(model: nn.Module) -> Graph:
    try:
        return graph_of(model)
    except ValueError:
        text: object = getattr(model, "spec", None)
    if isinstance(text, str):  # unpickled, or of an emitted file
        return load(text)
    message = f"a `{type(model).__name__}` that resdsl did not emit does not tell its network"
    help = 'name it: `load_weights(model, path, spec="net.res")`'
    raise ResError([Diagnostic(Code.WEIGHTS_FIT, message, help=help)])
