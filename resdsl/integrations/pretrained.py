"""Folders that hold a trained network: `model.res`, what it is, beside `model.safetensors`, its weights."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from resdsl.compiler import load
from resdsl.emit.state import state_keys
from resdsl.emit.torch import build, graph_of
from resdsl.emit.write import write_file
from resdsl.integrations.pack import lone_text
from resdsl.ir.graph import Graph
from resdsl.weights.checkpoint import open_checkpoint
from resdsl.weights.torch_load import load_weights

SPEC = "model.res"
WEIGHTS = "model.safetensors"


def save_pretrained(model: nn.Module, folder: str | PathLike[str], *, graph: Graph | None = None) -> None:
    """Writes `model.res` and `model.safetensors` into a folder, which is made where there is none.

    `model.res` is the author's text, with the files that it uses, and where that is open a last line that says which
    network with which parameters; where these cannot stand together, the same network with every name resolved.

    Args:
        model: what `build` gave.
        folder: the folder.
        graph: what the model was built from, where this process has not built it: after it was unpickled.

    Raises:
        ValueError: where the graph is needed and not given.
        ToolError: where a file cannot be written.
    """
    built = graph or graph_of(model)
    text = lone_text(built)
    written = load(text)
    keys = state_keys(written, written.keys)  # other than the module's where names had to be made up
    state = {key: value.detach().contiguous() for key, value in zip(keys, model.state_dict().values(), strict=True)}
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    write_file(place / SPEC, text)
    write_file(place / WEIGHTS, save(state, metadata={"format": "pt"}))


def from_pretrained(folder: str | PathLike[str]) -> nn.Module:
    """The trained network that a folder holds, in evaluation mode, in the type that its weights were saved in.

    Nothing in the folder is run: the spec is data, and so are the weights. They fit to the last tensor or are refused.

    Raises:
        ResError: with everything that is wrong with the spec; where the weights are missing, broken or another's.
    """
    place = Path(folder)
    graph = load(place / SPEC)
    path = place / WEIGHTS
    found = {stored.dtype for stored in open_checkpoint(path).tensors.values()}
    model = build(graph).to(next((_TYPES[name] for name in _TYPES if name in found), torch.float32))
    load_weights(model, path, spec=graph)
    return model.eval()


_TYPES = {"f64": torch.float64, "f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
"""The types of weights in a file; the first that is there holds all others."""
