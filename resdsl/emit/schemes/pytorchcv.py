"""pytorchcv 0.0.74."""

from resdsl.emit.schemes.scheme import Rule, Scheme

_BODY: Rule = {"conv": "body.conv{number}.conv", "bn": "body.conv{number}.bn"}
_SHORTCUT: Rule = {
    ("conv", "bn"): ("identity_conv.conv", "identity_conv.bn"),
    ("conv",): ("identity_conv.conv",),
}
_DEEP_STEM: Rule = {
    ("conv", "bn", "conv", "bn", "conv", "bn"): (
        "conv1.conv", "conv1.bn", "conv2.conv", "conv2.bn", "conv3.conv", "conv3.bn",
    ),
}  # fmt: skip
_SE: Rule = {("conv", "conv"): ("se.conv1", "se.conv2")}
_SECTIONS = {"stem": "features.init_block", "stage": "features.stage{stage}", "head": ""}

PYTORCHCV = Scheme(
    sections=_SECTIONS,
    block="unit{place}",
    roles={
        "stem": {("conv", "bn"): ("conv", "bn"), ("conv",): ("conv",)},
        "pooled stem": {("conv", "bn"): ("conv.conv", "conv.bn"), ("conv",): ("conv.conv",), **_DEEP_STEM},
        "head": {("linear",): ("output",)},
        "residual": _BODY,
        "composite": _SE,
        "shortcut": _SHORTCUT,
        "pooled shortcut": {("conv", "bn"): ("identity_block.conv.conv", "identity_block.conv.bn")},
    },
)
"""`resnet.py`, `resnext.py`, `seresnet.py`, `seresnext.py`, `resneta.py`, `wrn.py`, and their CIFAR forms."""

PYTORCHCV_PREACT = Scheme(
    sections=_SECTIONS,
    block="unit{place}",
    roles={
        "stem": {("conv", "bn"): ("conv", "bn"), ("conv",): ("",)},
        "head": {("bn", "linear"): ("features.post_activ.bn", "output"), ("linear",): ("output",)},
        "before": _BODY,
        "residual": {
            **_BODY,
            ("bn", "conv", "bn", "conv", "bn"): (
                "body.conv1.bn", "body.conv1.conv", "body.conv2.bn", "body.conv2.conv", "bn",
            ),
            ("bn", "conv", "bn", "conv", "bn", "conv", "bn"): (
                "body.conv1.bn", "body.conv1.conv", "body.conv2.bn", "body.conv2.conv",
                "body.conv3.bn", "body.conv3.conv", "bn",
            ),
        },
        "composite": _SE,
        "shortcut": {("conv",): ("identity_conv",)},
    },
)  # fmt: skip
"""`preresnet.py`, `sepreresnet.py`, `pyramidnet.py`, `wrn_cifar.py`, and the CIFAR forms: pre-activation."""

PYTORCHCV_REGNET = Scheme(
    sections=_SECTIONS,
    block="unit{place}",
    roles={
        **PYTORCHCV.roles,
        "pooled stem": {},
        "composite": {("conv", "conv"): ("body.se.conv1", "body.se.conv2")},
    },
)
"""`regnet.py`: RegNetX, and RegNetY with its squeeze-and-excitation."""

PYTORCHCV_SENET = Scheme(
    sections=_SECTIONS, block="unit{place}", roles={**PYTORCHCV.roles, "head": {("linear",): ("output.fc",)}}
)
"""`senet.py`: SENet-154 and the smaller ones."""

PYTORCHCV_ROR = Scheme(
    sections={
        "stem": "features.init_block",
        "stage": "features.body.stages.stage{stage}.units",
        "layers": "",
        "head": "",
    },
    block="unit{place}",
    roles={
        "stem": {("conv", "bn"): ("conv", "bn")},
        "head": {("linear",): ("output",)},
        "residual": _BODY,
        "shortcut": _SHORTCUT,
        "link 1": {("conv", "bn"): ("/features.body.shortcut.conv", "/features.body.shortcut.bn")},
        "link 2": {
            ("conv", "bn"): (
                "/features.body.stages.stage{stage}.shortcut.conv",
                "/features.body.stages.stage{stage}.shortcut.bn",
            )
        },
    },
)
"""`ror_cifar.py`."""

_UNITS: Rule = {"conv": "unit{number}.conv", "bn": "unit{number}.bn"}

PYTORCHCV_VGG = Scheme(
    sections={"layers": "features.stage{section}", "head": "output"},
    block="",
    roles={
        "layers": _UNITS,
        "composite": _UNITS,
        "head": {("linear", "linear", "linear"): ("fc1.fc", "fc2.fc", "fc3"), ("conv",): ("final_conv.conv",)},
    },
)
"""`vgg.py`, with and without batch normalisation, and `nin_cifar.py`."""
