"""A graph as networkx sees it: the same network, asked by other people's code."""

from __future__ import annotations

import subprocess
import sys

import networkx as nx
import pytest

from resdsl.analysis.cost import cost
from resdsl.compiler import load
from resdsl.ir.graph import Graph, flatten
from resdsl.ir.networkx import to_networkx
from tests.ir.build import cifar, gate, huang, ror3

GRAPHS = {
    "RoR-3 with survival": ror3(3, survive=huang(0.5)),
    "gates": cifar(2, junction=gate()),
    "SE-ResNet-50": load("se_resnet50"),
}


@pytest.mark.parametrize("level", ["blocks", "layers"])
@pytest.mark.parametrize("name", GRAPHS)
def test_everything_leads_from_the_input_to_the_output(name: str, level: str) -> None:
    made = GRAPHS[name].to_networkx(level)
    assert nx.is_directed_acyclic_graph(made)
    assert [node for node, degree in made.in_degree() if degree == 0] == [0]
    assert [node for node, degree in made.out_degree() if degree == 0] == [max(made)]
    assert list(made) == sorted(made)


@pytest.mark.parametrize("level", ["blocks", "layers"])
@pytest.mark.parametrize("name", GRAPHS)
def test_nodes_know_what_they_cost(name: str, level: str) -> None:
    made, total = to_networkx(GRAPHS[name], level), cost(GRAPHS[name]).total
    assert sum(params for _, params in made.nodes(data="params", default=0)) == total.params
    assert sum(macs for _, macs in made.nodes(data="macs", default=0)) == total.macs


def test_blocks_carry_their_labels_units_and_survival() -> None:
    graph = GRAPHS["RoR-3 with survival"]
    made = to_networkx(graph)
    assert [label for _, label in made.nodes(data="label")][:5] == ["input", "stem", "s1[1]", "s1[2]", "s1[3]"]
    units = [unit for _, unit in made.nodes(data="unit") if unit]
    assert units == [graph.units.index(step.unit) + 1 for step in graph.steps]
    assert made.nodes[2]["survival"] == 1 - 1 / 9 * 0.5


def test_links_are_edges_with_their_names_and_levels() -> None:
    made = to_networkx(GRAPHS["RoR-3 with survival"])
    links = [
        (*ends, attributes["link"], attributes["level"])
        for *ends, attributes in made.edges(data=True)
        if "link" in attributes
    ]
    assert sorted(links) == [(1, 4, "middle", 2), (1, 10, "root", 1), (4, 7, "middle", 2), (7, 10, "middle", 2)]


@pytest.mark.parametrize("name", GRAPHS)
def test_layers_are_wired_as_in_the_flat_graph(name: str) -> None:
    graph = GRAPHS[name]
    made = to_networkx(graph, "layers")
    for value, layer in enumerate(flatten(graph), start=1):
        wires = sorted((attributes["input"], source) for source, _, attributes in made.in_edges(value, data=True))
        assert tuple(source for _, source in wires) == layer.inputs
        assert made.nodes[value]["op"] == layer.node.op


def test_a_value_that_enters_twice_has_two_edges() -> None:
    text = """
      res 1
      shortcut square { y = x * x + f }
      block one { residual conv(3x3, 4) shortcut square }
      network net { input 4x8x8 stage s1 : one * 1 }
    """
    made = to_networkx(load(text), "layers")
    (product,) = [node for node, label in made.nodes(data="label") if label == "*"]
    assert made.number_of_edges(0, product) == 2


def test_networkx_finds_the_blocks_without_which_nothing_passes() -> None:
    """Every block of a plain residual net dominates the output; under a root link only stem and last block do."""
    residual, linked = cifar(2), ror3(2)
    last = len(residual.steps)
    assert dominators(residual) == set(range(last + 1))
    assert dominators(linked) == {0, 1, last - 1, last}


def dominators(graph: Graph) -> set[int]:
    immediate = nx.immediate_dominators(nx.DiGraph(to_networkx(graph)), 0)
    node, found = len(graph.steps), {len(graph.steps), 0}
    while node != 0:
        node = immediate[node]
        found.add(node)
    return found


def test_networkx_is_loaded_only_when_asked_for() -> None:
    program = "import resdsl.ir.networkx, sys; print('networkx' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"
    )
