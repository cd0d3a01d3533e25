"""Weights and multiply-adds, against the papers' figures and sums worked out by hand."""

import pytest

from resdsl.analysis.cost import Amount, cost
from resdsl.compiler import load
from tests.ir.build import basic, bottleneck, cifar, gate, huang, imagenet, ror3, wrn

# He et al. 2016, Table 1 (FLOPs, a multiply-add being one); exact figures recomputed from it by independent code.
IMAGENET = {
    "resnet18": (1.8, 1_814_073_344),
    "resnet34": (3.6, 3_663_761_408),
    "resnet50_v1": (3.8, 3_857_973_248),
    "resnet101_v1": (7.6, 7_570_194_432),
    "resnet152_v1": (11.3, 11_282_415_616),
    "resnet50": (None, 4_089_184_256),
    "resnet152": (None, 11_513_626_624),
}


@pytest.mark.parametrize("name", IMAGENET)
def test_multiply_adds_of_the_imagenet_networks(name: str) -> None:
    printed, exact = IMAGENET[name]
    found = cost(load(name))
    assert found.total.macs == exact
    assert found.gflops == pytest.approx(2 * found.gmacs)
    assert printed is None or found.gmacs == pytest.approx(printed, abs=0.1)


def conv(into: int, out: int, kernel: int, size: int) -> Amount:
    return Amount(into * out * kernel**2, 0, into * out * kernel**2 * size**2)


def bn(channels: int) -> Amount:
    return Amount(2 * channels, 2 * channels + 1, 0)


def test_each_section_costs_what_its_layers_do() -> None:
    sections = cost(cifar(3)).sections
    block = {c: (conv(c, c, 3, s) + bn(c)) * 2 for c, s in ((16, 32), (32, 16), (64, 8))}
    assert sections == {
        "stem": conv(3, 16, 3, 32) + bn(16),
        "s1": block[16] * 3,
        "s2": conv(16, 32, 3, 16) + bn(32) + conv(32, 32, 3, 16) + bn(32) + block[32] * 2,
        "s3": conv(32, 64, 3, 8) + bn(64) + conv(64, 64, 3, 8) + bn(64) + block[64] * 2,
        "head": Amount(64 * 10 + 10, 0, 64 * 10),
    }


def test_every_sum_is_the_total() -> None:
    for graph in (imagenet(bottleneck, [3, 4, 6, 3]), ror3(3), cifar(2, junction=gate()), wrn(2, 4)):
        found = cost(graph)
        for parts in (found.sections.values(), found.steps, found.parts.values()):
            assert sum(parts, Amount()) == found.total
        assert found.total.params == sum(step.unit.n_params for step in graph.steps)


def test_option_b_of_resnet_50_pays_for_four_projections() -> None:
    """He et al. 2016, §3.3: 1x1 convolutions with batch norm where the shape changes, once in each stage."""
    projections = [(64, 256, 56), (256, 512, 28), (512, 1024, 14), (1024, 2048, 7)]
    expected = sum((conv(into, out, 1, size) + bn(out) for into, out, size in projections), Amount())
    assert cost(imagenet(bottleneck, [3, 4, 6, 3])).parts["shortcut"] == expected
    assert expected.params == 25_557_032 - 22_780_456  # option B less option A


def test_the_links_of_ror_3_cost_3840_weights() -> None:
    """Zhang et al. 2016, Fig. 2: 1x1 convolutions 16, 32 /2 and 64 /2 around the stages, 64 /4 around everything."""
    expected = conv(16, 16, 1, 32) + conv(16, 32, 1, 16) + conv(32, 64, 1, 8) + conv(16, 64, 1, 8)
    assert cost(ror3(18)).parts["link"] == expected
    assert expected.params == 3_840


def test_resnet_50_has_53_batch_norms() -> None:
    buffers = cost(imagenet(bottleneck, [3, 4, 6, 3])).total.buffers
    assert buffers == 53 + 2 * 26_560  # of torchvision's state dict


def test_without_survival_what_is_expected_is_all() -> None:
    found = cost(cifar(3))
    assert found.expected_macs == found.total.macs


def test_stochastic_depth_saves_a_quarter() -> None:
    """Huang et al. 2016: with p_L = 0.5 about a quarter, with p_L = 0.2 about 40 % of the work of the blocks."""
    n, graph = 18, cifar(18)
    whole = cost(graph)
    blocks = [macs.macs for macs, step in zip(whole.steps, graph.steps, strict=True) if step.unit.is_block]
    for last, share in ((0.5, 0.25), (0.2, 0.40)):
        expected = cost(cifar(n, survive=huang(last))).expected_macs
        by_hand = whole.total.macs - sum(l / 54 * (1 - last) * macs for l, macs in enumerate(blocks, start=1))
        assert expected == pytest.approx(by_hand, rel=1e-12)
        assert 1 - expected / whole.total.macs == pytest.approx(share, abs=0.02)


def test_a_dropped_block_still_pays_for_its_shortcut() -> None:
    graph = imagenet(basic, [1, 1, 1, 1])
    dropping = cifar(1, survive=lambda *_: 0.5, junction=gate())
    assert cost(graph).expected_macs == cost(graph).total.macs
    found = cost(dropping)
    branch = 2 * (conv(16, 16, 3, 32).macs) + conv(16, 32, 3, 16).macs + conv(32, 32, 3, 16).macs
    branch += conv(32, 64, 3, 8).macs + conv(64, 64, 3, 8).macs
    assert found.total.macs - found.expected_macs == branch / 2
