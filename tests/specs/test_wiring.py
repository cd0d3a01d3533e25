"""The networks of the library are wired as their papers say."""

from __future__ import annotations

import pytest

from resdsl import Graph, Link, Unit
from resdsl.ops import Conv
from tests.specs.conftest import Library

# ------------------------------------------------------------ RoR (Zhang et al. 2016, Fig. 2 and 3)


@pytest.mark.parametrize(("name", "n"), [("ror3_110", 18), ("ror3_164", 27), ("pre_ror3_164", 27), ("ror3_wrn58_4", 9)])
def test_ror3_has_a_root_around_everything_and_a_middle_around_each_stage(name: str, n: int, library: Library) -> None:
    graph = library.graph(name)
    root, *middle = graph.links
    assert [(link.level, link.name, link.kind) for link in graph.links] == [
        (1, "root", "conv_shortcut"),
        *[(2, "middle", "conv_shortcut")] * 3,
    ]
    assert _blocks(graph, root) == (1, 3 * n)
    assert [_blocks(graph, link) for link in middle] == [(1, n), (n + 1, 2 * n), (2 * n + 1, 3 * n)]
    assert root.source == middle[0].source == 1, "both leave from what the stem makes"


@pytest.mark.parametrize(("name", "strides"), [("ror3", [1, 2, 2]), ("ror3_wrn40_2", [1, 2, 2])])
def test_the_upper_shortcuts_are_bare_convolutions_of_the_strides_in_the_figures(
    name: str, strides: list[int], library: Library
) -> None:
    graph = library.graph(name)
    ends = [graph.steps[link.last].unit for link in graph.links if link.name == "middle"]
    convs = [_link_convs(unit) for unit in ends]
    assert [stride for ((stride, _), *_) in convs] == strides
    assert convs[2][1][0] == 4, "the root ends where the last middle shortcut does"
    assert {op for unit in ends for op in (node.op.NAME for node in unit.nodes if node.part == "link")} == {"conv", ""}


def test_all_summands_of_a_junction_are_added_before_the_one_relu(library: Library) -> None:
    unit = library.graph("ror3_110").blocks[-1].unit
    adds = [i for i, node in enumerate(unit.nodes) if node.op.LABEL == "add"]
    assert [node.op.NAME for node in unit.nodes[adds[0] :] if node.op.NAME] == ["conv", "conv", "relu"]
    assert len(adds) == 3, "F + h(x) + g(middle) + g(root)"
    assert unit.nodes[-1].op.NAME == "relu"
    assert unit.output == len(unit.inputs) + len(unit.nodes) - 1


def test_pre_ror_has_nothing_after_an_addition_and_takes_every_shortcut_from_raw_x(library: Library) -> None:
    graph = library.graph("pre_ror3_b", depth=20)
    for step in graph.blocks:
        unit = step.unit
        assert unit.nodes[-1].op.LABEL == "add"
        (shortcut,) = [node for node in unit.nodes if node.part == "shortcut" and node.op.NAME == "conv"] or [None]
        assert shortcut is None or shortcut.inputs == (0,)


