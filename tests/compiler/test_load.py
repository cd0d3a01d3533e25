"""What `load` takes from Python and from configs, and what it says of the rest."""

from pathlib import Path

import numpy as np
import pytest

from resdsl import Graph, ResError, load

SPECS = Path(__file__).parents[2] / "specs"


def test_a_path_a_text_a_name_a_mapping_and_a_graph_name_the_same_network() -> None:
    path = SPECS / "resnet152.res"
    graph = load(path)
    text = path.read_text()
    for spec in (str(path), text, "resnet152", "resnet152.res", {"spec": text}, graph, {"spec": graph}):
        assert load(spec).digest == graph.digest


def test_parameters_come_by_name_in_a_mapping_or_as_text() -> None:
    # 97,216 n - 21,926 parameters (He et al. 2016, option A), n = 9
    for given in (
        load("resnet_cifar", depth=56),
        load("resnet_cifar", params={"depth": 56}),
        load({"spec": "resnet_cifar", "params": {"depth": 56}}),
        load({"spec": "resnet_cifar", "depth": "56"}),
        load("resnet_cifar", depth=np.int64(56)),
    ):
        assert sum(step.unit.n_params for step in given.steps) == 97_216 * 9 - 21_926


def test_a_graph_goes_through_json() -> None:
    graph = load("ror3", depth=20)
    assert Graph.from_json(graph.to_json()) == graph


@pytest.mark.parametrize(
    ("spec", "params", "message"),
    [
        ("x" * 5000, {}, "is neither a file nor a program"),
        ("x" * 300, {}, "the library has no network `xxx"),
        ("x" * 300 + ".res", {}, "there is no file `xxx"),
        ("", {}, "an empty text is neither a file nor a program"),
        ({}, {}, "a mapping names its spec by the key `spec`; this one has no key"),
        ({"sepc": "resnet152"}, {}, "this one has `sepc`"),
        ({"spec": "resnet152", "params": [1]}, {}, "`params` maps names to values"),
        ({"spec": "resnet152", 3: 1}, {}, "the network `resnet152` has no parameter `3`"),
        (None, {}, "not a NoneType"),
        (b"res 1", {}, "not a bytes"),
        ("resnet_cifar", {"depth": "3,4"}, "--> (-p depth=…):1:2"),
        ("resnet_cifar", {"unit": "bsic"}, "did you mean `basic`?"),
        ("resnet_cifar", {"depth": object()}, "`depth` cannot be set to a object"),
    ],
)
def test_what_names_no_network_is_told(spec: object, params: dict[str, object], message: str) -> None:
    with pytest.raises(ResError) as raised:
        load(spec, params=params)  # pyright: ignore[reportArgumentType]
    assert message in str(raised.value)


def test_a_graph_takes_no_parameters() -> None:
    graph = load("resnet_cifar")
    with pytest.raises(ResError, match="a graph has its network and its parameters already"):
        load(graph, depth=56)


def test_a_kind_that_needs_no_stride_goes_around_what_no_stride_maps() -> None:
    text = """
    res 1 use "std.res"
    block valid(width) { residual conv(3, width, padding = 0) -> bn -> relu }
    network net { input 3x32x32 stem conv(3x3, 8) stage s1 : valid(8) * 3 shortcut none }
    """
    assert str(load(text).output) == "8x26x26"
    with pytest.raises(ResError, match="no stride takes 8x32x32 to 8x30x30"):
        load(text.replace("shortcut none", "shortcut projection"))


def test_a_check_tells_unknown_words_that_only_emission_reads() -> None:
    from resdsl.compiler import check

    text = 'res 1 use "std.res" network net { input 3x8x8 stem conv(3x3, 8) keys tochvision init he_fan_uot }'
    told = {diagnostic.code.value for diagnostic in check(text).diagnostics}
    assert told == {"init-rule", "keys-scheme"}
