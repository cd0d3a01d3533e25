"""Every scheme names every part it has a name for, each tensor once; what it has none for is said with the way out."""

import pytest

from resdsl import Code, ResError, load
from resdsl.compiler import library, read
from resdsl.emit.names import module_names
from resdsl.emit.state import key_map, state_keys
from resdsl.emit.torch import build

HEAD = "head global_avgpool -> linear(5)"


def net(stem="stem conv(7x7, 8, /2) -> bn -> relu -> maxpool(3x3, /2)", stages="", rest="", head=HEAD):
    stages = stages or "stage a : bottleneck(4) * 2 stage b /2 : bottleneck(8) * 2"
    return load(
        f'res 1 use "std.res" network net {{ input 3x32x32 {stem} {stages} {head} '
        f"shortcut identity else projection {rest} }}"
    )


def weights(keys):
    return [key for key in keys if key.endswith("weight")]


def test_native_names_are_labels_indices_and_numbered_layers():
    assert weights(state_keys(net(), "native"))[:16] == [
        "stem.conv.weight",
        "stem.bn.weight",
        "a.0.conv1.weight",
        "a.0.bn1.weight",
        "a.0.conv2.weight",
        "a.0.bn2.weight",
        "a.0.conv3.weight",
        "a.0.bn3.weight",
        "a.0.shortcut_conv.weight",
        "a.0.shortcut_bn.weight",
        "a.1.conv1.weight",
        "a.1.bn1.weight",
        "a.1.conv2.weight",
        "a.1.bn2.weight",
        "a.1.conv3.weight",
        "a.1.bn3.weight",
    ]


def test_native_names_tell_composite_layers_shortcuts_and_links_apart():
    graph = net(stages="stage a : se_basic(8, reduction = 2) * 1", rest="link root over all via projection")
    assert weights(state_keys(graph, "native"))[2:-1] == [
        "a.0.conv1.weight",
        "a.0.bn1.weight",
        "a.0.conv2.weight",
        "a.0.bn2.weight",
        "a.0.squeeze_excite_conv1.weight",
        "a.0.squeeze_excite_conv2.weight",
        "a.0.root_conv.weight",
        "a.0.root_bn.weight",
    ]


def test_what_stands_before_and_after_the_junction_is_numbered_with_the_main_path():
    graph = net(stages="stage a : preact_basic(8) * 1 + basic_bn_after(8) * 1")
    assert weights(state_keys(graph, "native"))[2:-1] == [
        "a.0.bn1.weight",
        "a.0.conv1.weight",
        "a.0.bn2.weight",
        "a.0.conv2.weight",
        "a.1.conv1.weight",
        "a.1.bn1.weight",
        "a.1.conv2.weight",
        "a.1.bn2.weight",
    ]


def test_timm_names_squeeze_excitation_pooled_shortcuts_and_deep_stems():
    # timm 1.0.31: resnet50d with se, models/resnet.py and layers/squeeze_excite.py
    stem = "stem conv(3x3, 4, /2) -> bn -> relu -> conv(3x3, 4) -> bn -> relu -> conv(3x3, 8) -> bn -> relu"
    stem += " -> maxpool(3x3, /2)"
    graph = net(
        stem,
        "stage a : se_bottleneck(4, reduction = 2) * 1 stage b /2 : se_bottleneck(8, reduction = 2) * 1",
    )
    pooled = load(
        f'res 1 use "std.res" network net {{ input 3x32x32 {stem} stage a : bottleneck(4) * 1 '
        f"stage b /2 : bottleneck(8) * 1 {HEAD} shortcut identity else avg_projection keys timm }}"
    )
    assert weights(state_keys(graph, "timm"))[:16] == [
        "conv1.0.weight",
        "conv1.1.weight",
        "conv1.3.weight",
        "conv1.4.weight",
        "conv1.6.weight",
        "bn1.weight",
        "layer1.0.conv1.weight",
        "layer1.0.bn1.weight",
        "layer1.0.conv2.weight",
        "layer1.0.bn2.weight",
        "layer1.0.conv3.weight",
        "layer1.0.bn3.weight",
        "layer1.0.se.fc1.weight",
        "layer1.0.se.fc2.weight",
        "layer1.0.downsample.0.weight",
        "layer1.0.downsample.1.weight",
    ]
    keys = list(build(pooled).state_dict())
    assert keys == list(state_keys(pooled, "timm"))
    assert {"layer1.0.downsample.1.weight", "layer1.0.downsample.2.weight", "layer2.0.downsample.1.weight"} <= set(keys)
    assert "layer1.0.downsample.0.weight" not in keys


def test_a_map_leads_from_each_key_to_that_of_the_same_tensor():
    names = key_map(net(), "native", "torchvision")
    assert names["stem.conv.weight"] == "conv1.weight"
    assert names["stem.bn.running_var"] == "bn1.running_var"
    assert names["b.0.shortcut_bn.num_batches_tracked"] == "layer2.0.downsample.1.num_batches_tracked"
    assert names["head.linear.bias"] == "fc.bias"
    back = key_map(net(), "torchvision", "native")
    assert {back[other]: other for other in back} == names


@pytest.mark.parametrize(
    ("graph", "scheme", "message"),
    [
        (net(rest="link root over all via conv_shortcut"), "torchvision", "in the link `root`"),
        (net(stages="stage a : preact_basic(8) * 1"), "torchvision", "`bn` in the before of `preact_basic`"),
        (net(stages="stage a : basic(8) * 1 layers mid : conv(3x3, 8)"), "timm", "the layers `mid`"),
        (net("stem conv(3x3, 8) -> relu"), "torchvision", "`conv(3x3, 8)` in `stem`"),
        (net(head="head bn -> global_avgpool -> linear(5)"), "torchvision", "`bn` in `head`"),
        (net(stages="stage a : se_basic(8, reduction = 2) * 1"), "torchvision", "in `squeeze_excite`"),
    ],
    ids=["link", "before", "layers", "stem", "head", "composite"],
)
def test_a_part_without_a_name_is_told_with_the_way_out(graph, scheme, message):
    with pytest.raises(ResError) as caught:
        module_names(graph, scheme)
    first = caught.value.diagnostics[0]
    assert first.code is Code.KEYS_SCHEME
    assert message in first.message
    assert first.message.startswith(f"the naming scheme `{scheme}` has no name for ")
    assert first.help == "`keys native` names every part"


def test_an_unknown_scheme_is_told_with_the_nearest():
    with pytest.raises(ResError, match="there is no naming scheme `torchvison`") as caught:
        module_names(net(), "torchvison")
    assert caught.value.diagnostics[0].help == "did you mean `torchvision`?"


def test_a_scheme_that_only_translates_is_no_scheme_for_modules():
    with pytest.raises(ResError, match="only translates state dicts"):
        build(net(rest="keys pytorchcv"))


@pytest.mark.parametrize("path", [path for path in library() if path.stem != "std"], ids=lambda path: path.stem)
def test_the_keys_of_library_networks_are_all_different_and_those_of_the_module(path):
    program = read(path)
    graphs = [program.graph(found.definition.name) for found in program.networks()]
    for graph in graphs:
        keys = list(state_keys(graph, graph.keys))
        assert len(set(keys)) == len(keys) == len(set(state_keys(graph, "native")))
    smallest = min(graphs, key=lambda graph: len(graph.steps))
    assert list(build(smallest, device="meta").state_dict()) == list(state_keys(smallest, smallest.keys))
