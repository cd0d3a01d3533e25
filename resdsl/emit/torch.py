"""Runs emitted Python: the module that `build` gives is that very text, executed."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable
from contextlib import nullcontext
from hashlib import sha256
from types import ModuleType
from typing import Any

import torch
from torch import nn

from resdsl.emit.python.file import emit_file
from resdsl.emit.torch_extern import check_classes, check_modules
from resdsl.ir.graph import Graph


def build(graph: Graph, *, device: torch.device | str | None = None) -> nn.Module:
    """The network as a module, made by running the emitted text.

    The text is kept where Python looks for source (`linecache`), so tracebacks, debuggers and `inspect` show its lines;
    equal texts share one set of classes, and so what torch.compile makes of them.

    Args:
        graph: the network.
        device: where its weights are made; `meta` makes none. The host's default where it is None.

    Raises:
        ResError: where the network cannot be emitted (see `emit_file`), or a foreign block is not what its text says.
    """
    file = emit_file(graph)
    check_classes(graph)
    network: type[nn.Module] = getattr(import_text(file.text, graph.name), file.class_name)
    _GRAPHS[network.__module__] = graph
    with nullcontext() if device is None else torch.device(device):
        model = network()
    check_modules(graph, model)
    return model


def import_text(text: str, name: str) -> ModuleType:
    """The Python module of an emitted text, imported once for every distinct text.

    Its classes pickle and copy with the text itself: a pickle holds it, so it loads in any process that has resdsl.
    """
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    module_name = f"resdsl_emitted_{name}_{digest}"
    if module_name in sys.modules:
        return sys.modules[module_name]
    module = ModuleType(module_name)
    module.__file__ = f"<resdsl {name} {digest}>"
    linecache.cache[module.__file__] = (len(text), None, text.splitlines(keepends=True), module.__file__)
    exec(compile(text, module.__file__, "exec"), module.__dict__)  # noqa: S102  what the emitter wrote, from a closed graph
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == module_name:
            type.__setattr__(value, "__reduce_ex__", _reducer(module_name, text, name))
            if hasattr(value, "spec"):  # the network
                type.__setattr__(value, "compile", _compile)
    return sys.modules.setdefault(module_name, module)


def graph_of(model: nn.Module) -> Graph:
    """The graph that a module was built from in this process. Raises ValueError where it was not."""
    if type(model).__module__ not in _GRAPHS:
        help = "`compile(graph=resdsl.load(…))`, or build the network once before"
        raise ValueError(f"this process has not built `{type(model).__qualname__}`: {help}")
    return _GRAPHS[type(model).__module__]


def _compile(self: Any, *args: Any, **kwargs: Any) -> None:
    """Compiles the network in place; see `resdsl.emit.torch_compiled.compile.compile_network`."""
    from resdsl.emit.torch_compiled.compile import compile_network

    compile_network(self, *args, **kwargs)


def _reducer(module_name: str, text: str, name: str) -> Callable[[Any, Any], Any]:
    """How instances of emitted classes pickle: by the text of their class, then their state."""

    def reduce(self: Any, protocol: Any) -> Any:
        if type(self).__module__ != module_name:  # a subclass that somebody wrote: it is importable by itself
            return object.__reduce_ex__(self, protocol)
        return _restore, (text, name, type(self).__qualname__), self.__getstate__()

    return reduce


def _restore(text: str, name: str, class_name: str) -> Any:
    """An empty instance of an emitted class, for pickle to fill."""
    cls = getattr(import_text(text, name), class_name)
    return cls.__new__(cls)


_GRAPHS: dict[str, Graph] = {}
"""What each imported text was emitted from, by the name of its module."""
