"""What a layer says of a shape with unknown sizes holds whatever these sizes are."""

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from resdsl.ops import OPS, Add, Concat, Multiply, SettingError, Subtract
from resdsl.shape import UNKNOWN, Shape, ShapeError, Unknown


def blurred(data, shape: Shape) -> Shape:
    """The shape with some of its sizes unknown."""
    hidden = data.draw(st.tuples(*[st.booleans()] * len(shape.dims)), label="hidden")
    channels, *spatial = (UNKNOWN if hide else size for size, hide in zip(shape.dims, hidden, strict=True))
    return Shape(channels, tuple(spatial))


def agrees(found: Shape, true: Shape) -> bool:
    """Whether two shapes have the same sizes, as far as the first is known."""
    pairs = list(zip(found.dims, true.dims, strict=False))
    return found.rank == true.rank and all(isinstance(one, Unknown) or one == other for one, other in pairs)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
@given(data=st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_layer_says_of_a_blurred_shape_only_what_holds(word, rank, data, draw_settings, draw_shapes):
    try:
        op = OPS[word].make(data.draw(draw_settings(OPS[word], rank), label="settings"), rank)
    except SettingError:
        return
    shape = data.draw(draw_shapes(rank), label="x")
    try:
        true = op.infer(shape)
    except ShapeError:
        return
    assert agrees(op.infer(blurred(data, shape)), true)


@pytest.mark.parametrize("sign", [Add, Subtract, Multiply, Concat], ids=lambda op: op.LABEL)
@given(data=st.data())
@settings(max_examples=50)
def test_arithmetic_says_of_blurred_tensors_only_what_holds(sign, data):
    sizes = st.sampled_from([1, 2, 3])
    shapes = st.builds(Shape, sizes, st.tuples(sizes, sizes))
    inputs = [data.draw(shapes, label="input") for _ in range(sign.INPUTS)]
    layer = sign()
    try:
        true = layer.infer(*inputs)
    except ShapeError:
        return
    assert agrees(layer.infer(*(blurred(data, shape) for shape in inputs)), true)


def test_what_is_computed_of_an_unknown_size_is_unknown():
    computed = [UNKNOWN + 1, 1 + UNKNOWN, UNKNOWN * 2, -(-UNKNOWN // 2), 7 // UNKNOWN, UNKNOWN - UNKNOWN]
    assert all(isinstance(number, Unknown) for number in computed)
    assert str(Shape(16, (UNKNOWN, 2 * UNKNOWN))) == "16x?x?"


def test_what_two_shapes_have_in_common_is_known_of_either():
    assert str(Shape(16, (8, UNKNOWN)).common(Shape(16, (4, 4)))) == "16x?x?"
