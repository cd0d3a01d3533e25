"""Emits a network as one PyTorch file, which a person could have written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.emit.extern import extern_classes
from resdsl.emit.names import StepNames, module_names, resolve_scheme
from resdsl.emit.python.class_names import class_names
from resdsl.emit.python.initialise import check_init
from resdsl.emit.python.members import Members, make_members
from resdsl.emit.python.network import NetworkClass, write_network
from resdsl.emit.python.survival import RUN
from resdsl.emit.python.text import block_string, docstring
from resdsl.emit.python.units import UnitClass, write_class
from resdsl.emit.res import print_res
from resdsl.emit.schemes import SCHEMES
from resdsl.ir.graph import Graph, Step
from resdsl.ir.unit import Unit


@dataclass(frozen=True, slots=True)
class PythonFile:
    """An emitted file: its text, and the name of the network's class in it."""

    text: str
    class_name: str


def emit(graph: Graph) -> str:
    """The text of a PyTorch file; see `emit_file`."""
    return emit_file(graph).text


def emit_file(
    graph: Graph, *, purpose: str = "", appendix: str = "", names: tuple[StepNames, ...] | None = None
) -> PythonFile:
    """A PyTorch file: one class for each distinct unit, then the network's; it imports torch alone.

    Args:
        graph: the network.
        purpose: what the file is for, for its first line.
        appendix: what stands at its end.
        names: where the modules of each step stand, for a part that has the names of the whole; else by its scheme.

    Raises:
        ResError: where a block of the host program is not registered, an initialisation or naming scheme does not
            exist, or the scheme has no name for a part of the network.
    """
    names = names or _names(graph)
    check_init(graph)
    externs = extern_classes(graph)
    sources = _torch_sources(graph)
    defined = [
        *(found[1] for source in sources if (found := _CLASS.match(source))),
        *(extern.name for extern in externs),
    ]
    network, classes = class_names(graph, names, defined)
    members: dict[Unit, Members] = {}
    definitions: set[str] = set()
    parts = [source.rstrip("\n") for source in sources]
    for step, place in zip(graph.steps, names, strict=True):
        if step.unit in members:
            continue
        members[step.unit] = make_members(step.unit, place.nodes)
        if step.unit in classes:
            is_first = step.unit.definition not in definitions
            definitions.add(step.unit.definition)
            made = UnitClass(classes[step.unit], step.unit, members[step.unit], _text(step), graph.survival, is_first)
            parts.append("\n".join(write_class(made)))
    if graph.survival is not None and graph.survival.per == "batch":
        parts.append(RUN.rstrip("\n"))
    parts.append("\n".join(write_network(NetworkClass(network, graph, names, classes, members))))
    code = "\n\n\n".join([*parts, appendix] if appendix else parts)
    imports = ["import torch"] if re.search(r"\btorch\.", code) else []
    imports += ["import torch.nn.functional as F"] if re.search(r"\bF\.", code) else []
    imports += ["from torch import nn", *(f"from {extern.module} import {extern.name}" for extern in externs)]
    emits = f"as resdsl emits it {purpose}".rstrip()
    title = docstring([f"The network `{graph.name}` in PyTorch, {emits}."], "")
    head = [*title, "", *imports, "", f"SPEC = {block_string(graph.recipe or print_res(graph))}"]
    return PythonFile("\n".join(head) + f"\n\n\n{code}\n", network)


def _names(graph: Graph) -> tuple[StepNames, ...]:
    names = module_names(graph, graph.keys)
    if SCHEMES[resolve_scheme(graph, graph.keys)].is_emitted:
        return names
    message = f"the scheme `{graph.keys}` only translates state dicts; modules do not carry its names"
    help = f'`keys native`, and `key_map(graph, "native", "{graph.keys}")` for the names'
    raise ResError([Diagnostic(Code.KEYS_SCHEME, message, graph.span, help=help)])


def _torch_sources(graph: Graph) -> list[str]:
    """The classes of layers that torch lacks, each once, in order of first use."""
    found: dict[str, None] = {}
    for unit in graph.units:
        for node in unit.nodes:
            if node.part != "survive" and (source := node.op.torch_source(*unit.input_shapes(node))):
                found[source] = None
    return list(found)


def _text(step: Step) -> str:
    """The `.res` text that placed a step, on one line."""
    return " ".join(step.span.text.split()) if step.span is not None else ""


_CLASS = re.compile(r"class (\w+)")
