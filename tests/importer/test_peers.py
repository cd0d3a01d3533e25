"""Models of torchvision, timm and pytorchcv are read back as their papers' tables have them.

The importer itself holds the outputs of both against each other and raises where they differ; what is expected here
are the numbers of blocks and the names that the papers give. ImageNet models are read on 64x64 pixels: quicker, and
the same layers.
"""

import importlib

import pytest
import torch

from resdsl import ResError, build
from resdsl.integrations.importer import import_module, import_peer
from resdsl.integrations.peers import declare_operators, make_peer
from resdsl.syntax import parse
from resdsl.syntax.format import fmt

SMALL = (3, 64, 64)

WANTED = {
    "torchvision:resnet18": """
  stem  conv(7x7, 64, /2) -> bn -> relu -> maxpool(3x3, /2)
  stage layer1    : basic(64)  * 2
  stage layer2 /2 : basic(128) * 2
  stage layer3 /2 : basic(256) * 2
  stage layer4 /2 : basic(512) * 2
  head  global_avgpool -> linear(1000)

  shortcut identity else projection
  keys torchvision

  expect params = 11_689_512
""",
    "torchvision:resnext50_32x4d": """
  stem  conv(7x7, 64, /2) -> bn -> relu -> maxpool(3x3, /2)
  stage layer1    : resnext(64)  * 3
  stage layer2 /2 : resnext(128) * 4
  stage layer3 /2 : resnext(256) * 6
  stage layer4 /2 : resnext(512) * 3
  head  global_avgpool -> linear(1000)

  shortcut identity else projection
  keys torchvision

  expect params = 25_028_904
""",
    "timm:seresnext26d_32x4d": """
  stem  conv(3x3, 32, /2) -> bn -> relu -> conv(3x3, 32) -> bn -> relu -> conv(3x3, 64) -> bn -> relu
     -> maxpool(3x3, /2)
  stage layer1    : se_resnext(64)  * 2
  stage layer2 /2 : se_resnext(128) * 2
  stage layer3 /2 : se_resnext(256) * 2
  stage layer4 /2 : se_resnext(512) * 2
  head  global_avgpool -> linear(1000)

  shortcut identity else avg_projection
  keys timm

  expect params = 16_809_512
""",
    "timm:resnetv2_50": """
  stem  conv(7x7, 64, /2) -> maxpool(3x3, /2)
  stage s1    : preact_bottleneck(64)  * 3
  stage s2 /2 : preact_bottleneck(128) * 4
  stage s3 /2 : preact_bottleneck(256) * 6
  stage s4 /2 : preact_bottleneck(512) * 3
  head  bn -> relu -> global_avgpool -> conv(1x1, 1000, bias = true) -> flatten

  shortcut identity else conv_shortcut

  expect params = 25_549_352
""",
    "pytorchcv:resnet20_cifar10": """
  stem  conv(3x3, 16) -> bn -> relu
  stage stage1    : basic(16) * 3
  stage stage2 /2 : basic(32) * 3
  stage stage3 /2 : basic(64) * 3
  head  global_avgpool -> linear(10)

  shortcut identity else projection

  expect params = 272_474
""",
    "pytorchcv:preresnet20_cifar10": """
  stem  conv(3x3, 16)
  stage stage1    : preact_basic(16) * 3
  stage stage2 /2 : preact_basic(32) * 3
  stage stage3 /2 : preact_basic(64) * 3
  head  bn -> relu -> global_avgpool -> linear(10)

  shortcut identity else conv_shortcut

  expect params = 272_282
""",
    "pytorchcv:pyramidnet110_a48_cifar10": """
  stem  conv(3x3, 16) -> bn
  stage stage1    : pyramid_basic(round(16 + 48.0 * l / L)) * 18
  stage stage2 /2 : pyramid_basic(round(16 + 48.0 * l / L)) * 18
  stage stage3 /2 : pyramid_basic(round(16 + 48.0 * l / L)) * 18
  head  bn -> relu -> global_avgpool -> linear(10)

  shortcut identity else avg_zero_pad

  expect params = 1_772_706
""",
    "pytorchcv:ror3_56_cifar10": """
  stem   conv(3x3, 16) -> bn -> relu
  stage  stage1 : basic(16) * 8
  layers pool   : maxpool(2x2, /2)
  stage  stage2 : basic(32) * 8
  layers pool_2 : maxpool(2x2, /2)
  stage  stage3 : basic(64) * 8
  head   global_avgpool -> linear(10)

  shortcut identity else projection
  link middle over each stage via projection
  link root   over all        via projection

  expect params = 762_746
""",
}

LARGE = {
    "torchvision:resnext50_32x4d",
    "timm:seresnext26d_32x4d",
    "timm:resnetv2_50",
    "pytorchcv:pyramidnet110_a48_cifar10",
}


