"""Graph → everything that leaves the compiler: `EMITTERS` by name, each imported when it is first asked for."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from resdsl.ir.graph import Graph


class Emitter(NamedTuple):
    """One output: the module and function that make it from a graph, the suffix of its files, and what it is."""

    module: str
    function: str
    suffix: str
    about: str


EMITTERS: Mapping[str, Emitter] = {
    "json": Emitter("resdsl.ir.json", "to_json", ".json", "the graph as a JSON document of the published schema"),
    "python": Emitter("resdsl.emit.python.file", "emit", ".py", "a PyTorch file, one class for each distinct unit"),
    "res": Emitter("resdsl.emit.res", "print_res", ".res", "a `.res` program of its own, every name resolved"),
    "text": Emitter("resdsl.ir.text", "to_text", "", "the graph as readable text: its spine, then each distinct unit"),
    "torch": Emitter("resdsl.emit.torch", "build", "", "an `nn.Module`: the PyTorch file, run"),
}


def emit(graph: Graph, to: str) -> Any:
    """What an emitter makes of a graph: text, for `torch` an `nn.Module`.

    Raises:
        ValueError: where there is no emitter of that name.
        ResError: where the network cannot be said in that form.
    """
    if to not in EMITTERS:
        raise ValueError(f"there is no output `{to}`; there are {', '.join(EMITTERS)}")
    from importlib import import_module

    emitter = EMITTERS[to]
    return getattr(import_module(emitter.module), emitter.function)(graph)


class _Callable(ModuleType):
    """This package, which can be called: `resdsl.emit` is it as soon as anything has imported a part of it."""

    def __call__(self, spec: Any, to: str) -> Any:
        """The function `resdsl.face.emit`: it stands on a higher floor, and only the public name reaches it."""
        from importlib import import_module

        return import_module("resdsl.face").emit(spec, to)


sys.modules[__name__].__class__ = _Callable
