"""Words of the language whose meaning later phases know: a test holds these tables to theirs."""

from __future__ import annotations

from collections.abc import Mapping

INIT_RULES: Mapping[str, int] = {
    "he_fan_out": 0,
    "he_fan_in": 0,
    "xavier": 0,
    "normal": 1,
    "linear_normal": 1,
    "linear_zero_bias": 0,
    "zero_residual": 0,
    "torch": 0,
}
"""The weight initialisations of `init …`, with how many numbers each takes."""

SCHEMES = (
    "native",
    "torchvision", "torchvision_regnet", "torchvision_vgg", "torchvision_video",
    "timm", "timm_regnet", "timm_resnetv2", "timm_senet", "timm_vgg",
    "pytorchcv", "pytorchcv_preact", "pytorchcv_regnet", "pytorchcv_ror", "pytorchcv_senet", "pytorchcv_vgg",
    "detectron2", "caffe", "torch7",
)  # fmt: skip
"""The naming schemes of state dicts, for `keys …`."""

SUBJECTS = ("params", "macs", "depth", "depth_wrn", "depth_all", "blocks", "output")
"""What every network can be expected to have; a section's label stands for the shape that leaves it."""
