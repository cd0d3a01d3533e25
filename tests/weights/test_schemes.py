"""Layouts whose library is not at hand: names as their public descriptions give them."""

import pytest

from resdsl import ResError, load
from resdsl.emit.names import resolve_scheme
from resdsl.emit.state import state_keys, state_tensors


def weights(network, scheme, **params):
    return [key for key in state_keys(load(network, **params), scheme) if not key.endswith("num_batches_tracked")]


def test_detectron2_holds_each_norm_in_its_convolution():
    # detectron2 0.6, modeling/backbone/resnet.py: BasicStem, BottleneckBlock
    keys = weights("resnet50", "detectron2")
    assert {"stem.conv1.weight", "stem.conv1.norm.weight", "stem.conv1.norm.running_var"} <= set(keys)
    assert {"res2.0.shortcut.weight", "res2.0.shortcut.norm.bias", "res2.0.conv3.norm.weight"} <= set(keys)
    assert keys[-2:] == ["linear.weight", "linear.bias"]
    assert sum(key.startswith("res4.") and key.endswith("conv2.weight") for key in keys) == 6


def test_caffe_names_layers_by_letters_and_splits_the_norm_in_two():
    # github.com/KaimingHe/deep-residual-networks, prototxt/ResNet-50-deploy.prototxt
    keys = weights("resnet50_v1", "caffe")
    assert keys[:5] == ["conv1.0", "scale_conv1.0", "scale_conv1.1", "bn_conv1.0", "bn_conv1.1"]
    assert {"res2a_branch1.0", "bn2a_branch1.1", "scale2a_branch1.0", "res4f_branch2c.0", "fc1000.1"} <= set(keys)
    assert not any("tracked" in key for key in state_keys(load("resnet50_v1"), "caffe"))


@pytest.mark.parametrize(
    ("network", "wanted", "unwanted"),
    [
        # ResNet-101-deploy.prototxt, ResNet-152-deploy.prototxt: stages of more than three blocks are numbered there
        ("resnet101_v1", {"res2c_branch2a.0", "res3b3_branch2a.0", "res4b22_branch2c.0", "res5c_branch2a.0"}, "res3b_"),
        ("resnet152_v1", {"res3b7_branch2a.0", "res4b35_branch2a.0", "res4a_branch1.0"}, "res4b_"),
    ],
)
def test_caffe_numbers_the_blocks_of_deep_networks(network, wanted, unwanted):
    keys = weights(network, "caffe")
    assert wanted <= set(keys)
    assert not any(key.startswith(unwanted) for key in keys)


def test_torch7_counts_modules_in_their_containers():
    # fb.resnet.torch, models/resnet.lua: conv, bn, relu, pool are 0 to 3, the stages 4 to 7, pool 8, view 9, linear 10
    keys = weights("resnet50", "torch7")
    assert keys[0] == "0.weight"
    assert {"1.running_mean", "4.0.0.0.0.weight", "4.0.0.0.3.weight", "4.0.0.0.7.bias", "4.0.0.1.0.weight"} <= set(keys)
    assert {"7.2.0.0.6.weight", "10.weight", "10.bias"} <= set(keys)


def test_torch7_counts_from_the_stem_that_there_is():
    assert {"3.0.0.0.0.weight", "5.2.0.0.3.weight", "8.bias"} <= set(weights("resnet_cifar_b", "torch7", depth=20))


@pytest.mark.parametrize(
    ("network", "library", "scheme"),
    [
        ("resnet50", "torchvision", "torchvision"),
        ("vgg19", "torchvision", "torchvision_vgg"),
        ("vgg19", "timm", "timm_vgg"),
        ("se_resnet50", "timm", "timm"),
        ("wrn16_4", "pytorchcv", "pytorchcv_preact"),
        ("ror3_pooled", "pytorchcv", "pytorchcv_ror"),
        ("ror3_pooled", "pytorchcv_ror", "pytorchcv_ror"),
    ],
)
def test_a_library_s_name_stands_for_that_of_its_layouts_which_names_every_part(network, library, scheme):
    assert resolve_scheme(load(network), library) == scheme


def test_fully_connected_layers_that_a_library_has_as_convolutions_have_the_shape_of_what_they_see():
    # timm 1.0.31, vgg11: pre_logits.fc1 is 4096x512x7x7, pre_logits.fc2 4096x4096x1x1
    shapes = {tensor.key: tensor.dims for tensor in state_tensors(load("vgg19"), "timm")}
    assert shapes["pre_logits.fc1.weight"] == (4096, 512, 7, 7)
    assert shapes["pre_logits.fc2.weight"] == (4096, 4096, 1, 1)
    assert shapes["head.fc.weight"] == (1000, 4096)


def test_the_last_layer_of_timm_s_preactivation_networks_may_be_a_convolution_as_it_is_there():
    # timm 1.0.31, models/resnetv2.py: ClassifierHead(use_conv=True), and what `resdsl import` writes for it
    spec = """res 1 use "std.res" network preact {
      input 3x32x32
      stem  conv(7x7, 64, /2) -> maxpool(3x3, /2)
      stage s1 : preact_bottleneck(64) * 1
      head  bn -> relu -> global_avgpool -> CLASSIFIER
      shortcut identity else conv_shortcut
    }"""
    for classifier in ("conv(1x1, 10, bias = 0) -> flatten", "linear(10)"):
        tensors = state_tensors(load(spec.replace("CLASSIFIER", classifier)), "timm")
        assert [(tensor.key, tensor.dims) for tensor in tensors[-2:]] == [
            ("head.fc.weight", (10, 256, 1, 1)),
            ("head.fc.bias", (10,)),
        ]


def test_of_several_layouts_that_lack_a_name_the_nearest_is_told():
    with pytest.raises(ResError, match="has no name for `conv"):
        list(state_keys(load("ror3"), "pytorchcv"))
