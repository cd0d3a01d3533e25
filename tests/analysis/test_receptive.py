"""Receptive fields, against published figures and against the gradients of real modules."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import resdsl
from resdsl.analysis.receptive import Field, receptive_field
from resdsl.compiler import load
from tests.ir.build import bottleneck, cifar, imagenet

# Araujo et al. 2019, "Computing Receptive Fields of Convolutional Neural Networks" (Distill), table of the last
# feature map: receptive field and effective stride; its ResNets are v1, the stride on the first 1x1.
PUBLISHED = {"resnet50_v1": (483, 32), "resnet101_v1": (1027, 32), "resnet152_v1": (1507, 32)}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_receptive_fields(name: str) -> None:
    found = receptive_field(load(name)).sections["conv5"]
    assert [(field.size, field.stride) for field in found] == [PUBLISHED[name]] * 2


@pytest.mark.parametrize("n", [1, 3, 18])
def test_three_by_three_convolutions_by_hand(n: int) -> None:
    """Each 3x3 adds two pixels of its input: 2 in the first stage, 4 in the second, 8 in the third."""
    sections = receptive_field(cifar(n)).sections
    sizes = {"stem": 3, "s1": 3 + 4 * n, "s2": 3 + 4 * n + (8 * n - 2), "s3": 3 + 4 * n + (8 * n - 2) + (16 * n - 4)}
    assert {label: sections[label][0].size for label in sizes} == sizes
    assert sections["head"] == "everything"


@pytest.mark.parametrize(("layer", "centre"), [("conv(7x7, 8, /2)", 0), ("maxpool(2x2, /2, padding = 0)", 0.5)])
def test_the_centre_lies_between_two_pixels_where_a_window_is_even(layer: str, centre: float) -> None:
    found = receptive_field(load(f"res 1 network net {{ input 3x8x8 stem {layer} }}")).sections["stem"]
    assert [field.centre for field in found] == [centre] * 2


def test_a_gate_over_all_pixels_sees_everything() -> None:
    found = receptive_field(imagenet(bottleneck, [1, 1, 1, 1], squeeze=16))
    assert found.sections["stem"] != "everything"
    assert found.sections["conv2"] == found.output == "everything"


# ---------------------------------------------------------------- against gradients

NETS = {
    "basic blocks": """
      input 2x64x64
      stem  conv(5x5, 4, /2) -> bn -> relu -> maxpool(3x3, /2)
      stage s1    : basic(4) * 2
      stage s2 /2 : basic(8) * 1
      shortcut identity else projection
    """,
    "bottlenecks whose first 1x1 strides": """
      input 2x64x64
      stage s1 /2 : bottleneck_v1(2) * 2
      stage s2 /2 : bottleneck_v1(2) * 1
      shortcut identity else projection
    """,
    "sizes that differ by dimension": """
      input 2x64x48
      stem  conv(5x3, 4, stride = 1x2) -> relu -> conv(1x3, 4, dilation = 1x3, padding = 0x3)
      stage s1 : basic(4) * 1
    """,
    "even kernels": """
      input 2x48x48
      stem  conv(4x4, 4, /2) -> relu -> avgpool(2x2, /2)
    """,
    "one dimension": """
      input 2x256
      stem  conv(7, 4, /2) -> bn -> relu -> maxpool(3, /2)
      stage s1    : basic(4) * 2
      stage s2 /2 : basic(8) * 1
      shortcut identity else projection
    """,
    "three dimensions": """
      input 1x20x20x20
      stem  conv(3x3x3, 2, /2) -> relu
      stage s1 : basic(2) * 1
    """,
    "averaging and subsampling shortcuts": """
      input 2x64x64
      stage s1    : basic(4) * 1
      stage s2 /2 : basic(8) * 1 { shortcut avg_zero_pad }
      stage s3 /2 : basic(8) * 1 { shortcut zero_pad }
      shortcut identity else projection
    """,
    "links wider than what they go around": """
      input 2x64x64
      stem  conv(3x3, 4)
      stage s1    : basic(4) * 1
      stage s2 /4 : point(4) * 1
      link root over all via wide
      shortcut identity else projection
    """,
}
DEFINITIONS = """
block point(width, stride = 1) { residual conv(1x1, width, /stride) -> relu }
shortcut wide { y = (x -> conv(9x9, out, /stride)) + f }
"""


@pytest.mark.parametrize("name", NETS)
def test_a_pixel_sees_what_its_gradient_reaches(name: str) -> None:
    graph = load(f'res 1 use "std.res" {DEFINITIONS} network net {{ {NETS[name]} }}')
    expected = receptive_field(graph).output
    assert expected != "everything"
    assert reached(graph) == windows(expected, graph)


@given(st.data())
@settings(max_examples=15)
def test_a_pixel_sees_what_its_gradient_reaches_in_chains_drawn_by_chance(data: st.DataObject) -> None:
    layers = [
        f"conv({data.draw(st.integers(1, 5))}, 2, stride = {data.draw(st.integers(1, 3))}, "
        f"dilation = {data.draw(st.integers(1, 2))}, padding = {data.draw(st.integers(0, 2))})"
        for _ in range(data.draw(st.integers(1, 4)))
    ]
    graph = load(f"res 1 network net {{ input 1x400 layers body : {' -> '.join(layers)} }}")
    expected = receptive_field(graph).output
    assert reached(graph) == windows(expected, graph)


def windows(fields: tuple[Field, ...], graph: resdsl.Graph) -> list[tuple[int, int]]:
    """By dimension, the first and the last input pixel that the middle output pixel sees, inside the input."""
    middle = [size // 2 for size in graph.output.spatial]
    return [
        (max(0, field.stride * m + field.first), min(size - 1, field.stride * m + field.last))
        for field, m, size in zip(fields, middle, graph.input.spatial, strict=True)
    ]


def reached(graph: resdsl.Graph) -> list[tuple[int, int]]:
    """The same by autograd: where the gradient of the middle output pixel is not zero, every weight being positive."""
    torch.manual_seed(0)
    model = resdsl.build(graph).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(0.5, 1.5)
    touched = torch.zeros(graph.input.spatial, dtype=torch.bool)
    for _ in range(16):  # a maximum passes the gradient to one pixel of its window: each of 512 draws to another
        x = torch.rand(32, *graph.input.dims, dtype=torch.float64, requires_grad=True)
        y = model(x)
        y[(slice(None), slice(None), *(size // 2 for size in graph.output.spatial))].sum().backward()
        touched |= x.grad.abs().sum((0, 1)) > 0
    places = touched.nonzero()
    return list(zip(places.amin(0).tolist(), places.amax(0).tolist(), strict=True))
