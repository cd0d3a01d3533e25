"""The naming schemes of state dicts, by name."""

from collections.abc import Mapping

from resdsl.emit.schemes.caffe import CAFFE
from resdsl.emit.schemes.detectron2 import DETECTRON2
from resdsl.emit.schemes.native import NATIVE
from resdsl.emit.schemes.pytorchcv import (
    PYTORCHCV,
    PYTORCHCV_PREACT,
    PYTORCHCV_REGNET,
    PYTORCHCV_ROR,
    PYTORCHCV_SENET,
    PYTORCHCV_VGG,
)
from resdsl.emit.schemes.scheme import Role, Rule, Scheme
from resdsl.emit.schemes.timm import TIMM, TIMM_REGNET, TIMM_RESNETV2, TIMM_SENET, TIMM_VGG
from resdsl.emit.schemes.torch7 import TORCH7
from resdsl.emit.schemes.torchvision import TORCHVISION, TORCHVISION_REGNET, TORCHVISION_VGG, TORCHVISION_VIDEO

SCHEMES: Mapping[str, Scheme] = {
    "native": NATIVE,
    "torchvision": TORCHVISION,
    "torchvision_regnet": TORCHVISION_REGNET,
    "torchvision_vgg": TORCHVISION_VGG,
    "torchvision_video": TORCHVISION_VIDEO,
    "timm": TIMM,
    "timm_regnet": TIMM_REGNET,
    "timm_resnetv2": TIMM_RESNETV2,
    "timm_senet": TIMM_SENET,
    "timm_vgg": TIMM_VGG,
    "pytorchcv": PYTORCHCV,
    "pytorchcv_preact": PYTORCHCV_PREACT,
    "pytorchcv_regnet": PYTORCHCV_REGNET,
    "pytorchcv_ror": PYTORCHCV_ROR,
    "pytorchcv_senet": PYTORCHCV_SENET,
    "pytorchcv_vgg": PYTORCHCV_VGG,
    "detectron2": DETECTRON2,
    "caffe": CAFFE,
    "torch7": TORCH7,
}
"""Every scheme by its name in `keys …`.

A library's own name stands for all that it has: the first of its schemes that names every part of a network is taken.
"""

__all__ = ["SCHEMES", "Role", "Rule", "Scheme"]