def read(source: str):
    peer = make_peer(source)
    return peer, import_module(peer.model, peer.shape if peer.shape[1] < 64 else SMALL, name=peer.name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "stage"),
    [
        ("torchvision:resnet152", "stage layer3 /2 : bottleneck(256) * 36"),
        ("torchvision:wide_resnet50_2", "stage layer3 /2 : bottleneck(512, expansion = 2)  * 6"),
        ("torchvision:resnext101_32x8d", "stage layer3 /2 : resnext(256, base = 8) * 23"),
        ("timm:resnet50d", "stage layer3 /2 : bottleneck(256) * 6"),
        ("timm:seresnet50", "stage layer3 /2 : se_bottleneck(256) * 6"),
        (
            "pytorchcv:pyramidnet164_a270_bn_cifar10",
            "stage stage2 /2 : pyramid_bottleneck(round(16 + 270.0 * l / L)) * 18",
        ),
        ("pytorchcv:preresnet164bn_cifar10", "stage stage2 /2 : preact_bottleneck(32) * 18"),
        ("pytorchcv:wrn28_10_cifar10", "stage stage2 /2 : preact_basic(320) * 4"),
        ("pytorchcv:ror3_164_cifar10", "stage  stage2 : basic(32) * 26"),
    ],
)
def test_a_large_model_is_read_back_too(source: str, stage: str):
    _, imported = read(source)
    assert f"\n  {stage}\n" in imported.text


@pytest.mark.parametrize(
    "source", [pytest.param(source, marks=[pytest.mark.slow] if source in LARGE else []) for source in WANTED]
)
def test_a_model_is_read_back_as_its_paper_has_it(source: str):
    _, imported = read(source)
    assert imported.text.partition("input ")[2].partition("\n\n")[2] == f"{WANTED[source].removeprefix(chr(10))}}}\n"
    assert imported.error <= 1e-11
    assert parse(imported.text) == imported.program
    assert fmt(imported.text) == imported.text


def test_its_weights_go_into_what_is_built_from_the_text():
    peer, imported = read("pytorchcv:preresnet20_cifar10")
    model = build(imported.text)
    model.load_state_dict(imported.state_dict(peer.model))
    x = torch.randn(2, 3, 32, 32)
    assert torch.allclose(model.eval()(x), peer.model.eval()(x), atol=1e-5)


def test_where_the_names_are_a_librarys_own_the_state_dict_loads_as_it_is():
    peer, imported = read("torchvision:resnet18")
    assert imported.graph.keys == "torchvision"
    build(imported.text).load_state_dict(peer.model.state_dict())


def test_names_that_modules_of_the_language_do_not_carry_are_those_of_the_language():
    declare_operators()
    regnet = importlib.import_module("torchvision.models.regnet")
    params = regnet.BlockParams([1, 1], [8, 16], [8, 8], [1, 1], [2, 2], se_ratio=0.25)
    imported = import_module(regnet.RegNet(params, num_classes=5, stem_width=8), (3, 32, 32))
    assert imported.graph.keys == "native"
    assert imported.keys["block1.0.conv1.weight"] == "trunk_output.block1.block1-0.f.a.0.weight"


def test_the_shape_is_the_models_own_unless_another_is_given():
    assert import_peer("pytorchcv:resnet20_cifar10").graph.input.dims == (3, 32, 32)
    assert import_peer("timm:resnet10t", SMALL).graph.input.dims == SMALL
    assert make_peer("timm:resnet10t").shape == (3, 176, 176)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("resnet50", "`resnet50` names no model"),
        ("torchvison:resnet50", "`torchvison:resnet50` names no model"),
        ("torchvision:resnet51", "torchvision has no model `resnet51`"),
        ("timm:resnet5O", "timm has no model `resnet5O`"),
        ("pytorchcv:resnet20_cifar11", "pytorchcv has no model `resnet20_cifar11`"),
        ("torchvision:vgg11", "no shortcut is added anywhere: this is no residual network"),
        ("torchvision:convnext_tiny", "`features.0.1`: the language has no layer for torch's `permute`"),
        (
            "timm:resnetv2_50x1_bit",
            "`stem.conv`: `reshape` makes weights out of weights in each pass; the language has trained ones",
        ),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(source: str, message: str):
    with pytest.raises(ResError) as raised:
        import_peer(source)
    assert [diagnostic.message for diagnostic in raised.value.diagnostics] == [message]


@pytest.mark.parametrize(
    ("rates", "statement"),
    [
        (None, "survive linspace(0.8), per = sample, rescale = train"),
        ([0.1, 0.2, 0.3, 0.4], "survive linear(0.6), per = sample, rescale = train"),
        ([0.3, 0.0, 0.1, 0.2], "survive [0.7, 1.0, 0.9, 0.8][l], per = sample, rescale = train"),
    ],
)
def test_stochastic_depth_is_read_off_the_modules_since_evaluation_shows_none(rates, statement: str):
    declare_operators()  # timm imports torchvision
    timm = importlib.import_module("timm")
    model = timm.create_model("resnet10t", drop_path_rate=0.2)
    for stage, rate in zip((model.layer1, model.layer2, model.layer3, model.layer4), rates or []):
        stage[0].drop_path = timm.layers.DropPath(rate)
    imported = import_module(model, SMALL)
    assert f"\n  {statement}\n" in imported.text
    wanted = [1 - rate for rate in rates or [0, 0.2 / 3, 0.4 / 3, 0.2]]
    assert [step.survival for step in imported.graph.blocks] == pytest.approx(wanted)
