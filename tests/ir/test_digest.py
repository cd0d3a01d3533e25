"""The digest changes when and only when the computed network does."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import hypothesis.strategies as st
import networkx as nx
import pytest
from hypothesis import assume, given, settings

from resdsl.compiler import library, read
from resdsl.ir.digest import digest
from resdsl.ir.dropped import is_droppable
from resdsl.ir.graph import Graph, InitRule, Section, Step, Survival, flatten
from resdsl.ir.unit import Node, Unit
from resdsl.ir.verify import verify
from resdsl.ops import Add, Affine, BatchNorm, Conv, Dropout, Multiply, Op, Relu, Setting, Survive
from resdsl.record import evolve
from resdsl.shape import Shape
from tests.ir.build import UnitBuilder, basic, cifar, conv, huang, imagenet, projection, ror3, zero_pad

# ---------------------------------------------------------------- what it is of


def test_it_is_the_sha256_of_the_flat_network_written_down() -> None:
    stem = UnitBuilder(Shape(3, (8, 8)))
    a = stem.add(Conv((3, 3), 4), 0, part="chain")
    b = stem.add(Affine(0.5), stem.add(Relu(), a, part="chain"), part="chain")
    graph = of_chain(stem.unit("stem", stem.add(Add(), a, b, part="chain")), init=(InitRule("he_fan_out", (2.0,)),))
    written = [
        "resdsl digest 1",
        "input 3x8x8",
        "init he_fan_out (2.0,)",
        "conv(3x3, 4) 4x8x8 < 0",
        "relu 4x8x8 < 1",
        "affine: 0.5 * x 4x8x8 < 2",
        "add: + 4x8x8 < 1 3",
        "output 4",
        "taps []",
    ]
    either_order = [written, [*written[:6], "add: + 4x8x8 < 3 1", *written[7:]]]
    assert digest(graph) in [hashlib.sha256("\n".join(lines).encode()).hexdigest() for lines in either_order]


@pytest.mark.parametrize("path", list(library()), ids=lambda path: path.stem)
def test_networks_of_a_file_differ_in_what_they_compute(path: object) -> None:
    """Where two networks of the library have one digest, one is derived from the other and nothing is changed."""
    program = read(path)
    graphs = [program.graph(found.definition.name) for found in program.networks()]
    by_digest: dict[str, list[Graph]] = {}
    for graph in graphs:
        by_digest.setdefault(graph.digest, []).append(graph)
    for alike in by_digest.values():
        for graph in alike[1:]:
            assert labelled(graph) == labelled(alike[0])


def labelled(graph: Graph) -> list[tuple[object, ...]]:
    survival = [step.survival for step in graph.steps]
    return [(str(flat.node.op), flat.inputs, flat.node.shape, survival[flat.step]) for flat in flatten(graph)]


# ---------------------------------------------------------------- what does not count


ROR = ror3(3, survive=huang(0.5))


def test_names_do_not_count() -> None:
    renamed = evolve(
        ROR,
        name="other",
        parameters=(("depth", "20"),),
        steps=tuple(evolve(step, section=f"{step.section}_", unit=anonymous(step.unit)) for step in ROR.steps),
        sections=tuple(evolve(section, label=f"{section.label}_", doc="a stage") for section in ROR.sections),
        links=tuple(evolve(link, name=f"{link.name}_", kind="kind") for link in ROR.links),
        survival=Survival("1 - l / L / 2"),
        keys="torchvision",
        about="about",
        cites=("arXiv:1608.02908",),
        doc="doc",
        spec="res 1",
    )
    verify(renamed)
    assert digest(renamed) == digest(ROR)


def anonymous(unit: Unit) -> Unit:
    nodes = tuple(evolve(node, group=f"{node.group}_" if node.group else "") for node in unit.nodes)
    links = tuple(f"{name}_" for name in unit.links)
    kinds = tuple("kind" for _ in unit.links)
    return evolve(
        unit, definition="block_", arguments="1", nodes=nodes, links=links, link_kinds=kinds, doc="x", cite="y"
    )


def test_how_the_network_is_cut_into_blocks_does_not_count() -> None:
    graph = ror3(3)
    assert digest(of_chain(one_unit(graph))) == digest(graph)


def one_unit(graph: Graph) -> Unit:
    """The whole network as one chain of layers."""
    nodes = tuple(evolve(flat.node, inputs=flat.inputs, part="chain", group="") for flat in flatten(graph))
    return Unit("stem", (graph.input,), nodes, len(nodes))


def of_chain(unit: Unit, **fields: object) -> Graph:
    graph = Graph("net", (), unit.inputs[0], (Step(unit, (0,), "stem", 1),), (Section("stem", "stem", 0, 0),), **fields)
    verify(graph)
    return graph


def test_a_residual_branch_that_is_never_dropped_counts_as_one_without_a_schedule() -> None:
    assert digest(cifar(2, survive=lambda *_: 1.0)) == digest(cifar(2))


# ---------------------------------------------------------------- what counts


def changes(graph: Graph) -> Iterator[tuple[str, Graph]]:
    """The same network with one thing changed that a reader of the paper would call a change."""
    step = graph.steps[2]
    yield "input", cifar(2, stem=(conv(3, 16, 2),), junction=projection)
    yield "shortcut kind", cifar(2, survive=huang(0.5), junction=projection)
    yield (
        "a probability",
        evolve(graph, steps=(*graph.steps[:2], evolve(step, survival=step.survival + 1e-12), *graph.steps[3:])),
    )
    yield "per", evolve(graph, survival=evolve(graph.survival, per="sample"))
    yield "rescale", evolve(graph, survival=evolve(graph.survival, rescale="train"))
    yield "init", evolve(graph, init=(InitRule("zero_residual"),))
    yield "the order of init", evolve(graph, init=(InitRule("he_fan_out"), InitRule("zero_residual")))
    yield "the other order of init", evolve(graph, init=(InitRule("zero_residual"), InitRule("he_fan_out")))
    yield "init's numbers", evolve(graph, init=(InitRule("zero_residual", (1.0,)),))
    yield "a tap", evolve(graph, taps=("s1",))
    yield "another tap", evolve(graph, taps=("s2",))
    yield "two taps", evolve(graph, taps=("s1", "s2"))
    yield "taps in another order", evolve(graph, taps=("s2", "s1"))
    yield "a block more", cifar(3, survive=huang(0.5), junction=zero_pad)
    yield "without survival", cifar(2, junction=zero_pad)


def test_each_change_of_the_network_changes_it() -> None:
    graph = cifar(2, survive=huang(0.5), junction=zero_pad)
    digests = {"nothing": digest(graph), **{what: digest(changed) for what, changed in changes(graph)}}
    assert len(set(digests.values())) == len(digests)


def test_each_setting_of_each_layer_counts() -> None:
    graph = of_chain(one_unit(imagenet(basic, [1, 1, 1, 1], size=64)))
    unit = graph.steps[0].unit
    seen = {digest(graph)}
    count = 0
    for number, node in enumerate(unit.nodes):
        for setting in node.op.SETTINGS:
            for changed in other_values(node.op, setting):
                nodes = list(unit.nodes)
                nodes[number] = evolve(node, op=changed)
                seen.add(digest(evolve(graph, steps=(evolve(graph.steps[0], unit=evolve(unit, nodes=tuple(nodes))),))))
                count += 1
    assert len(seen) == count + 1 > 100


def other_values(op: Op, setting: Setting) -> Iterator[Op]:
    value = getattr(op, setting.name)
    match value:
        case bool():
            yield evolve(op, **{setting.name: not value})
        case int() | float():
            yield evolve(op, **{setting.name: value * 2})
        case tuple():
            yield evolve(op, **{setting.name: (value[0] + 1, *value[1:])})
            yield evolve(op, **{setting.name: (*value[:-1], value[-1] + 1)})
        case None | "default" if setting.type == "bias":
            yield evolve(op, **{setting.name: 0.0})
            yield evolve(op, **{setting.name: "default" if value is None else None})


# ---------------------------------------------------------------- generated networks, against graph isomorphism


SHAPE = Shape(4, (6, 6))
UNARY: tuple[Op, ...] = (
    Conv((3, 3), 4),
    Conv((1, 1), 4),
    BatchNorm(),
    Relu(),
    Affine(0.5),
    Affine(-1.0, 1.0),
    Dropout(0.5),
)
BINARY: tuple[Op, ...] = (Add(), Multiply())


@st.composite
def units(draw: st.DrawFn) -> Unit:
    """A chain of up to ten layers that keep the shape, wired at random; only layers that the output needs."""
    nodes: list[Node] = []
    for value in range(1, draw(st.integers(2, 10))):
        op = draw(st.sampled_from(UNARY + BINARY))
        inputs = tuple(draw(st.integers(max(0, value - 4), value - 1)) for _ in range(op.INPUTS))
        nodes.append(Node(op, inputs, SHAPE, "chain"))
    return without_dead(Unit("stem", (SHAPE,), tuple(nodes), len(nodes)))


def without_dead(unit: Unit) -> Unit:
    needed = {unit.output}
    for value in range(len(unit.nodes), 0, -1):
        if value in needed:
            needed.update(unit.nodes[value - 1].inputs)
    return renumbered(unit, [value for value in range(1, len(unit.nodes) + 1) if value in needed])


def renumbered(unit: Unit, order: list[int]) -> Unit:
    """The unit's nodes in that order, by their values."""
    place = {0: 0, **{value: number for number, value in enumerate(order, start=1)}}
    nodes = tuple(
        evolve(unit.nodes[value - 1], inputs=tuple(place[source] for source in unit.nodes[value - 1].inputs))
        for value in order
    )
    return evolve(unit, nodes=nodes, output=place[unit.output])


