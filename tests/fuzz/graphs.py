"""Entries for graphs: JSON documents, and everything that is made of a graph."""

from __future__ import annotations

import json

from resdsl.analysis.cost import cost
from resdsl.analysis.depth import depth
from resdsl.analysis.diff import diff
from resdsl.analysis.gradient import gradient_path
from resdsl.analysis.memory import memory
from resdsl.analysis.paths import census
from resdsl.analysis.plan import Asked, plans
from resdsl.analysis.receptive import receptive_field
from resdsl.compiler import load
from resdsl.diagnostics import ResError
from resdsl.emit import EMITTERS, emit
from resdsl.emit.draw import VIEWS, DrawingError, draw
from resdsl.emit.torch import build
from resdsl.ir.digest import digest
from resdsl.ir.graph import Graph
from resdsl.ir.json import from_json, to_json
from tests.fuzz.entry import Chance
from tests.fuzz.mutate import change_bytes, change_json, change_text, decode, encode
from tests.fuzz.seeds import drawn_networks, graphs, one_text
from tests.networks import NAME


def draw_graph(chance: Chance) -> bytes:
    """The document of a graph with values changed, or bytes of it."""
    own = chance.own
    seed = own.choice(graphs())
    if own.random() < 0.2:
        return change_bytes(own, seed.encode())
    return json.dumps(change_json(own, json.loads(seed)), ensure_ascii=own.random() < 0.5).encode(
        "utf-8", "surrogatepass"
    )


def take_graph(data: bytes) -> bool:
    """A graph that is written and read back the same, or messages."""
    try:
        graph = from_json(data)
    except ResError:
        return False
    assert digest(from_json(to_json(graph))) == digest(graph)
    cost(graph)
    return True


def draw_output(chance: Chance) -> bytes:
    """A form, and a text that means a network in most cases."""
    own = chance.own
    text = own.choice(drawn_networks()) if own.random() < 0.5 else one_text(own)
    return own.choice(FORMS).encode() + b"\n" + encode(change_text(own, text) if own.random() < 0.4 else text)


def take_output(data: bytes) -> bool:
    """What a network is written or drawn as, or messages."""
    form, _, text = decode(data).partition("\n")
    try:
        graph = load(text + " ", NAME if f"network {NAME}" in text else None)
        if sum(len(step.unit.nodes) for step in graph.steps) > LARGEST:
            return False
        _make(graph, form)
    except (ResError, DrawingError):
        return False
    return True


def _make(graph: Graph, form: str) -> None:
    kind, _, name = form.partition(" ")
    if kind == "emit":
        emit(graph, name)
    elif kind == "draw":
        drawing = draw((graph, graph) if name in ("compare", "diff") else graph, name)
        for written in ("svg", "dot", "tex", "mmd", "json"):
            drawing.to(written)
    elif kind == "meta":
        build(graph, device="meta")
    else:
        for analysis in (cost, depth, census, gradient_path, memory, receptive_field):
            analysis(graph)
        plans(graph, Asked(n_devices=4, n_bytes=2**30, batch=8))
        assert diff(graph, graph).is_empty


FORMS = (
    *(f"emit {name}" for name in EMITTERS if name != "torch"),
    *(f"draw {view}" for view in VIEWS),
    "meta",
    "analyse",
)
LARGEST = 4_000
"""Layers of a network that is drawn or written: what is made of it grows with it."""
