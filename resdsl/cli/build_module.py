"""The files of `resdsl build` that hold weights: ONNX, programs of torch.export, and state dicts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from resdsl.cli.files import write_result
from resdsl.cli.progress import Stages
from resdsl.ir.graph import Graph

if TYPE_CHECKING:
    from torch import nn

MODULE_SUFFIXES: Final = (".onnx", ".onnxtxt", ".pt", ".pt2", ".pth", ".safetensors")


def holds_weights(target: str) -> bool:
    """Whether a file of this name is made of the built module, not of the graph alone."""
    return Path(target).suffix in MODULE_SUFFIXES


def write_module(model: nn.Module, graph: Graph, target: str, stages: Stages) -> str:
    """Writes the module with its weights; what was folded.

    Raises:
        ResError: where a package is missing, or what is exported does not compute what the module does.
        ToolError: where the file cannot be written.
    """
    suffix = Path(target).suffix
    if suffix in (".onnx", ".onnxtxt"):
        from resdsl.emit.torch_onnx import export_onnx

        with stages.run("exporting"):
            file = export_onnx(model, graph, suffix)
        write_result(target, file.content)
        folded = "; ".join(file.folded) or "nothing"
        return f"folded: {folded}; onnxruntime differs by {file.difference:.1e} of the largest"
    if suffix == ".pt2":
        from resdsl.emit.torch_export import export_program

        with stages.run("exporting"):
            program = export_program(model, graph)
        write_result(target, program.content)
        return f"folded: nothing; torch.export.load({target!r}) differs by {program.difference:.1e} of the largest"
    from resdsl.weights.torch_convert import write_state

    with stages.run("writing weights"):
        write_state(target, model.state_dict(), {"network": graph.name, "keys": graph.keys})
    return f"folded: nothing; {len(model.state_dict())} tensors, named as {graph.keys}"
