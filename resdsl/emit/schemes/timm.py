"""timm 1.0."""

from resdsl.emit.schemes.scheme import Scheme
from resdsl.emit.schemes.torchvision import TORCHVISION, TORCHVISION_VGG, VGG_FEATURES

_DEEP_STEM = ("conv1.0", "conv1.1", "conv1.3", "conv1.4", "conv1.6", "bn1")

TIMM = Scheme(
    sections=TORCHVISION.sections,
    block="{index}",
    roles={
        **TORCHVISION.roles,
        "stem": {
            **TORCHVISION.roles["stem"],
            ("conv", "bn", "conv", "bn", "conv", "bn"): _DEEP_STEM,
            ("conv", "bn", "conv", "bn", "conv", "bn", "conv", "bn"): (*_DEEP_STEM, "maxpool.0", "maxpool.1"),
        },
        "composite": {("conv", "conv"): ("se.fc1", "se.fc2")},
        "pooled shortcut": {("conv", "bn"): ("downsample.1", "downsample.2")},
    },
    is_emitted=True,
)
"""`models/resnet.py`: as torchvision, with squeeze-excitation, deep stems and ResNet-D's pooled shortcuts.

ResNet-RS has a convolution of stride 2 in place of the stem's pooling, under the pooling's name.
"""

TIMM_SENET = Scheme(
    sections={**TORCHVISION.sections, "stem": "layer0"},
    block="{index}",
    roles={
        **TORCHVISION.roles,
        "stem": {"conv": "conv{number}", "bn": "bn{number}"},
        "composite": {("conv", "conv"): ("se_module.fc1", "se_module.fc2")},
        "head": {("linear",): ("last_linear",)},
    },
)
"""`models/senet.py`: the SE networks as first ported from the authors' Caffe nets, `legacy_…`."""

TIMM_RESNETV2 = Scheme(
    sections={"stem": "stem", "stage": "stages.{stage0}", "head": ""},
    block="blocks.{index}",
    roles={
        "stem": {
            ("conv",): ("conv",),
            ("conv", "bn", "conv", "bn", "conv"): ("conv1", "norm1", "conv2", "norm2", "conv3"),
            ("conv", "norm", "conv", "norm", "conv"): ("conv1", "norm1", "conv2", "norm2", "conv3"),
        },
        "before": {"bn": "norm{number}", "norm": "norm{number}"},
        "residual": {"conv": "conv{number}", "bn": "norm{number}", "norm": "norm{number}"},
        "shortcut": {("conv",): ("downsample.conv",)},
        "head": {(norm, last): ("norm", "head.fc") for norm in ("bn", "norm") for last in ("linear", "conv")},
    },
    convolutions=frozenset({"head.fc"}),
)
"""`models/resnetv2.py`: full pre-activation; the last layer is a convolution there."""

TIMM_REGNET = Scheme(
    sections={"stem": "stem", "stage": "s{stage}", "head": ""},
    block="b{place}",
    roles={
        "stem": {("conv", "bn"): ("conv", "bn")},
        "pooled stem": {},
        "residual": {"conv": "conv{number}.conv", "bn": "conv{number}.bn"},
        "composite": {("conv", "conv"): ("se.fc1", "se.fc2")},
        "shortcut": {("conv", "bn"): ("downsample.conv", "downsample.bn")},
        "head": {("linear",): ("head.fc",)},
    },
)
"""`models/regnet.py`: RegNetX, and RegNetY with its squeeze-and-excitation."""

TIMM_VGG = Scheme(
    sections=TORCHVISION_VGG.sections,
    block="",
    roles={
        "layers": VGG_FEATURES,
        "composite": VGG_FEATURES,
        "head": {("linear", "linear", "linear"): ("/pre_logits.fc1", "/pre_logits.fc2", "/head.fc")},
    },
    convolutions=frozenset({"pre_logits.fc1", "pre_logits.fc2"}),
)
"""`models/vgg.py`: the first two fully connected layers are convolutions."""
