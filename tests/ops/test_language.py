"""Layers as text: what a layer prints is what makes it again."""

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, assume, given, settings

import resdsl
from resdsl.ops import OPS, TENSOR_OPS, Op, SettingError
from resdsl.shape import Shape, ShapeError


def layers_of(stem: str, shape: Shape) -> list[Op]:
    """The layers of a network that is this chain alone."""
    graph = resdsl.load(f"res 1 network n {{ input {shape} stem {stem} }}")
    return [node.op for step in graph.steps for node in step.unit.nodes]


@given(data=st.data(), rank=st.integers(1, 3))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_layer_is_made_again_by_what_it_prints(word, rank, data, draw_settings, draw_shapes):
    x = data.draw(draw_shapes(rank), label="x")
    try:
        op = OPS[word].make(data.draw(draw_settings(OPS[word], rank), label="settings"), rank)
        y = op.infer(x)
    except (SettingError, ShapeError):
        return
    assume(y.elements < 10_000)
    assert layers_of(str(op), x) == ([] if op.is_identity(x) else [op])


def test_the_example_of_every_layer_is_a_line_of_the_language(word):
    before = "flatten -> " if word == "linear" else ""
    shape = Shape(64, (8, 8))
    made = layers_of(before + OPS[word].EXAMPLE, shape)
    assert [op.NAME for op in made] == [*before.split(" -> ")[:-1], *([word] if word != "identity" else [])]


@pytest.mark.parametrize(
    ("label", "before", "after"),
    [
        ("add", "shortcut kind {", "}"),
        ("subtract", "shortcut kind {", "}"),
        ("affine", "shortcut kind { g = x -> sigmoid", "}"),
        ("multiply", "layer gate { g = x -> sigmoid", "} shortcut kind { y = (x -> gate) + f }"),
    ],
)
def test_the_example_of_every_operator_is_an_equation_of_the_language(label, before, after):
    graph = resdsl.load(
        f"""
        res 1
        {before} {TENSOR_OPS[label].EXAMPLE} {after}
        block one {{ residual relu }}
        network n {{ input 8x4x4 stage s : one shortcut kind }}
        """
    )
    assert label in {node.op.LABEL for node in graph.steps[0].unit.nodes}
