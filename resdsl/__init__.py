"""resdsl: a textual language for residual neural architectures, and its compiler.

`load` gives the graph of a network, `build` a PyTorch module; neither torch nor anything else large is imported
before it is needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resdsl.analysis.cost import Cost
    from resdsl.analysis.diff import Diff
    from resdsl.compiler import build, for_inference, load
    from resdsl.diagnostics import Code, Diagnostic, ResError, ToolError
    from resdsl.emit.draw import Drawing
    from resdsl.emit.extern import register
    from resdsl.emit.torch_conditional import Conditional
    from resdsl.face import cost, diff, draw, emit
    from resdsl.integrations import conf as conf
    from resdsl.integrations import timm as timm
    from resdsl.integrations.backbone import Backbone as Backbone
    from resdsl.integrations.pack import pack
    from resdsl.integrations.pretrained import from_pretrained as from_pretrained
    from resdsl.integrations.pretrained import save_pretrained as save_pretrained
    from resdsl.ir.graph import Graph, Link, Section, Step
    from resdsl.ir.unit import Node, Unit
    from resdsl.limits import Limits
    from resdsl.shape import Shape
    from resdsl.syntax import Program, parse
    from resdsl.syntax.format import fmt
    from resdsl.weights.torch_convert import convert_weights
    from resdsl.weights.torch_load import load_weights

__version__ = "0.1.0"

_HOMES = {
    "Code": "resdsl.diagnostics",
    "Conditional": "resdsl.emit.torch_conditional",
    "Cost": "resdsl.analysis.cost",
    "Diagnostic": "resdsl.diagnostics",
    "Diff": "resdsl.analysis.diff",
    "Drawing": "resdsl.emit.draw",
    "Graph": "resdsl.ir.graph",
    "Limits": "resdsl.limits",
    "Link": "resdsl.ir.graph",
    "Node": "resdsl.ir.unit",
    "Program": "resdsl.syntax",
    "ResError": "resdsl.diagnostics",
    "Section": "resdsl.ir.graph",
    "Shape": "resdsl.shape",
    "Step": "resdsl.ir.graph",
    "ToolError": "resdsl.diagnostics",
    "Unit": "resdsl.ir.unit",
    "build": "resdsl.compiler",
    "convert_weights": "resdsl.weights.torch_convert",
    "cost": "resdsl.face",
    "diff": "resdsl.face",
    "draw": "resdsl.face",
    "emit": "resdsl.face",
    "fmt": "resdsl.syntax.format",
    "for_inference": "resdsl.compiler",
    "load": "resdsl.compiler",
    "load_weights": "resdsl.weights.torch_load",
    "pack": "resdsl.integrations.pack",
    "parse": "resdsl.syntax",
    "register": "resdsl.emit.extern",
}

_ADAPTERS = {
    "Backbone": ("resdsl.integrations.backbone", ""),
    "conf": ("resdsl.integrations", ""),
    "from_pretrained": ("resdsl.integrations.pretrained", "hub"),
    "save_pretrained": ("resdsl.integrations.pretrained", "hub"),
    "timm": ("resdsl.integrations", "timm"),
}
"""What `import *` leaves out, as it needs torch or another library: its home, and the extra that brings the library."""


def __getattr__(name: str) -> object:
    """Imports a public name from its home when it is first used."""
    if name not in _HOMES and name not in _ADAPTERS:
        raise AttributeError(f"module 'resdsl' has no attribute {name!r}")
    value = _adapter(name) if name in _ADAPTERS else getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def _adapter(name: str) -> object:
    """Raises ModuleNotFoundError, with what to install, where a library is missing."""
    home, extra = _ADAPTERS[name]
    try:
        return import_module(f"{home}.{name}") if home == "resdsl.integrations" else getattr(import_module(home), name)
    except ModuleNotFoundError as error:
        if not extra:
            raise
        message = f"`resdsl.{name}` needs {error.name}: `pip install 'resdsl[{extra}]'`"
        raise ModuleNotFoundError(message, name=error.name) from None


def __dir__() -> list[str]:
    """The public names."""
    return sorted([*_HOMES, *_ADAPTERS, "__version__"])


__all__ = [
    "Code",
    "Conditional",
    "Cost",
    "Diagnostic",
    "Diff",
    "Drawing",
    "Graph",
    "Limits",
    "Link",
    "Node",
    "Program",
    "ResError",
    "Section",
    "Shape",
    "Step",
    "ToolError",
    "Unit",
    "__version__",
    "build",
    "convert_weights",
    "cost",
    "diff",
    "draw",
    "emit",
    "fmt",
    "for_inference",
    "load",
    "load_weights",
    "pack",
    "parse",
    "register",
]