@pytest.mark.parametrize(("m", "spans"), [(1, []), (2, [54]), (3, [54, 18]), (4, [54, 18, 6]), (5, [54, 18, 6, 2])])
def test_each_further_level_splits_every_span_in_three(m: int, spans: list[int], library: Library) -> None:
    graph = library.graph("ror", m=m)
    for level, span in enumerate(spans, start=1):
        links = [link for link in graph.links if link.level == level]
        assert {link.last - link.first + 1 for link in links} == {span}
        assert len(links) == 54 // span
    assert len(graph.links) == sum(54 // span for span in spans)


# ------------------------------------------------------------ pre-activation (He et al. 2016b, appendix)


def test_the_first_preactivated_unit_shares_its_activation_and_the_next_does_not(library: Library) -> None:
    first, second = (step.unit for step in library.graph("preresnet110").blocks[:2])
    activated = len(first.inputs) + [node.part for node in first.nodes].index("residual") - 1
    assert activated in first.nodes[-1].inputs
    assert 0 in second.nodes[-1].inputs


def test_pytorchcv_takes_the_first_units_shortcut_from_the_raw_stem(library: Library) -> None:
    first = library.graph("preresnet_cifar_b", depth=20).blocks[0].unit
    assert 0 in first.nodes[-1].inputs


@pytest.mark.parametrize("name", ["preresnet164", "wrn28_10", "preresnet50"])
def test_a_projection_under_preactivation_takes_the_activated_x(name: str, library: Library) -> None:
    graph = library.graph(name)
    changing = [step.unit for step in graph.blocks if step.unit.shortcut == "conv_shortcut"]
    with_before = [unit for unit in changing if unit.nodes[0].part == "before"]
    assert len(with_before) == 3
    for unit in with_before:
        (conv,) = [node for node in unit.nodes if node.part == "shortcut" and node.op.NAME == "conv"]
        assert unit.nodes[conv.inputs[0] - len(unit.inputs)].part == "before"


def test_the_imagenet_nets_have_no_activation_before_the_first_unit_but_the_stems(library: Library) -> None:
    graph = library.graph("preresnet50")
    parts = [step.unit.nodes[0].part for step in graph.blocks]
    assert parts == ["residual", *["before"] * 15]


# ------------------------------------------------------------ stochastic depth (Huang et al. 2016)


@pytest.mark.parametrize(
    ("name", "n_blocks"), [("resnet110_sd", 54), ("resnet152_svhn_sd", 75), ("resnet1202_sd", 600)]
)
def test_survival_decays_linearly_from_the_first_block_to_one_half(name: str, n_blocks: int, library: Library) -> None:
    p = _survival(library.graph(name))
    assert len(p) == n_blocks
    assert p[0] == pytest.approx(1 - 0.5 / n_blocks)
    assert p[-1] == 0.5
    assert sum(p) == pytest.approx((3 * n_blocks - 1) / 4), "40.25 of 54, 56 of 75, 449.75 of 600 blocks"


def test_at_one_fifth_stochastic_depth_saves_two_fifths(library: Library) -> None:
    p = _survival(library.graph("resnet110_sd", p_last=0.2))
    assert 1 - sum(p) / len(p) == pytest.approx(0.407, abs=5e-4)


def test_uniform_survival_is_the_same_for_every_block(library: Library) -> None:
    assert set(_survival(library.graph("resnet110_sd_uniform", p=0.7))) == {0.7}


def test_drop_path_begins_at_one_draws_by_sample_and_rescales_in_training(library: Library) -> None:
    graph = library.graph("resnet50_drop_path")
    assert graph.survival is not None
    assert (graph.survival.per, graph.survival.rescale) == ("sample", "train")
    assert (_survival(graph)[0], _survival(graph)[-1]) == (1.0, pytest.approx(0.95))


def test_huang_et_al_average_where_he_et_al_subsample(library: Library) -> None:
    ops = {
        name: [
            [node.op.NAME for node in step.unit.nodes if node.part == "shortcut" and node.op.NAME]
            for step in library.graph(name).blocks
            if step.place == 1 and step.section != "s1"
        ]
        for name in ("resnet110", "resnet110_sd")
    }
    assert ops == {"resnet110": [["subsample", "pad_channels"]] * 2, "resnet110_sd": [["avgpool", "pad_channels"]] * 2}


# ------------------------------------------------------------ shortcuts (He et al. 2016b, Table 1)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("resnet110_scale_both", "scale"),
        ("resnet110_gate", "gate"),
        ("resnet110_exclusive_gate", "exclusive_gate"),
        ("resnet110_dropout_shortcut", "dropout_shortcut"),
    ],
)
def test_table_1_changes_the_52_units_that_keep_their_shape(name: str, kind: str, library: Library) -> None:
    kinds = [step.unit.shortcut for step in library.graph(name).blocks]
    assert (kinds.count(kind), kinds.count("zero_pad")) == (52, 2)


def test_a_gate_at_a_transition_is_computed_from_x_and_gates_the_padded_x(library: Library) -> None:
    unit = next(step.unit for step in library.graph("resnet110_gate_everywhere").blocks if step.section == "s2")
    (conv,) = [node for node in unit.nodes if node.part == "shortcut" and node.op.NAME == "conv"]
    assert conv.inputs == (0,)
    assert str(conv.op) == "conv(1x1, 32, /2, bias = -6)"


def test_weighted_residuals_start_from_nothing_and_stay_within_one(library: Library) -> None:
    unit = library.graph("wrresnet118").blocks[0].unit
    (scale,) = [str(node.op) for node in unit.nodes if node.op.NAME == "learned_scale"]
    assert scale == "learned_scale(0, low = -1, high = 1)"


def _survival(graph: Graph) -> list[float]:
    return [step.survival for step in graph.blocks if step.survival is not None]


def _blocks(graph: Graph, link: Link) -> tuple[int, int]:
    """The first and the last block that a link goes around, from 1."""
    blocks = [place for place, step in enumerate(graph.steps) if step.unit.is_block]
    return blocks.index(link.first) + 1, blocks.index(link.last) + 1


def _link_convs(unit: Unit) -> list[tuple[int, int]]:
    """Stride and channels of each convolution of the links that end at a block, inner first."""
    convs = [node.op for node in unit.nodes if node.part == "link" and isinstance(node.op, Conv)]
    return [(conv.stride[0], conv.channels) for conv in convs]