def as_networkx(unit: Unit) -> nx.DiGraph:
    """Layers and wires as nodes: which input a wire is counts, but not between the inputs of a sum or product."""
    graph = nx.DiGraph()
    graph.add_node(0, label="input")
    for value, node in enumerate(unit.nodes, start=1):
        graph.add_node(value, label=f"{node.op} {'output' if value == unit.output else ''}")
        for place, source in enumerate(node.inputs):
            wire = (value, place)
            graph.add_node(wire, label="wire" if isinstance(node.op, Add | Multiply) else f"wire {place}")
            graph.add_edge(source, wire)
            graph.add_edge(wire, value)
    return graph


def isomorphic(a: Unit, b: Unit) -> bool:
    return nx.is_isomorphic(as_networkx(a), as_networkx(b), node_match=lambda m, n: m["label"] == n["label"])


def has_twins(unit: Unit) -> bool:
    """Whether two inputs of a sum compute alike, each by layers of its own: which comes first stays as written."""
    computes: list[object] = ["input"]
    for node in unit.nodes:
        inputs = [computes[source] for source in node.inputs]
        if len(inputs) == 2 and node.inputs[0] != node.inputs[1] and inputs[0] == inputs[1]:
            return True
        computes.append((str(node.op), *(sorted(inputs, key=repr) if len(inputs) == 2 else inputs)))
    return False


