"""The brackets of layers, against Table 1 of He et al. 2016 and its kin."""

import pytest

from resdsl.analysis.structure import Run, structure
from resdsl.compiler import load

# He et al. 2016, Table 1 (groups: Xie et al. 2017, Table 1): kernel, channels, groups of each layer, and how often
TABLE_1 = {
    "resnet18": [
        ([(3, 64, 1), (3, 64, 1)], 2),
        ([(3, 128, 1), (3, 128, 1)], 2),
        ([(3, 256, 1), (3, 256, 1)], 2),
        ([(3, 512, 1), (3, 512, 1)], 2),
    ],
    "resnet152": [
        ([(1, 64, 1), (3, 64, 1), (1, 256, 1)], 3),
        ([(1, 128, 1), (3, 128, 1), (1, 512, 1)], 8),
        ([(1, 256, 1), (3, 256, 1), (1, 1024, 1)], 36),
        ([(1, 512, 1), (3, 512, 1), (1, 2048, 1)], 3),
    ],
    "resnext50_32x4d": [
        ([(1, 128, 1), (3, 128, 32), (1, 256, 1)], 3),
        ([(1, 256, 1), (3, 256, 32), (1, 512, 1)], 4),
        ([(1, 512, 1), (3, 512, 32), (1, 1024, 1)], 6),
        ([(1, 1024, 1), (3, 1024, 32), (1, 2048, 1)], 3),
    ],
}


@pytest.mark.parametrize("name", TABLE_1)
def test_the_stages_are_those_of_the_papers_table(name: str) -> None:
    found = structure(load(name))
    assert list(found) == ["conv2", "conv3", "conv4", "conv5"]
    for runs, (layers, count) in zip(found.values(), TABLE_1[name], strict=True):
        (run,) = runs
        assert run.count == count
        expected = [("conv", (kernel, kernel), (out, out), groups) for kernel, out, groups in layers]
        assert [(layer.name, layer.kernel, layer.channels, layer.groups) for layer in run.layers] == expected


def test_a_composite_layer_stands_by_its_name() -> None:
    (run,) = structure(load("se_resnet50"))["conv2"]
    assert [(layer.name, layer.is_composite) for layer in run.layers] == [
        *[("conv", False)] * 3,
        ("squeeze_excite", True),
    ]


def test_channels_that_grow_along_a_stage_are_a_range() -> None:
    """Han et al. 2017: PyramidNet-110 widens by α / 54 in each of its 54 blocks; their code rounds what adds up."""
    (run,) = structure(load("pyramidnet110_a48"))["s1"]
    assert [layer.channels for layer in run.layers] == [(round(16 + 48 / 54), round(16 + 18 * 48 / 54))] * 2


def runs(stages: str) -> tuple[Run, ...]:
    text = f"""
      res 1 use "std.res"
      extern block attention(heads) -> (in) / 1, params = 64
      network net {{
        input 16x8x8
        {stages}
        shortcut identity else projection
      }}
    """
    return structure(load(text))["s1"]


def test_blocks_of_another_kind_begin_another_run() -> None:
    mixed = runs("stage s1 : basic(16) * 2 + bottleneck(4) + basic(16) * 3")
    assert [(run.definition, run.count) for run in mixed] == [("basic", 2), ("bottleneck", 1), ("basic", 3)]


def test_a_transition_is_alike_though_its_shortcut_is_not() -> None:
    assert [run.count for run in runs("stage s1 /2 : basic(32) * 4")] == [4]


def test_a_foreign_block_stands_by_its_signature() -> None:
    (run,) = runs("stage s1 : attention(8) * 2")
    assert [(layer.name, layer.kernel, layer.groups) for layer in run.layers] == [("attention(heads = 8)", (), 1)]
    assert run.count == 2


def test_chains_are_no_stages() -> None:
    assert structure(load("vgg19")) == {}
