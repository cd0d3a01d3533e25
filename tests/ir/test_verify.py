"""`verify` accepts what the papers' networks are, and names the place of each promise that is broken."""

from collections.abc import Callable

import pytest

from resdsl.compiler import library, read
from resdsl.diagnostics import InternalError
from resdsl.ir.graph import Graph, Link, Section, Step, Survival
from resdsl.ir.unit import Node, Unit
from resdsl.ir.verify import problems, verify
from resdsl.ops import BatchNorm, PadChannels, Relu, Survive
from resdsl.record import evolve
from resdsl.shape import Shape
from tests.ir.build import Around, basic, cifar, conv, gate, huang, imagenet, none, preact_basic, projection, ror3, wrn

GOOD = {
    "ResNet-18": imagenet(basic, [2, 2, 2, 2]),
    "RoR-3 with survival": ror3(3, survive=huang(0.5)),
    "WRN-28-10": wrn(4, 10),
    "gates": cifar(2, junction=gate(exclusive=True)),
    "plain": cifar(2, junction=none),
    "links on one block": cifar(2, links=[Around("all", 1, 0, 5), Around("one", 2, 5, 5)]),
}
ROR = ror3(2, survive=huang(0.5))


@pytest.mark.parametrize("name", GOOD)
def test_a_good_graph_is_accepted(name: str) -> None:
    verify(GOOD[name])


@pytest.mark.parametrize("path", list(library()), ids=lambda path: path.stem)
def test_every_network_of_the_library_is_accepted(path: object) -> None:
    program = read(path)
    for found in program.networks():
        assert not list(problems(program.graph(found.definition.name)))


def with_unit(graph: Graph, position: int, unit: Unit) -> Graph:
    steps = list(graph.steps)
    steps[position] = evolve(steps[position], unit=unit)
    return evolve(graph, steps=tuple(steps))


def with_node(graph: Graph, position: int, number: int, **changes: object) -> Graph:
    unit = graph.steps[position].unit
    nodes = list(unit.nodes)
    nodes[number] = evolve(nodes[number], **changes)
    return with_unit(graph, position, evolve(unit, nodes=tuple(nodes)))


def with_step(graph: Graph, position: int, **changes: object) -> Graph:
    steps = list(graph.steps)
    steps[position] = evolve(steps[position], **changes)
    return evolve(graph, steps=tuple(steps))


def with_section(graph: Graph, number: int, **changes: object) -> Graph:
    sections = list(graph.sections)
    sections[number] = evolve(sections[number], **changes)
    return evolve(graph, sections=tuple(sections))


def with_link(graph: Graph, number: int, **changes: object) -> Graph:
    links = list(graph.links)
    links[number] = evolve(links[number], **changes)
    return evolve(graph, links=tuple(links))


def with_dead_layer(graph: Graph) -> Graph:
    unit = graph.steps[1].unit
    dead = Node(Relu(), (0,), unit.inputs[0], "residual")
    return with_unit(graph, 1, evolve(unit, nodes=(*unit.nodes, dead)))


