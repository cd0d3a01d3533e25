"""Depth by three conventions, against the numbers in the papers' names."""

import pytest

from resdsl.analysis.depth import depth
from resdsl.compiler import load
from tests.ir.build import cifar, gate, huang, none, preact_basic, ror3, wrn

DEPTH = {
    # He et al. 2016: Table 1, §4.2; plain networks are as deep as residual ones, whatever their shortcuts
    **{f"resnet{n}": n for n in (18, 34, 50, 101, 152, 20, 32, 44, 56, 110, 1202)},
    **{f"resnet{n}_{kind}": n for n in (18, 34, 50) for kind in "ac"},
    **{f"plain{n}": n for n in (18, 34, 20, 110)},
    # He et al. 2016b: Tables 1, 2, 4 and 5
    **{f"preresnet{n}": n for n in (110, 164, 1001, 18, 34, 50, 101, 152, 200)},
    **{f"resnet{n}": n for n in (164, 1001, 200)},
    "resnet110_gate": 110,
    "resnet110_exclusive_gate": 110,
    "resnet110_scale_shortcut": 110,
    "resnet110_conv_shortcut": 110,
    "resnet164_bn_after": 164,
    # Huang et al. 2016
    "resnet110_sd": 110,
    "resnet152_svhn_sd": 152,
    "resnet1202_sd": 1202,
    # Zhang et al. 2016
    "ror3_110": 110,
    "ror3_164": 164,
    "pre_ror3_1202": 1202,
    # Xie et al. 2017; Hu et al. 2018: the layers of the gates do not count
    "resnext29_8x64d": 29,
    "resnext50_32x4d": 50,
    "resnext101_32x4d": 101,
    "se_resnet50": 50,
    "se_resnet101": 101,
    "se_resnet152": 152,
    "senet154": 154,
    # Simonyan & Zisserman 2015; Shen et al. 2016; Singh et al. 2016; Han et al. 2017; Srivastava et al. 2015
    "vgg19": 19,
    "wrresnet1192": 1192,
    "swapout20_4": 20,
    "swapout32_4": 32,
    "pyramidnet110_a48": 110,
    "pyramidnet272_a200": 272,
    "highway19": 19,
}


@pytest.mark.parametrize("name", DEPTH)
def test_a_network_is_as_deep_as_its_paper_says(name: str) -> None:
    assert depth(load(name)).depth == DEPTH[name]


WRN = {
    # Zagoruyko & Komodakis 2016, Tables 4 and 5; Zhang et al. 2016, Table VI
    **{f"wrn{d}_{k}": d for d, k in ((16, 4), (16, 8), (16, 10), (22, 8), (22, 10), (28, 10), (28, 12))},
    **{f"wrn40_{k}": 40 for k in (2, 4, 8)},
    "ror3_wrn40_2": 40,
    "ror3_wrn40_4": 40,
    "ror3_wrn58_4": 58,
}


@pytest.mark.parametrize("name", WRN)
def test_a_wide_network_is_as_deep_as_its_paper_says_by_its_own_convention(name: str) -> None:
    assert depth(load(name)).depth_wrn == WRN[name]


def test_the_formula_of_wrn_counts_a_projection_that_wrn_40_1_has_not() -> None:
    assert depth(wrn(6, 1)).depth_wrn == 39


@pytest.mark.parametrize("n", [1, 3, 18])
def test_every_layer_counts_in_the_third_convention(n: int) -> None:
    assert depth(cifar(n)).depth_all == 6 * n + 2
    assert depth(ror3(n)).depth_all == 6 * n + 2 + 4
    assert depth(wrn(n, 2)).depth_all == 6 * n + 2 + 3
    assert depth(cifar(n, junction=gate())).depth_all == 6 * n + 2 + 3 * n
    assert depth(cifar(n, preact_basic, squeeze=4)).depth_all == 6 * n + 2 + 2 * 3 * n


def test_links_are_not_on_the_main_path() -> None:
    assert (depth(ror3(3)).depth, depth(ror3(3)).depth_wrn) == (20, 19)


@pytest.mark.parametrize(("n", "expected"), [(18, 40.25), (25, 56.0), (200, 449.75)])
def test_blocks_that_are_kept_on_average(n: int, expected: float) -> None:
    """Huang et al. 2016, §3: (3L - 1) / 4 for p_L = 0.5; L = 3n."""
    found = depth(cifar(n, survive=huang(0.5)))
    assert found.blocks == 3 * n
    assert found.expected_blocks == expected == (3 * 3 * n - 1) / 4
    assert found.expected_depth == 2 + 2 * expected


def test_a_layer_after_the_junction_runs_in_a_dropped_block_too() -> None:
    graph = load(
        'res 1 use "std.res" block thick(width) { residual conv(3, width) -> conv(3, width)  after conv(1, width) }'
        "network net { input 4x8x8 stage s1 : thick(4) * 2 survive uniform(0.25) }"
    )
    found = depth(graph)
    assert (found.depth, found.expected_depth) == (6, 2 * (0.25 * 3 + 0.75 * 1))


def test_without_survival_every_block_is_expected() -> None:
    found = depth(cifar(3, junction=none))
    assert (found.expected_blocks, found.expected_depth) == (9, 20)