def random_order(unit: Unit, chance: random.Random) -> Unit:
    """The same layers in another topological order, sums and products with their inputs in another order."""
    waiting = set(range(1, len(unit.nodes) + 1))
    order: list[int] = []
    while waiting:
        ready = [value for value in waiting if not waiting.intersection(unit.nodes[value - 1].inputs)]
        value = chance.choice(sorted(ready))
        waiting.remove(value)
        order.append(value)
    unit = renumbered(unit, order)
    shuffled = tuple(evolve(node, inputs=tuple(chance.sample(node.inputs, len(node.inputs)))) for node in unit.nodes)
    return evolve(unit, nodes=shuffled)


@given(units(), st.randoms(use_true_random=False))
def test_the_order_of_layers_and_of_summands_does_not_count(unit: Unit, chance: random.Random) -> None:
    assume(not has_twins(unit))
    other = random_order(unit, chance)
    assert isomorphic(unit, other)
    assert digest(of_chain(other)) == digest(of_chain(unit))


@given(units(), st.data())
@settings(max_examples=300)
def test_one_change_of_wiring_or_layer_changes_it_exactly_if_the_network_is_another(
    unit: Unit, data: st.DataObject
) -> None:
    assume(unit.nodes)
    number = data.draw(st.integers(0, len(unit.nodes) - 1))
    node = unit.nodes[number]
    if data.draw(st.booleans()):
        changed = evolve(node, op=data.draw(st.sampled_from(UNARY if node.op.INPUTS == 1 else BINARY)))
    else:
        changed = evolve(node, inputs=tuple(data.draw(st.integers(0, number)) for _ in node.inputs))
    other = without_dead(evolve(unit, nodes=(*unit.nodes[:number], changed, *unit.nodes[number + 1 :])))
    assume(not has_twins(unit) and not has_twins(other))
    assert (digest(of_chain(unit)) == digest(of_chain(other))) == isomorphic(unit, other)