BROKEN: dict[str, tuple[Callable[[], Graph], str]] = {
    "a size below 1": (
        lambda: evolve(ROR, input=Shape(3, (0, 32))),
        "the input: the shape 3x0x32 has a size below 1",
    ),
    "a unit without inputs": (
        lambda: with_unit(ROR, 1, evolve(ROR.steps[1].unit, inputs=())),
        "unit 2 (basic): has no input",
    ),
    "a wrong number of inputs": (
        lambda: with_node(ROR, 1, 6, inputs=(0,)),
        "unit 2 (basic), node 7 (+): takes 2 inputs; 1 are wired to it",
    ),
    "a value of a later layer": (
        lambda: with_node(ROR, 1, 2, inputs=(7,)),
        "unit 2 (basic), node 3 (relu): takes value 7; only 0 to 2 are computed before it",
    ),
    "a value below the inputs": (
        lambda: with_node(ROR, 1, 2, inputs=(-1,)),
        "unit 2 (basic), node 3 (relu): takes value -1; only 0 to 2 are computed before it",
    ),
    "a wrong shape": (
        lambda: with_node(ROR, 1, 1, shape=Shape(8, (32, 32))),
        "unit 2 (basic), node 2 (bn): gives 16x32x32; 8x32x32 is noted",
    ),
    "a layer that cannot take its input": (
        lambda: with_node(ROR, 1, 1, op=PadChannels(8)),
        "unit 2 (basic), node 2 (pad_channels(8)): `pad_channels(8)` only adds channels; 16x32x32 has 16 already",
    ),
    "an output that is not there": (
        lambda: with_unit(ROR, 1, evolve(ROR.steps[1].unit, output=9)),
        "unit 2 (basic): its output is value 9; its values are 0 to 8",
    ),
    "a layer for nothing": (
        lambda: with_dead_layer(ROR),
        "unit 2 (basic), node 9 (relu): nothing uses what it computes",
    ),
    "a block's layer in a chain": (
        lambda: with_node(ROR, 0, 0, part="residual"),
        "unit 1 (stem), node 1 (conv(3x3, 16)): stands in the part `residual` of a chain",
    ),
    "a chain's layer in a block": (
        lambda: with_node(ROR, 1, 0, part="chain"),
        "unit 2 (basic), node 1 (conv(3x3, 16)): stands in the part `chain` of a block",
    ),
    "a layer of a link that ends elsewhere": (
        lambda: with_node(ROR, 2, 8, group="side"),
        "unit 3 (basic), node 9 (+): belongs to the link `side`, which does not end here",
    ),
    "two places to drop": (
        lambda: with_node(ROR, 1, 2, op=Survive(), part="survive"),
        "unit 2 (basic): its residual branch may be dropped in more than one place",
    ),
    "an input without a link": (
        lambda: with_unit(ROR, 2, evolve(ROR.steps[2].unit, links=())),
        "unit 3 (basic): 0 links of 1 kinds end here; 1 inputs come after x",
    ),
    "x from elsewhere": (
        lambda: with_step(ROR, 3, inputs=(2,)),
        "step 4 (s2[1]): its x is value 2; what comes before it is value 3",
    ),
    "a step with too few inputs": (
        lambda: with_step(ROR, 2, inputs=(2,)),
        "step 3 (s1[2]): has 1 inputs; its unit takes 2",
    ),
    "a step that takes a later value": (
        lambda: with_step(ROR, 2, inputs=(2, 5)),
        "step 3 (s1[2]): takes the values 2, 5; only 0 to 2 are computed before it",
    ),
    "shapes that do not meet": (
        lambda: with_unit(ROR, 3, ROR.steps[1].unit),
        "step 5 (s2[2]): value 4 is 16x32x32; its unit takes 32x16x16",
    ),
    "no steps": (
        lambda: evolve(ROR, steps=(), sections=(), links=(), survival=None),
        "the graph: has no step",
    ),
    "a label twice": (
        lambda: with_section(ROR, 2, label="s1"),
        "section `s1`: two sections have this label",
    ),
    "a gap between sections": (
        lambda: with_section(ROR, 1, first=2),
        "section `s1`: holds steps 3 to 3; the next step without a section is 2",
    ),
    "sections that end early": (
        lambda: evolve(ROR, sections=ROR.sections[:-1]),
        "the sections: hold 7 steps of 8",
    ),
    "a chain of two steps": (
        lambda: with_section(ROR, 1, kind="layers"),
        "section `s1`: a chain of layers is one step; it has 2",
    ),
    "a step of another section": (
        lambda: with_step(ROR, 2, section="s2"),
        "step 3 (s2[2]): is number 2 of section `s1`",
    ),
    "a chain in a stage": (
        lambda: with_section(ROR, 0, kind="stage"),
        "step 1 (stem[1]): is a chain in a section of kind `stage`",
    ),
    "links that cross": (
        lambda: evolve(ROR, links=(ROR.links[0], evolve(ROR.links[1], last=3), evolve(ROR.links[2], first=3, last=5))),
        "link `middle` over steps 4 to 6: crosses link `middle`, which ends at step 4",
    ),
    "a link beyond the end": (
        lambda: with_link(ROR, 3, last=8),
        "link `middle` over steps 6 to 9: there are 8 steps",
    ),
    "a wrong level": (
        lambda: with_link(ROR, 3, level=3),
        "link `middle` over steps 6 to 7: has level 3; 1 links go around it",
    ),
    "a wrong source": (
        lambda: with_link(ROR, 3, source=6),
        "link `middle` over steps 6 to 7: takes value 6; value 5 enters its first step",
    ),
    "links in another order": (
        lambda: evolve(ROR, links=ROR.links[::-1]),
        "the links: stand in another order than outer before inner, then by their first step",
    ),
    "a link that does not end in its unit": (
        lambda: evolve(ROR, links=ROR.links[:3]),
        (
            "step 7 (s3[2]): the links `middle` (by hand) from value 5, `root` (by hand) from value 1 end in its unit; "
            "`root` (by hand) from value 1 end at it"
        ),
    ),
    "a probability of 0": (
        lambda: with_step(ROR, 2, survival=0.0),
        "step 3 (s1[2]): survives with probability 0.0, outside (0, 1]",
    ),
    "a probability that is none": (
        lambda: with_step(ROR, 2, survival=float("nan")),
        "step 3 (s1[2]): survives with probability nan, outside (0, 1]",
    ),
    "no probability": (
        lambda: with_step(ROR, 2, survival=None),
        "step 3 (s1[2]): its residual branch may be dropped, with no probability",
    ),
    "a probability for nothing": (
        lambda: with_step(ROR, 0, survival=0.5),
        "step 1 (stem[1]): has a survival probability, and nothing of it may be dropped",
    ),
    "survival without a manner": (
        lambda: evolve(ROR, survival=None),
        "the graph: has blocks that may be dropped, and does not say how",
    ),
    "a manner without survival": (
        lambda: evolve(ror3(2), survival=Survival("by hand")),
        "the graph: says how blocks are dropped, and has none that may be",
    ),
    "a block that leaves nothing": (
        lambda: cifar(1, junction=none, survive=huang(0.5)),
        "unit 2 (basic): nothing is left of `basic` without its residual branch",
    ),
    "a norm of a dropped branch": (
        lambda: cifar(1, survive=huang(0.5), junction=normed),
        "unit 2 (basic): a layer makes something else than zero of a dropped residual branch",
    ),
    "a tap that is not there": (
        lambda: evolve(ROR, taps=("s1", "s4")),
        "tap `s4`: no section has this label",
    ),
    "a tap twice": (
        lambda: evolve(ROR, taps=("s1", "s1")),
        "the taps: a section is named twice: s1, s1",
    ),
}


