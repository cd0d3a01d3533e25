"""Packs a network into plain data that needs no file: for checkpoints, hyperparameters, job queues and model hubs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from typing import Any

from resdsl.compiler import load, read
from resdsl.diagnostics import ResError
from resdsl.elaborate.statements import open_parameters
from resdsl.emit.res import print_res
from resdsl.finding import Given, Spec
from resdsl.integrations import conf
from resdsl.ir.graph import Graph


def pack(
    spec: Spec | conf.Spec,
    network: str | None = None,
    *,
    params: Mapping[str, Given] | None = None,
    folder: str | PathLike[str] | None = None,
    **more: Given,
) -> dict[str, Any]:
    """The network as a mapping that `load` and `build` take: `spec`, the text; `network`; `params`, all of them.

    The text is the author's, with the files that it uses in it; where these cannot stand together it is the same
    network with every name resolved and every parameter computed. Takes what `load` takes; packing twice changes
    nothing.

    Raises:
        ResError: with everything that is wrong.
    """
    if isinstance(spec, conf.Spec):
        return pack_graph(spec.graph)
    return pack_graph(load(spec, network, params={**(params or {}), **more}, folder=folder))


def pack_graph(graph: Graph) -> dict[str, Any]:
    """What `pack` gives for a graph."""
    text = lone_text(graph)
    found = read(text).module.find("network", graph.name)
    names = {parameter.name for parameter in open_parameters(found)} if found is not None else set[str]()
    params = {name: _plain(value) for name, value in graph.parameters if name in names}
    explicit = load(text, graph.name, params=params)  # its last line says all parameters, so that packing settles
    return {"spec": explicit.recipe or text, "network": graph.name, "params": params}


def lone_text(graph: Graph) -> str:
    """A text from which `load` makes this network without another file than the library's.

    The author's, with the files that it uses, where that stands by itself; else the network with every name resolved.
    """
    try:
        if load(graph.recipe).digest == graph.digest:
            return graph.recipe
    except ResError:  # its files cannot stand together, or there is no text
        pass
    return print_res(graph)


def _plain(value: str) -> bool | int | float | str:
    """A number, `true` or `false` as YAML and JSON have it; any other value as the language writes it."""
    try:
        plain = json.loads(value)
    except json.JSONDecodeError:
        return value
    return plain if isinstance(plain, bool | int | float | str) else value