@given(st.lists(units(), min_size=2, max_size=2))
@settings(max_examples=300)
def test_equal_digests_mean_equal_networks(pair: list[Unit]) -> None:
    a, b = pair
    if digest(of_chain(a)) == digest(of_chain(b)):
        assert isomorphic(a, b)


@given(units(), st.integers(0, 9))
def test_a_chain_cut_in_two_anywhere_computes_the_same(unit: Unit, place: int) -> None:
    place = min(place, len(unit.nodes))
    later = unit.nodes[place:]
    assume(all(value >= place for node in later for value in node.inputs))
    assume(unit.output >= place)
    head = Unit("stem", (SHAPE,), unit.nodes[:place], place)
    moved = tuple(evolve(node, inputs=tuple(value - place for value in node.inputs)) for node in later)
    tail = Unit("layers", (SHAPE,), moved, unit.output - place)
    steps = (Step(head, (0,), "stem", 1), Step(tail, (1,), "rest", 1))
    cut = Graph("net", (), SHAPE, steps, (Section("stem", "stem", 0, 0), Section("rest", "layers", 1, 1)))
    assert digest(cut) == digest(of_chain(unit))


@given(st.lists(st.floats(0.01, 1), min_size=6, max_size=6), st.lists(st.floats(0.01, 1), min_size=6, max_size=6))
def test_survival_probabilities_count_to_the_last_bit(p: list[float], q: list[float]) -> None:
    a, b = cifar(2, survive=lambda l, _: p[l - 1]), cifar(2, survive=lambda l, _: q[l - 1])
    assert all(is_droppable(step.unit) for step in a.blocks)
    assert (digest(a) == digest(b)) == (p == q)


def test_survive_is_a_layer_of_its_own_place() -> None:
    """The mark on f and a mark on its first half are different networks, though every probability is equal."""
    graph = cifar(1, survive=huang(0.5))
    unit = graph.steps[1].unit
    marks = [number for number, node in enumerate(unit.nodes) if isinstance(node.op, Survive)]
    assert marks == [5]
    nodes = list(unit.nodes)
    nodes[4], nodes[5] = evolve(nodes[5], inputs=(4,), part="survive"), evolve(nodes[4], inputs=(5,))
    other = evolve(
        graph, steps=(graph.steps[0], evolve(graph.steps[1], unit=evolve(unit, nodes=tuple(nodes))), *graph.steps[2:])
    )
    assert digest(other) != digest(graph)
