"""torchvision 0.28."""

from resdsl.emit.schemes.scheme import Rule, Scheme

DOWNSAMPLE: Rule = {
    ("conv", "bn"): ("downsample.0", "downsample.1"),
    ("conv", "norm"): ("downsample.0", "downsample.1"),
}

TORCHVISION = Scheme(
    sections={"stem": "", "stage": "layer{stage}", "head": ""},
    block="{index}",
    roles={
        "stem": {("conv", "bn"): ("conv1", "bn1"), ("conv", "norm"): ("conv1", "bn1")},
        "head": {("linear",): ("fc",)},
        "residual": {"conv": "conv{number}", "bn": "bn{number}", "norm": "bn{number}"},
        "shortcut": DOWNSAMPLE,
    },
    is_emitted=True,
)
"""`models/resnet.py`: ResNet, ResNeXt and Wide ResNet, names and order."""

TORCHVISION_VIDEO = Scheme(
    sections={"stem": "stem", "stage": "layer{stage}", "head": ""},
    block="{index}",
    roles={
        "stem": {("conv", "bn"): ("0", "1")},
        "head": {("linear",): ("fc",)},
        "residual": {"conv": "conv{number}.0", "bn": "conv{number}.1"},
        "shortcut": DOWNSAMPLE,
    },
)
"""`models/video/resnet.py`: R3D, networks over space and time."""

TORCHVISION_REGNET = Scheme(
    sections={"stem": "stem", "stage": "trunk_output.block{stage}", "head": ""},
    block="block{stage}-{index}",
    roles={
        "stem": {("conv", "bn"): ("0", "1")},
        "pooled stem": {},
        "head": {("linear",): ("fc",)},
        "residual": {"conv": "f.{letter}.0", "bn": "f.{letter}.1"},
        "composite": {("conv", "conv"): ("f.se.fc1", "f.se.fc2")},
        "shortcut": {("conv", "bn"): ("proj.0", "proj.1")},
    },
)
"""`models/regnet.py`: RegNetX, and RegNetY with its squeeze-and-excitation."""

VGG_FEATURES: Rule = {"conv": "/features.{layer}", "bn": "/features.{layer}"}

TORCHVISION_VGG = Scheme(
    sections={"layers": "", "head": "classifier"},
    block="",
    roles={
        "layers": VGG_FEATURES,
        "composite": VGG_FEATURES,
        "head": {("linear", "linear", "linear"): ("0", "3", "6")},
    },
)
"""`models/vgg.py`, with and without batch normalisation."""
