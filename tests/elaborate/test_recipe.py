"""A module's spec gives its network again: whichever of its file it is, with whatever parameters, from any folder."""

import re
from pathlib import Path

import pytest

from resdsl import Graph, ResError, emit, load
from resdsl.compiler import check

STD = 'res 1\nuse "std.res"\n'
NET = "input 3x8x8 stem conv(3x3, 8)"
MINE = f"{STD}# a block of mine\nblock mine(width, stride = 1) {{ residual conv(3x3, width, /stride) -> norm }}\n"


def again(graph: Graph) -> Graph:
    return load(graph.recipe)


@pytest.mark.parametrize(
    ("spec", "params"),
    [
        ("resnet152", {}),
        ("ror3", {"depth": 164}),
        ("resnet_cifar", {"depth": 56, "classes": 100}),
        ("resnet110_gate", {"bias": -7}),
        ("preresnet", {"blocks": [2, 2, 2, 2], "unit": "preact_basic", "first": "first_basic"}),
        ("ror3_wrn58_4", {}),
        ("swapout32_4", {}),
    ],
)
def test_networks_of_the_library(spec: str, params: dict[str, object]):
    graph = load(spec, params=params)  # pyright: ignore[reportArgumentType]
    other = again(graph)
    assert (other.digest, other.name, other.parameters) == (graph.digest, graph.name, graph.parameters)
    assert again(other).digest == graph.digest


def test_a_text_with_one_network_stays_as_it_is():
    text = f"{STD}network net {{ {NET} stage s1 : basic(8) }}\n"
    assert load(text).recipe == text


def test_what_a_caller_says_comes_before_what_the_last_line_says():
    graph = load("resnet_cifar", depth=56, classes=100)
    assert load(graph.recipe, depth=20).parameters == load("resnet_cifar", depth=20, classes=100).parameters
    assert load(graph.recipe, "resnet20").name == "resnet20"
    assert load(load(graph.recipe, depth=20).recipe).digest == load("resnet_cifar", depth=20, classes=100).digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "mine.res").write_text(MINE)
    (tmp_path / "parts" / "fall.res").write_text("res 1\nschedule fall(p) = 1 - l / L * (1 - p)\n")
    return tmp_path


def test_definitions_of_used_files_travel_with_it(folder: Path):
    network = f"network net {{ {NET} stage s1 : mine(8) + basic(8) survive fall(0.5) }}"
    text = f"{STD}use 'mine.res'\nuse 'parts/fall.res'\n{network}"
    (folder / "net.res").write_text(text.replace("'", '"'))
    graph = load(folder / "net.res")
    assert graph.recipe.startswith('res 1\nuse "std.res"\n\n# a block of mine\nblock mine')
    assert again(graph).digest == graph.digest


@pytest.mark.parametrize(
    "own",
    [
        "block basic(width) { residual conv(3x3, width) }",
        "layer relu { y = x -> elu }",
        "shortcut identity { y = x + f }",
    ],
)
def test_where_a_name_means_two_things_the_network_is_printed_with_all_names_resolved(folder: Path, own: str):
    (folder / "mine.res").write_text(MINE + "block ours(width) { residual conv(3x3, width) -> relu }\n")
    text = f"{STD}use 'mine.res'\n{own}\nnetwork net {{ {NET} stage s1 : mine(8) + ours(8) + basic(8) }}"
    (folder / "net.res").write_text(text.replace("'", '"'))
    graph = load(folder / "net.res")
    assert graph.recipe == ""
    [spec] = re.findall(r'^SPEC = """\\\n(.*?)"""$', emit(graph, to="python"), re.MULTILINE | re.DOTALL)
    assert load(spec).digest == graph.digest


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("net(depth = 3)", "`net` has no parameter `depth`"),
        ("nut", "(text) has no network `nut`"),
        ("net(n = )", "`)` stands where a value is wanted"),
        ("net(n = 0.5)", "`n` takes a value like its default, the whole number `2`, not the number `0.5`"),
    ],
)
def test_a_last_line_that_chooses_what_there_is_not_is_told_at_its_place(line: str, message: str):
    text = f"{STD}network net(n = 2) {{ {NET} stage s1 : basic(8) * n }}\n# resdsl: network {line}\n"
    with pytest.raises(ResError) as caught:
        load(text)
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.message == message
    assert diagnostic.span is None or diagnostic.span.source.text == text
    assert [d.message for d in check(text).diagnostics] == [message]
