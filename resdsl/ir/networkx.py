"""A graph as a networkx graph, for the questions that people ask with networkx: paths, cuts, dominance, drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from resdsl.ir.graph import Graph, Step, flatten

if TYPE_CHECKING:
    import networkx as nx

Level = Literal["blocks", "layers"]


def to_networkx(graph: Graph, level: Level = "blocks") -> nx.MultiDiGraph[int]:
    """The network as a directed graph whose nodes are values: 0 is the input, the last one the output.

    At the level of `blocks` a node is a block, or a chain of layers; its further edges are links. At the level of
    `layers` a node is a layer. A value that enters a node twice has two edges.

    Node attributes: `label` (`s1[3]`, or the layer as `.res` writes it), `shape` (a Shape), `section`; of a block
    `unit` (its number among the distinct units, from 1), `definition`, `shortcut`, `params`, `macs` and `survival`; of
    a layer `op`, `part`, `group`, `block` (the label of its block), `params` and `macs`.
    Edge attributes: `input` (which input of the node, from 0); of a link `link` and `level`.
    """
    import networkx as nx

    made: nx.MultiDiGraph[int] = nx.MultiDiGraph(name=graph.name)
    made.add_node(0, label="input", shape=graph.input, section="")
    if level == "blocks":
        _add_blocks(made, graph)
    else:
        _add_layers(made, graph)
    return made


def _add_blocks(made: nx.MultiDiGraph[int], graph: Graph) -> None:
    numbers = {unit: number for number, unit in enumerate(graph.units, start=1)}
    for position, step in enumerate(graph.steps):
        unit = step.unit
        made.add_node(
            position + 1,
            label=_label(step),
            shape=unit.output_shape,
            section=step.section,
            unit=numbers[unit],
            definition=unit.definition,
            shortcut=unit.shortcut,
            params=unit.n_params,
            macs=unit.macs,
            survival=step.survival,
        )
        made.add_edge(step.inputs[0], position + 1, input=0)
        for number, link in enumerate(graph.links_into(position), start=1):
            made.add_edge(link.source, position + 1, input=number, link=link.name, level=link.level)


def _add_layers(made: nx.MultiDiGraph[int], graph: Graph) -> None:
    shapes = [graph.input]
    for value, flat in enumerate(flatten(graph), start=1):
        node, step = flat.node, graph.steps[flat.step]
        entering = [shapes[source] for source in flat.inputs]
        attributes: dict[str, Any] = {
            "label": str(node.op),
            "shape": node.shape,
            "section": step.section,
            "op": node.op,
            "part": node.part,
            "group": node.group,
            "block": _label(step),
            "params": node.op.n_params(*entering),
            "macs": node.op.macs(*entering),
        }
        if node.part == "survive":
            attributes["survival"] = step.survival
        made.add_node(value, **attributes)
        for number, source in enumerate(flat.inputs):
            made.add_edge(source, value, input=number)
        shapes.append(node.shape)


def _label(step: Step) -> str:
    return f"{step.section}[{step.place}]" if step.unit.is_block else step.section
