"""`resdsl.convert_weights`: a checkpoint written anew, its tensors named as another library names them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from resdsl.compiler import Spec, load
from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.emit.names import resolve_scheme
from resdsl.emit.write import write_file
from resdsl.weights.fit import Fit, Reading, fit_or_refuse
from resdsl.weights.safetensors_file import in_order
from resdsl.weights.torch_state import convert_state


def convert_weights(
    spec: Spec,
    path: str | Path,
    output: str | Path,
    *,
    to: str | None = None,
    reading: Reading | None = None,
    partial: bool = False,
) -> Fit:
    """Writes the tensors of a checkpoint under the names of another scheme, in their own type, whole or not at all.

    Args:
        spec: the network, as `load` takes it.
        path: the checkpoint.
        output: where to write: `.safetensors`, or `.pth` and `.pt` for `torch.load`.
        to: the scheme of the new names; the network's own where it is None.
        reading: how the checkpoint is read, where that is not found by itself.
        partial: whether what fits is enough.

    Returns:
        What fitted and what did not.

    Raises:
        ResError: where the file cannot be read, does not fit, or the scheme has no name for a part of the network.
        ToolError: where the new file cannot be written.
    """
    check_output(output)
    graph = load(spec)
    fit = fit_or_refuse(graph, path, reading or Reading(), partial=partial)
    scheme = resolve_scheme(graph, to or graph.keys)
    write_state(output, convert_state(graph, fit, scheme), {"network": graph.name, "keys": scheme})
    return fit


def write_state(output: str | Path, state: dict[str, Tensor], about: Mapping[str, str]) -> None:
    """Writes a state dict as the suffix says. Raises ResError for another suffix, ToolError for what is not written."""
    check_output(output)
    if Path(output).suffix == ".safetensors":
        from safetensors.torch import save

        write_file(output, in_order(save(state, metadata={"format": "pt", **about})))
        return
    content = io.BytesIO()
    torch.save(state, content)
    write_file(output, content.getvalue())


def check_output(output: str | Path) -> None:
    """Raises ResError where weights cannot be written to a file of this name."""
    if Path(output).suffix not in _SUFFIXES:
        message = f"weights are written as {', '.join(_SUFFIXES)}; `{output}` is none of them"
        raise ResError([Diagnostic(Code.FILE_UNREADABLE, message)])
    if Path(output).suffix == ".safetensors" and find_spec("safetensors") is None:
        message = f"`{output}` needs the package safetensors, which is not installed"
        help = "pip install 'resdsl[weights]', or write a .pth"
        raise ResError([Diagnostic(Code.FILE_UNREADABLE, message, help=help)])


_SUFFIXES: Final = (".safetensors", ".pth", ".pt")
