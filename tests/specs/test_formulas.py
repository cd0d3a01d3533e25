"""Parameter counts against closed forms that are worked out here, by hand, from the papers' tables."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resdsl import cost, load
from resdsl.compiler import read
from resdsl.program import ReadProgram

DEPTHS = st.integers(1, 12)


def conv(into: int, out: int, kernel: int = 3) -> int:
    """A convolution without bias and the batch norm behind it."""
    return into * out * kernel * kernel + 2 * out


def n_params(network: str, **params: float | str) -> int:
    """What the library computes."""
    return cost(_program(network).graph(network, params)).total.params


@cache
def _program(network: str) -> ReadProgram:
    return read(network)


@given(n=DEPTHS)
@settings(max_examples=6)
def test_cifar_nets_grow_by_97216_a_block_and_stage(n: int) -> None:
    plain = 97_216 * n - 21_926
    assert n_params("plain_cifar", depth=6 * n + 2) == plain
    assert n_params("resnet_cifar", depth=6 * n + 2) == plain
    assert n_params("resnet_cifar", depth=6 * n + 2, classes=100) == plain + 90 * 65
    assert n_params("resnet_cifar_b", depth=6 * n + 2) == plain + conv(16, 32, 1) + conv(32, 64, 1)
    assert n_params("resnet_cifar_b_conv", depth=6 * n + 2) == plain + 16 * 32 + 32 * 64
    same = sum((n - (width != 16)) * conv(width, width, 1) for width in (16, 32, 64))
    assert n_params("resnet_cifar_c", depth=6 * n + 2) == plain + same + conv(16, 32, 1) + conv(32, 64, 1)


@given(n=DEPTHS)
@settings(max_examples=6)
def test_every_order_of_activation_has_the_same_weights(n: int) -> None:
    plain = 97_216 * n - 21_926
    for block in ("basic_bn_after", "basic_relu_before"):
        assert n_params("resnet_cifar", unit=block, depth=6 * n + 2) == plain
    assert n_params("preresnet_cifar", depth=6 * n + 2) == plain
    assert n_params("preresnet_cifar_b", depth=6 * n + 2) == plain + 16 * 32 + 32 * 64


@given(n=DEPTHS)
@settings(max_examples=6)
def test_bottlenecks_of_cifar(n: int) -> None:
    def blocks(into: int, inner: int) -> int:
        first = conv(into, inner, 1) + conv(inner, inner) + conv(inner, 4 * inner, 1)
        other = conv(4 * inner, inner, 1) + conv(inner, inner) + conv(inner, 4 * inner, 1)
        return first + (n - 1) * other + conv(into, 4 * inner, 1)

    post = conv(3, 16) + blocks(16, 16) + blocks(64, 32) + blocks(128, 64) + 257 * 10
    assert n_params("resnet_cifar_bottleneck", depth=9 * n + 2) == post
    assert n_params("preresnet_cifar_bottleneck", depth=9 * n + 2) == post - 2 * (64 + 128 + 256)


@given(n=st.integers(1, 6), k=st.integers(1, 12))
@settings(max_examples=8)
def test_wide_nets(n: int, k: int) -> None:
    def stage(into: int, out: int) -> int:
        first = 2 * into + into * out * 9 + 2 * out + out * out * 9
        other = 2 * (2 * out + out * out * 9)
        return first + (n - 1) * other + (into * out if into != out else 0)

    total = 3 * 16 * 9 + stage(16, 16 * k) + stage(16 * k, 32 * k) + stage(32 * k, 64 * k) + 128 * k + (64 * k + 1) * 10
    assert n_params("wrn", depth=6 * n + 4, widen=k) == total
    upper = 16 * 16 * k + 16 * k * 32 * k + 32 * k * 64 * k + 16 * 64 * k
    assert n_params("ror3_wrn", depth=6 * n + 4, widen=k) == total + upper


@given(n=DEPTHS)
@settings(max_examples=6)
def test_ror3_adds_3840_weights_at_any_depth(n: int) -> None:
    assert n_params("ror3", depth=6 * n + 2) == n_params("resnet_cifar", depth=6 * n + 2) + 3_840
    assert n_params("ror3_b", depth=6 * n + 2) == n_params("resnet_cifar_b", depth=6 * n + 2) + 3_840
    assert n_params("pre_ror3", depth=6 * n + 2) == n_params("preresnet_cifar", depth=6 * n + 2) + 3_840


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5])
def test_each_level_of_ror_adds_its_convolutions(m: int) -> None:
    """A stage split in s spans adds s convolutions, the first from the width before the stage."""
    into_out = [(16, 16), (16, 32), (32, 64)]
    root = 16 * 64 if m > 1 else 0
    levels = [3**level for level in range(m - 2)]
    upper = sum(into * out + (spans - 1) * out * out for spans in levels for into, out in into_out)
    assert n_params("ror", m=m) == 1_727_962 + root + upper


@pytest.mark.parametrize(("n", "blocks"), [(19, 118), (198, 1192)])
def test_weighted_nets_have_one_weight_more_a_block(n: int, blocks: int) -> None:
    same = sum(n * (2 * conv(width, width) + 1) for width in (16, 32, 64))
    assert n_params("wrresnet", depth=blocks) == conv(3, 16) + same + conv(16, 32) + conv(32, 64) + 650


@pytest.mark.parametrize(("depth", "alpha"), [(110, 48), (110, 84), (110, 270), (56, 33)])
def test_additive_pyramids(depth: int, alpha: int) -> None:
    n_blocks = (depth - 2) // 2
    widths = [int(16 + alpha * block / n_blocks + 0.5) for block in range(n_blocks + 1)]
    total = conv(3, 16) + 2 * widths[-1] + (widths[-1] + 1) * 10
    for into, out in pairwise(widths):
        total += 2 * into + conv(into, out) + conv(out, out)
    assert n_params("pyramidnet", depth=depth, alpha=alpha) == total


@pytest.mark.parametrize(
    ("network", "base", "blocks"),
    [("se_resnet50", "resnet50", [3, 4, 6, 3]), ("se_resnet152", "resnet152", [3, 8, 36, 3])],
)
def test_squeeze_and_excitation_adds_two_biased_layers_a_block(network: str, base: str, blocks: list[int]) -> None:
    added = sum(
        count * (2 * width * (width // 16) + width // 16 + width)
        for count, width in zip(blocks, (256, 512, 1024, 2048), strict=True)
    )
    assert n_params(network) == n_params(base) + added


@pytest.mark.parametrize(("groups", "base", "inner"), [(32, 4, 128), (32, 8, 256), (64, 4, 256)])
def test_the_inner_width_of_resnext_is_groups_times_base_at_64(groups: int, base: int, inner: int) -> None:
    first = conv(64, inner, 1) + inner * (inner // groups) * 9 + 2 * inner + conv(inner, 256, 1)
    text = f'res 1 use "std.res" network t {{ input 64x8x8 stage s : resnext(64, groups = {groups}, base = {base}) }}'
    assert cost(load(text)).total.params == first + conv(64, 256, 1)
