"""The blocks of the standard library put their layers in the order of the papers' figures."""

from __future__ import annotations

import pytest

from resdsl import Node, Unit, load
from resdsl.ops import Conv

CONV, BN, RELU = "conv", "bn", "relu"

# He et al. 2016b, Fig. 4 and Table 2, with F (its own activations first) and what follows the addition
ORDERS: dict[str, tuple[list[str], list[str]]] = {
    "basic": ([CONV, BN, RELU, CONV, BN], [RELU]),
    "basic_bn_after": ([CONV, BN, RELU, CONV], [BN, RELU]),
    "basic_relu_before": ([CONV, BN, RELU, CONV, BN, RELU], []),
    "relu_preact_basic": ([RELU, CONV, BN, RELU, CONV, BN], []),
    "preact_basic": ([BN, RELU, CONV, BN, RELU, CONV], []),
    "bottleneck": ([CONV, BN, RELU, CONV, BN, RELU, CONV, BN], [RELU]),
    "bottleneck_v1": ([CONV, BN, RELU, CONV, BN, RELU, CONV, BN], [RELU]),
    "bottleneck_bn_after": ([CONV, BN, RELU, CONV, BN, RELU, CONV], [BN, RELU]),
    "bottleneck_relu_before": ([CONV, BN, RELU, CONV, BN, RELU, CONV, BN, RELU], []),
    "relu_preact_bottleneck": ([RELU, CONV, BN, RELU, CONV, BN, RELU, CONV, BN], []),
    "preact_bottleneck": ([BN, RELU, CONV, BN, RELU, CONV, BN, RELU, CONV], []),
    "preact_bottleneck_v1": ([BN, RELU, CONV, BN, RELU, CONV, BN, RELU, CONV], []),
    # Zagoruyko and Komodakis 2016, Fig. 1(d); their code has dropout right before the second convolution
    "wide(16, rate = 0.3)": ([BN, RELU, CONV, BN, RELU, "dropout", CONV], []),
    # Shah et al. 2016, as pelu.resnet.torch has it
    "elu_basic": ([CONV, RELU, CONV, BN], []),
    # Shen et al. 2016
    "weighted_basic": ([CONV, BN, RELU, CONV, BN, RELU], []),
    # Han et al. 2016, Fig. 6(d)
    "pyramid_basic": ([BN, CONV, BN, RELU, CONV, BN], []),
    "pyramid_bottleneck": ([BN, CONV, BN, RELU, CONV, BN, RELU, CONV, BN], []),
    # Xie et al. 2016, Fig. 3(c)
    "resnext": ([CONV, BN, RELU, CONV, BN, RELU, CONV, BN], [RELU]),
}

# where a block of stride 2 has it: the place among its convolutions
STRIDES = {
    "basic": 0,
    "preact_basic": 0,
    "wide": 0,
    "pyramid_basic": 0,
    "bottleneck": 1,
    "resnext": 1,
    "se_bottleneck": 1,
    "preact_bottleneck": 1,
    "pyramid_bottleneck": 1,
    "bottleneck_v1": 0,
    "preact_bottleneck_v1": 0,
    "bottleneck_bn_after": 0,
    "bottleneck_relu_before": 0,
    "relu_preact_bottleneck": 0,
}


@pytest.mark.parametrize("block", ORDERS)
def test_layers_stand_in_the_order_of_the_paper(block: str) -> None:
    unit = _second_unit(block)
    f = [node.op.NAME for node in unit.nodes if node.part in ("before", "residual")]
    after = [node.op.NAME for node in unit.nodes if node.part == "after"]
    assert (f, after) == ORDERS[block]


@pytest.mark.parametrize("block", STRIDES)
def test_the_stride_is_on_the_convolution_of_the_paper(block: str) -> None:
    graph = load(f'res 1 use "std.res" network t {{ input 16x8x8 stage s /2 : {block}(16) shortcut conv_shortcut }}')
    strides = [node.op.stride for node in _residual(graph.blocks[0].unit) if isinstance(node.op, Conv)]
    assert strides == [(2, 2) if place == STRIDES[block] else (1, 1) for place in range(len(strides))]


@pytest.mark.parametrize("block", ["se_basic", "se_bottleneck", "se_resnext"])
def test_squeeze_and_excitation_scales_what_leaves_the_last_norm(block: str) -> None:
    unit = _second_unit(block)
    names = [node.op.NAME for node in _residual(unit)]
    last_norm = len(names) - 1 - names[::-1].index(BN)
    assert names[last_norm + 1 : -1] == ["global_avgpool", CONV, RELU, CONV, "sigmoid"]
    scale = _residual(unit)[-1]
    assert sorted(scale.inputs) == [len(unit.inputs) + last_norm, len(unit.inputs) + len(names) - 2]


@pytest.mark.parametrize("size", ["32", "32x32", "8x16x16"])
@pytest.mark.parametrize(
    "block", [*(block.partition("(")[0] for block in ORDERS), "se_basic", "se_bottleneck", "se_resnext"]
)
def test_every_block_serves_signals_images_and_volumes(block: str, size: str) -> None:
    graph = load(
        f'res 1 use "std.res" network t {{ input 64x{size} stage s : {block}(64) * 2 stage t /2 : {block}(128) '
        "shortcut identity else projection }"
    )
    assert graph.output.spatial == tuple(int(pixels) // 2 for pixels in size.split("x"))


def _second_unit(block: str) -> Unit:
    call = block if "(" in block else f"{block}(16)"
    graph = load(
        f'res 1 use "std.res" network t {{ input 16x8x8 stage s : {call} * 3 shortcut identity else projection }}'
    )
    return graph.blocks[1].unit


def _residual(unit: Unit) -> list[Node]:
    return [node for node in unit.nodes if node.part == "residual"]