def normed(unit: object, x: int, f: int, part: str, group: str) -> int:
    """y = (x, zero-padded) + (f -> bn)"""
    return projection(unit, x, unit.add(BatchNorm(), f, part=part, group=group), part, group)


@pytest.mark.parametrize("promise", BROKEN)
def test_a_broken_promise_is_told_with_its_place(promise: str) -> None:
    make, message = BROKEN[promise]
    assert message in [str(problem) for problem in problems(make())]


def test_verify_raises_the_first_problem_as_an_internal_error() -> None:
    with pytest.raises(InternalError, match="internal error: unit 2 \\(basic\\), node 2 \\(bn\\): gives 16x32x32"):
        verify(with_node(ROR, 1, 1, shape=Shape(8, (32, 32))))


def test_one_mistake_in_a_unit_hides_what_rests_on_it() -> None:
    found = list(problems(with_node(with_step(ROR, 4, inputs=(9,)), 1, 1, shape=Shape(8, (32, 32)))))
    assert len(found) == 1


def test_a_unit_is_checked_once_however_many_steps_use_it() -> None:
    looked_at: list[Shape] = []

    class Watched(Relu):
        __slots__ = ()

        def infer(self, *inputs: Shape) -> Shape:
            looked_at.append(inputs[0])
            return inputs[0]

    x = Shape(4, (8, 8))
    unit = Unit("block", (x,), (Node(Watched(), (0,), x, "residual"),), 1, shortcut="none")
    steps = tuple(Step(unit, (position,), "s1", position + 1) for position in range(500))
    verify(Graph("net", (), x, steps, (Section("s1", "stage", 0, 499),)))
    assert len(looked_at) == 1


def test_links_may_nest_in_one_step() -> None:
    nested = cifar(1, preact_basic, stem=(conv(3, 16),), links=[Around("a", 1, 0, 2), Around("b", 2, 1, 2)])
    assert [link.name for link in nested.links_into(3)] == ["b", "a"]
    assert isinstance(nested.links[0], Link)
    verify(nested)
