"""What `import resdsl` offers takes a network however it is named."""

from pathlib import Path

import pytest

import resdsl

SPECS = Path(__file__).resolve().parents[2] / "specs"
TEXT = 'res 1 use "resnet_cifar.res" network mine = resnet_cifar(depth = 32) {}'


@pytest.mark.parametrize(
    ("spec", "params"),
    [
        ("resnet32", 464_154),
        (TEXT, 464_154),
        (SPECS / "resnet_cifar.res", 1_727_962),
        ({"spec": "resnet_cifar", "params": {"depth": 32}}, 464_154),
        (resdsl.load("resnet32"), 464_154),
    ],
    ids=["name", "text", "path", "mapping", "graph"],
)
def test_a_name_a_text_a_path_a_mapping_and_a_graph_are_all_asked_alike(spec, params):
    """He et al. 2016, Table 6, option A: 0.46 M in 32 layers, 1.7 M in 110."""
    graph = resdsl.load(spec)
    assert resdsl.cost(spec).total.params == params
    assert resdsl.load(resdsl.emit(spec, to="res")).digest == graph.digest
    assert graph.name in resdsl.draw(spec).svg
    assert resdsl.diff(spec, graph).changes == ()


def test_a_list_is_drawn_as_one_picture():
    svg = resdsl.draw(["resnet20", resdsl.load("resnet32")]).svg
    assert "resnet20" in svg
    assert "resnet32" in svg


@pytest.mark.parametrize("ask", [resdsl.cost, resdsl.draw, lambda spec: resdsl.emit(spec, "res")])
def test_a_name_that_is_nobodys_is_told_as_everywhere(ask):
    with pytest.raises(resdsl.ResError, match="the library has no network `resnet21`"):
        ask("resnet21")


def test_a_picture_that_cannot_be_written_leaves_the_old_one(tmp_path):
    (tmp_path / "net.svg").mkdir()
    with pytest.raises(resdsl.ToolError, match="cannot write"):
        resdsl.draw("resnet20").save(tmp_path / "net.svg")
    assert [path.name for path in tmp_path.iterdir()] == ["net.svg"]
