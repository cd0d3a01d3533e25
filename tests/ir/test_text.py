"""The text of a graph: one golden that a person has read, and what must stand in every one."""

from pathlib import Path

import pytest

from resdsl.compiler import load
from resdsl.ir.graph import InitRule
from resdsl.ir.text import to_text
from resdsl.record import evolve
from tests.ir.build import cifar, huang, ror3

GOLDEN = Path(__file__).parent / "golden" / "ror3.txt"


def test_the_text_of_a_small_ror_3_with_everything_said() -> None:
    graph = evolve(
        ror3(3, survive=huang(0.5)),
        parameters=(("depth", "20"), ("classes", "10")),
        init=(InitRule("he_fan_out"), InitRule("normal", (0.0, 0.01))),
        taps=("s1", "s3"),
    )
    assert to_text(graph) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["resnet152", "se_resnet50", "pyramidnet110_a48", "ror3_110_sd", "vgg19", "highway19"])
def test_every_layer_of_every_unit_has_its_line(name: str) -> None:
    graph = load(name)
    lines = to_text(graph).splitlines()
    for number, unit in enumerate(graph.units, start=1):
        start = next(index for index, line in enumerate(lines) if line.startswith(f"unit {number}:"))
        rest = lines[start + 1 + len(unit.inputs) :]
        for node, line in zip(unit.nodes, rest, strict=False):
            assert str(node.op) in line
            assert line.endswith(f"  {node.shape}")


def test_equal_neighbours_stand_on_one_line() -> None:
    lines = to_text(cifar(200)).splitlines()
    assert sum(line.startswith("  s1[") for line in lines) == 1
    assert "  s2[1]       unit 3  32x16x16" in lines
    assert "  s2[2..200]  unit 4  32x16x16" in lines


def test_a_unit_whose_output_is_not_its_last_value_says_so() -> None:
    graph = cifar(1)
    unit = graph.steps[0].unit
    shorter = evolve(graph.steps[0], unit=evolve(unit, output=1))
    text = to_text(evolve(graph, steps=(shorter, *graph.steps[1:])))
    assert "\n  output  1                    16x32x32\n" in text
