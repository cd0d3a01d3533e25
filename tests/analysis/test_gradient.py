"""How signals pass along shortcuts, against the analysis of He et al. 2016b."""

import pytest

from resdsl.analysis.gradient import Passage, Product, gradient_path
from resdsl.compiler import load
from resdsl.ops import Bernoulli, PadChannels, Subsample
from tests.ir.build import (
    PRE_HEAD,
    Around,
    around,
    cifar,
    conv,
    conv_shortcut,
    gate,
    none,
    preact_basic,
    ror3,
    scale,
    wrn,
)


def test_constant_scaling_shrinks_the_signal_as_a_power_of_the_depth() -> None:
    """He et al. 2016b, §3.1: λ = 0.5 on the shortcuts of the 54 blocks of ResNet-110."""
    found = gradient_path(load(with_shortcut("scale(0.5)")))
    assert str(found.whole.coefficient) == "0.5^54"
    assert found.whole.coefficient.value == 0.5**54
    assert found.whole.coefficient.log2 == -54
    assert found.whole.coefficient.is_extreme
    assert {label: str(path.coefficient) for label, path in found.stages.items()} == {
        "s1": "0.5^18",
        "s2": "0.5^18",
        "s3": "0.5^18",
    }


def with_shortcut(kind: str) -> str:
    """ResNet-110 with a kind around every block; around the zero-padded x where the shape changes."""
    return f'res 1 use "resnet_cifar.res" network net = resnet110 {{ shortcut {kind} else zero_pad }}'


def test_a_factor_above_one_explodes() -> None:
    """He et al. 2016b, §2: for λ > 1 the factor can be exponentially large."""
    found = gradient_path(cifar(18, junction=scale(1.5))).whole.coefficient
    assert found.value == pytest.approx(1.5**54)
    assert found.is_extreme


def test_scaling_the_branch_leaves_the_shortcut_alone() -> None:
    assert str(gradient_path(cifar(3, junction=scale(1, on_f=0.5))).whole.coefficient) == "1"


def test_a_plain_network_has_no_shortcut() -> None:
    found = gradient_path(cifar(3, junction=none))
    assert found.blocks == (Passage(0.0, 1.0, "none"),) * 9
    assert found.whole.coefficient.value == 0


def test_the_original_block_is_broken_by_the_relu_after_the_addition() -> None:
    """He et al. 2016b, Fig. 1(a): h is the identity, f is not."""
    found = gradient_path(cifar(18))
    assert set(found.blocks) == {Passage(1.0, 1.0, "relu")}
    assert (str(found.whole.coefficient), found.whole.varying, found.clean) == ("1", 0, ())


def test_full_preactivation_is_clean_from_the_first_block_to_the_last() -> None:
    """He et al. 2016b, eq. 5, where the shortcuts at the transitions take raw x."""
    graph = cifar(18, preact_basic, stem=(conv(3, 16),), head=PRE_HEAD, shares=False)
    assert gradient_path(graph).clean == ((1, 54),)


def test_projections_break_the_path_between_the_stages() -> None:
    """Zagoruyko & Komodakis 2016: the first block of each stage projects relu(bn(x))."""
    found = gradient_path(wrn(4, 10))
    assert found.clean == ((2, 4), (6, 8), (10, 12))
    assert [passage.broken_by for passage in found.blocks[:2]] == ["bn", ""]
    assert (str(found.whole.coefficient), found.whole.varying) == ("1", 3)


def test_a_projection_of_raw_x_is_the_layer_that_breaks() -> None:
    graph = cifar(2, preact_basic, junction=conv_shortcut, shares=False, stem=(conv(3, 16),))
    assert gradient_path(graph).blocks[2].broken_by == "conv(1x1, 32, /2)"


@pytest.mark.parametrize("exclusive", [False, True])
def test_a_gate_has_no_constant_coefficient(exclusive: bool) -> None:
    found = gradient_path(cifar(2, preact_basic, junction=gate(exclusive=exclusive), shares=False))
    assert set(found.blocks) == {Passage(None, 1.0, "*")}
    assert found.whole.varying == 6


def test_dropout_on_the_shortcut_keeps_the_mean_and_drops_the_signal() -> None:
    """He et al. 2016b, §3.1: statistically a factor of 0.5 at each block, though what is kept is doubled."""
    found = gradient_path(load(with_shortcut("dropout_shortcut(0.5)")))
    assert str(found.whole.coefficient) == "1"
    assert str(found.whole.kept) == "0.5^54"
    assert found.whole.kept.is_extreme


def test_noise_that_does_not_rescale_has_its_mean_as_coefficient() -> None:
    junction = around(Bernoulli(0.25))
    graph = cifar(1, preact_basic, junction=lambda *place: junction(*place) if same(*place[:3]) else none(*place))
    assert gradient_path(graph).blocks[0] == Passage(0.25, 0.25, "")


def same(unit: object, x: int, f: int) -> bool:
    return unit.shapes[x] == unit.shapes[f]


def test_each_link_is_told_in_its_place() -> None:
    found = gradient_path(ror3(2))
    assert [link.broken_by for link in found.links] == [
        "conv(1x1, 64, /4)",
        "conv(1x1, 16)",
        "conv(1x1, 32, /2)",
        "conv(1x1, 64, /2)",
    ]
    nested = cifar(
        1, links=[Around("outer", 1, 0, 2, around(Subsample((4, 4)), PadChannels(64))), Around("one", 2, 2, 2)]
    )
    assert [link.coefficient for link in gradient_path(nested).links] == [1.0, None]


def test_a_chain_between_stages_ends_a_clean_run() -> None:
    found = gradient_path(load("wrresnet118"))
    assert found.clean == ((1, 19), (20, 38), (39, 57))


def test_factors_of_one_kind_stand_together() -> None:
    product = Product(((0.5, 3), (1.0, 7), (-2.0, 1), (0.25, 1)))
    assert str(product) == "0.5^3 · -2 · 0.25"
    assert product.value == pytest.approx(0.5**3 * -2 * 0.25)
    assert product.log2 == -3 + 1 - 2


def test_products_beyond_every_float_are_told() -> None:
    assert Product(((2.0, 5000),)).value == float("inf")
    assert Product(((0.5, 5000),)).value == 0
    assert Product(((0.0, 1),)).log2 == float("-inf")
    assert Product().value == 1
