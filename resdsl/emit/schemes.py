"""The naming schemes of state dicts: for each role of a layer in a residual net, the name that its module has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Role = Literal[
    "stem", "pooled stem", "head", "layers",
    "before", "residual", "after", "composite", "shortcut", "pooled shortcut", "link 1", "link 2", "link",
]  # fmt: skip
"""What a layer is for. A stem is pooled where a pooling follows; shortcuts are, where any of the network pools first.

A number after `link` is its level, 1 for the outermost; `link` alone is the rule for every other level.
"""

Rule = Mapping[str, str] | Mapping[tuple[str, ...], tuple[str, ...]]
"""Names by the layer's label (`conv`, `bn`, `*` for any), or for the whole sequence of labels of the role at once.

A name may hold `{op}` (the label), `{n}` (its number in its part, empty where it is the only one), `{number}` (the
same, always there), `{group}` (the composite layer or the link) and `{stage}` (the number of the stage, from 1). A
name that begins with `/` stands at the top of the network, not inside the section's or block's module.
"""


@dataclass(frozen=True, slots=True)
class Scheme:
    """One naming scheme.

    Attributes:
        sections: the path of a section's module, by its kind, with `{label}` or `{stage}`; empty where its layers stand
            at the top of the network; no entry where the scheme has no name for such a section.
        block: a block's name in its stage, with `{index}` from 0 or `{place}` from 1.
        roles: the rule of each role; no entry where the scheme has no name for such a layer.
        is_emitted: whether emitted modules may carry these names; else they only translate state dicts.
    """

    sections: Mapping[str, str]
    block: str
    roles: Mapping[Role, Rule]
    is_emitted: bool = True


NATIVE = Scheme(
    sections={"stem": "{label}", "stage": "{label}", "layers": "{label}", "head": "{label}"},
    block="{index}",
    roles={
        "stem": {"*": "{op}{n}"},
        "head": {"*": "{op}{n}"},
        "layers": {"*": "{op}{n}"},
        "before": {"*": "{op}{n}"},
        "residual": {"*": "{op}{n}"},
        "after": {"*": "{op}{n}"},
        "composite": {"*": "{group}_{op}{n}"},
        "shortcut": {"*": "shortcut_{op}{n}"},
        "link": {"*": "{group}_{op}{n}"},
    },
)
"""Every part has a name: the section's label, the block's index, the layer's label and number."""

TORCHVISION = Scheme(
    sections={"stem": "", "stage": "layer{stage}", "head": ""},
    block="{index}",
    roles={
        "stem": {("conv", "bn"): ("conv1", "bn1"), ("conv", "norm"): ("conv1", "bn1")},
        "head": {("linear",): ("fc",)},
        "residual": {"conv": "conv{number}", "bn": "bn{number}", "norm": "bn{number}"},
        "shortcut": {
            ("conv", "bn"): ("downsample.0", "downsample.1"),
            ("conv", "norm"): ("downsample.0", "downsample.1"),
        },
    },
)
"""torchvision 0.28, `models/resnet.py`: ResNet, ResNeXt and Wide ResNet, names and order."""

TIMM = Scheme(
    sections=TORCHVISION.sections,
    block="{index}",
    roles={
        **TORCHVISION.roles,
        "stem": {
            ("conv", "bn"): ("conv1", "bn1"),
            ("conv", "bn", "conv", "bn", "conv", "bn"): ("conv1.0", "conv1.1", "conv1.3", "conv1.4", "conv1.6", "bn1"),
        },
        "composite": {("conv", "conv"): ("se.fc1", "se.fc2")},
        "pooled shortcut": {("conv", "bn"): ("downsample.1", "downsample.2")},
    },
)
"""timm 1.0, `models/resnet.py`: as torchvision, with squeeze-excitation, deep stems and ResNet-D's pooled shortcuts."""

_PYTORCHCV_RESIDUAL = {"conv": "body.conv{number}.conv", "bn": "body.conv{number}.bn"}
_PYTORCHCV_HEAD = {("linear",): ("/output",), ("bn", "linear"): ("/features.post_activ.bn", "/output")}
_PYTORCHCV_SHORTCUT = {
    ("conv", "bn"): ("identity_conv.conv", "identity_conv.bn"),
    ("conv",): ("identity_conv",),
}

PYTORCHCV = Scheme(
    sections={"stem": "features.init_block", "stage": "features.stage{stage}", "head": ""},
    block="unit{place}",
    roles={
        "stem": {("conv", "bn"): ("conv", "bn"), ("conv",): ("",)},
        "pooled stem": {("conv", "bn"): ("conv.conv", "conv.bn")},
        "head": _PYTORCHCV_HEAD,
        "before": _PYTORCHCV_RESIDUAL,
        "residual": _PYTORCHCV_RESIDUAL,
        "shortcut": _PYTORCHCV_SHORTCUT,
    },
    is_emitted=False,
)
"""pytorchcv 0.0.74, `resnet.py`, `resnet_cifar.py`, `preresnet_cifar.py`, `wrn_cifar.py`."""

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
        "head": {("linear",): ("/output",)},
        "residual": _PYTORCHCV_RESIDUAL,
        "shortcut": _PYTORCHCV_SHORTCUT,
        "link 1": {("conv", "bn"): ("/features.body.shortcut.conv", "/features.body.shortcut.bn")},
        "link 2": {
            ("conv", "bn"): (
                "/features.body.stages.stage{stage}.shortcut.conv",
                "/features.body.stages.stage{stage}.shortcut.bn",
            )
        },
    },
    is_emitted=False,
)
"""pytorchcv 0.0.74, `ror_cifar.py`."""

SCHEMES: Mapping[str, Scheme] = {
    "native": NATIVE,
    "torchvision": TORCHVISION,
    "timm": TIMM,
    "pytorchcv": PYTORCHCV,
    "pytorchcv_ror": PYTORCHCV_ROR,
}
"""Every scheme by its name in `keys …`."""
