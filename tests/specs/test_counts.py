"""Every exact parameter count of the reference is what the library computes, and what it expects of itself."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from resdsl import cost
from tests.specs.conftest import Library

ROWS = {
    (row["name"], row["dataset"]): row for row in json.loads((Path(__file__).parent / "counts.json").read_text("utf-8"))
}
EXACT = {key: row["exact_params"] for key, row in ROWS.items() if row["exact_params"] is not None}

SAID: dict[tuple[str, str], str] = {
    # ------------------------------------------------------------ He et al. 2016, CIFAR
    ("ResNet-20-A", "CIFAR-10"): "resnet20",
    ("ResNet-20-A", "CIFAR-100"): "resnet20(classes = 100)",
    ("ResNet-20-B", "CIFAR-10"): "resnet_cifar_b(depth = 20)",
    ("ResNet-20-B-convonly", "CIFAR-10"): "resnet_cifar_b_conv(depth = 20)",
    ("ResNet-20-C", "CIFAR-10"): "resnet_cifar_c(depth = 20)",
    ("Plain-20", "CIFAR-10"): "plain20",
    ("ResNet-32-A", "CIFAR-10"): "resnet32",
    ("ResNet-32-A", "CIFAR-100"): "resnet32(classes = 100)",
    ("ResNet-32-C", "CIFAR-10"): "resnet_cifar_c(depth = 32)",
    ("Plain-32", "CIFAR-10"): "plain32",
    ("ResNet-44-A", "CIFAR-10"): "resnet44",
    ("ResNet-44-A", "CIFAR-100"): "resnet44(classes = 100)",
    ("ResNet-44-B-convonly", "CIFAR-10"): "resnet_cifar_b_conv(depth = 44)",
    ("ResNet-44-C", "CIFAR-10"): "resnet_cifar_c(depth = 44)",
    ("Plain-44", "CIFAR-10"): "plain44",
    ("ResNet-56-A", "CIFAR-10"): "resnet56",
    ("ResNet-56-A", "CIFAR-100"): "resnet56(classes = 100)",
    ("ResNet-56-B", "CIFAR-10"): "resnet_cifar_b(depth = 56)",
    ("ResNet-56-B-convonly", "CIFAR-10"): "resnet_cifar_b_conv(depth = 56)",
    ("ResNet-56-C", "CIFAR-10"): "resnet_cifar_c(depth = 56)",
    ("Plain-56", "CIFAR-10"): "plain56",
    ("ResNet-110-A", "CIFAR-100"): "resnet110(classes = 100)",
    ("ResNet-110-B", "CIFAR-10"): "resnet_cifar_b(depth = 110)",
    ("ResNet-110-C", "CIFAR-10"): "resnet_cifar_c(depth = 110)",
    ("Plain-110", "CIFAR-10"): "plain110",
    ("ResNet-152-A", "CIFAR-10"): "resnet_cifar(depth = 152)",
    ("ResNet-152-B", "CIFAR-10"): "resnet_cifar_b(depth = 152)",
    ("ResNet-152-B-convonly", "CIFAR-10"): "resnet_cifar_b_conv(depth = 152)",
    ("Plain-152", "CIFAR-10"): "plain_cifar(depth = 152)",
    ("ResNet-164-A", "CIFAR-10"): "resnet_cifar(depth = 164)",
    ("ResNet-164-A", "CIFAR-100"): "resnet_cifar(depth = 164, classes = 100)",
    ("ResNet-164-B-convonly", "CIFAR-10"): "resnet_cifar_b_conv(depth = 164)",
    ("ResNet-164-C", "CIFAR-10"): "resnet_cifar_c(depth = 164)",
    ("ResNet-1202-A", "CIFAR-10"): "resnet1202",
    ("ResNet-1202-A", "CIFAR-100"): "resnet1202(classes = 100)",
    ("ResNet-1202-B", "CIFAR-10"): "resnet_cifar_b(depth = 1202)",
    ("ResNet-1202-B-convonly", "CIFAR-10"): "resnet_cifar_b_conv(depth = 1202)",
    # ------------------------------------------------------------ He et al. 2016b, CIFAR
    ("PreResNet-20-B", "CIFAR-10"): "preresnet_cifar_b(depth = 20)",
    ("PreResNet-32-A", "CIFAR-10"): "preresnet_cifar(depth = 32)",
    ("PreResNet-32-B", "CIFAR-10"): "preresnet_cifar_b(depth = 32)",
    ("PreResNet-44-A", "CIFAR-10"): "preresnet_cifar(depth = 44)",
    ("PreResNet-44-B", "CIFAR-10"): "preresnet_cifar_b(depth = 44)",
    ("PreResNet-56-B", "CIFAR-10"): "preresnet_cifar_b(depth = 56)",
    ("PreResNet-110-B", "CIFAR-10"): "preresnet_cifar_b(depth = 110)",
    ("PreResNet-152-A", "CIFAR-10"): "preresnet_cifar(depth = 152)",
    ("PreResNet-152-B", "CIFAR-10"): "preresnet_cifar_b(depth = 152)",
    ("PreResNet-164-A", "CIFAR-10"): "preresnet_cifar(depth = 164)",
    ("PreResNet-1202-B", "CIFAR-10"): "preresnet_cifar_b(depth = 1202)",
    ("ResNet-164-bottleneck (post-act, B conv+BN)", "CIFAR-10"): "resnet164",
    ("PreResNet-164-bottleneck", "CIFAR-10"): "preresnet164",
    ("PreResNet-164-bottleneck", "CIFAR-100"): "preresnet164(classes = 100)",
    ("PreResNet-1001-bottleneck", "CIFAR-100"): "preresnet1001(classes = 100)",
    # ------------------------------------------------------------ ImageNet
    ("ResNet-18-A", "ImageNet"): "resnet18_a",
    ("ResNet-18-B", "ImageNet"): "resnet18",
    ("ResNet-18-C", "ImageNet"): "resnet18_c",
    ("ResNet-34-A", "ImageNet"): "resnet34_a",
    ("ResNet-34-B", "ImageNet"): "resnet34",
    ("ResNet-34-C", "ImageNet"): "resnet34_c",
    ("Plain-34", "ImageNet"): "plain34",
    ("ResNet-50-A", "ImageNet"): "resnet50_a",
    ("ResNet-50-C", "ImageNet"): "resnet50_c",
    ("Plain-50", "ImageNet"): "plain50",
    ("ResNet-101-A", "ImageNet"): "resnet101_a",
    ("ResNet-101-B", "ImageNet"): "resnet101",
    ("Plain-101", "ImageNet"): "plain101",
    ("ResNet-152-A", "ImageNet"): "resnet152_a",
    ("ResNet-152-B", "ImageNet"): "resnet152",
    ("ResNet-152-C", "ImageNet"): "resnet152_c",
    ("ResNet-200-B", "ImageNet"): "resnet200",
    ("ResNet-200-C", "ImageNet"): "resnet200_c",
    ("Plain-200", "ImageNet"): "plain200",
    ("PreResNet-18", "ImageNet"): "preresnet18",
    ("PreResNet-34", "ImageNet"): "preresnet34",
    ("PreResNet-101", "ImageNet"): "preresnet101",
    ("PreResNet-152", "ImageNet"): "preresnet152",
    # ------------------------------------------------------------ stochastic depth
    ("ResNet-110+SD", "CIFAR-10"): "resnet110_sd",
    ("ResNet-152+SD", "SVHN"): "resnet152_svhn_sd",
    ("ResNet-1202+SD", "CIFAR-10"): "resnet1202_sd",
    # ------------------------------------------------------------ wide
    ("WRN-16-4", "CIFAR-10"): "wrn16_4",
    ("WRN-16-4", "CIFAR-100"): "wrn16_4(classes = 100)",
    ("WRN-16-8", "CIFAR-10"): "wrn16_8",
    ("WRN-16-8", "CIFAR-100"): "wrn16_8(classes = 100)",
    ("WRN-16-10", "CIFAR-10"): "wrn16_10",
    ("WRN-22-8", "CIFAR-10"): "wrn22_8",
    ("WRN-22-8", "CIFAR-100"): "wrn22_8(classes = 100)",
    ("WRN-22-10", "CIFAR-100"): "wrn22_10(classes = 100)",
    ("WRN-28-10", "CIFAR-10"): "wrn28_10",
    ("WRN-28-10", "CIFAR-100"): "wrn28_10(classes = 100)",
    ("WRN-28-12", "CIFAR-10"): "wrn28_12",
    ("WRN-28-12", "CIFAR-100"): "wrn28_12(classes = 100)",
    ("WRN-40-1", "CIFAR-10"): "wrn40_1",
    ("WRN-40-1", "CIFAR-100"): "wrn40_1(classes = 100)",
    ("WRN-40-2", "CIFAR-10"): "wrn40_2",
    ("WRN-40-2", "CIFAR-100"): "wrn40_2(classes = 100)",
    ("WRN-40-4", "CIFAR-100"): "wrn40_4(classes = 100)",
    ("WRN-40-10", "CIFAR-10"): "wrn40_10",
    ("WRN-58-4", "CIFAR-10"): "wrn(depth = 58, widen = 4)",
    ("WRN-58-4", "CIFAR-100"): "wrn(depth = 58, widen = 4, classes = 100)",
    ("WRN-50-2-bottleneck", "ImageNet"): "wrn50_2",
    # ------------------------------------------------------------ RoR
    ("RoR-3-110 (final-level A; middle/root 1x1 conv, no BN)", "CIFAR-10"): "ror3(depth = 110)",
    ("RoR-3-110 (final-level A; middle/root 1x1 conv, no BN)", "CIFAR-100"): "ror3(depth = 110, classes = 100)",
    ("RoR-3-110 (final-level B; middle/root 1x1 conv, no BN)", "CIFAR-10"): "ror3_b(depth = 110)",
    ("RoR-3-110 (final-level B; middle/root 1x1 conv, no BN)", "CIFAR-100"): "ror3_b(depth = 110, classes = 100)",
    ("RoR-3-110 (pytorchcv variant)", "CIFAR-10"): "ror3_pooled(depth = 110)",
    ("RoR-3-164 (final-level A; middle/root 1x1 conv, no BN)", "CIFAR-10"): "ror3(depth = 164)",
    ("RoR-3-164 (final-level A; middle/root 1x1 conv, no BN)", "CIFAR-100"): "ror3(depth = 164, classes = 100)",
    ("RoR-3-164 (final-level B; middle/root 1x1 conv, no BN)", "CIFAR-10"): "ror3_b(depth = 164)",
    ("RoR-3-164 (final-level B; middle/root 1x1 conv, no BN)", "CIFAR-100"): "ror3_b(depth = 164, classes = 100)",
    ("RoR-3-164 (pytorchcv variant)", "CIFAR-10"): "ror3_pooled(depth = 164)",
    ("Pre-RoR-3-164 (final A, basic blocks)", "CIFAR-10"): "pre_ror3_164",
    ("Pre-RoR-3-164 (final B, basic blocks)", "CIFAR-10"): "pre_ror3_b(depth = 164)",
    ("Pre-RoR-3-164 (if bottleneck were meant)", "CIFAR-10"): "pre_ror3_bottleneck(depth = 164)",
    ("Pre-RoR-3-1202 (final A, basic blocks)", "CIFAR-10"): "pre_ror3_1202",
    ("Pre-RoR-3-1202 (final B, basic blocks)", "CIFAR-10"): "pre_ror3_b(depth = 1202)",
    ("RoR-3-WRN40-2", "CIFAR-100"): "ror3_wrn40_2(classes = 100)",
    ("RoR-3-WRN40-4", "CIFAR-10"): "ror3_wrn40_4",
    ("RoR-3-WRN40-4", "CIFAR-100"): "ror3_wrn40_4(classes = 100)",
    ("RoR-3-WRN58-4", "CIFAR-100"): "ror3_wrn58_4(classes = 100)",
    # ------------------------------------------------------------ He et al. 2016b, Tables 1 and 2
    ("ResNet-110 constant scaling 0.5/1", "CIFAR-10"): "resnet110_scale_shortcut",
    ("ResNet-110 constant scaling 0.5/0.5", "CIFAR-10"): "resnet110_scale_both",
    ("ResNet-110 exclusive gating b_g=-7", "CIFAR-10"): "resnet110_exclusive_gate(bias = -7)",
    ("ResNet-110 shortcut-only gating b_g=0", "CIFAR-10"): "resnet110_gate(bias = 0)",
    ("ResNet-110 shortcut-only gating b_g=-6", "CIFAR-10"): "resnet110_gate",
    ("ResNet-110 1x1 conv shortcut (option C)", "CIFAR-10"): "resnet110_projection",
    ("ResNet-110 original", "CIFAR-10"): "resnet110",
    ("ResNet-110 BN after addition", "CIFAR-10"): "resnet110_bn_after",
    ("ResNet-110 ReLU before addition", "CIFAR-10"): "resnet110_relu_before",
    ("ResNet-110 full pre-activation", "CIFAR-10"): "preresnet110",
    # ------------------------------------------------------------ others
    ("ResNeXt-101 32x4d", "ImageNet"): "resnext101_32x4d",
    ("ResNeXt-29 16x64d", "CIFAR-10"): "resnext29_16x64d",
    ("SE-ResNet-50", "ImageNet"): "se_resnet50",
    ("SE-ResNet-101", "ImageNet"): "se_resnet101",
    ("SE-ResNeXt-101 32x4d", "ImageNet"): "se_resnext101_32x4d",
    ("SENet-154", "ImageNet"): "senet154",
    ("ELU-ResNet-110", "CIFAR-10"): "elu_resnet110",
    ("PELU-ResNet-110", "CIFAR-10"): "pelu_resnet110",
    ("WRResNet 118", "CIFAR-10"): "wrresnet118",
    ("Swapout v2 ResNet-20 Wx4", "CIFAR-10"): "swapout20_4",
    ("Swapout v2 ResNet-32 Wx4", "CIFAR-10"): "swapout32_4",
    ("NIN", "CIFAR-10"): "nin",
    ("NIN-BN (WRN repo variant)", "CIFAR-10"): "nin_bn",
    ("All-CNN-C", "CIFAR-10"): "allcnn_c",
}
"""Row name and data set, and the network with the parameters that are fixed, as an `expect` fixes them."""

UNSAID: dict[tuple[str, str], str] = {
    (
        "FractalNet C=3 B=5 (20 conv deep)",
        "CIFAR-10",
    ): "a block that holds itself, and the mean of its paths as junction",
    ("FitNet-19", "CIFAR-10"): "no exact count; its architecture is `fitnet19`, its hint training is not architecture",
    ("DSN", "CIFAR-10"): "no exact count; losses of its own on inner layers",
    ("ELU network", "CIFAR-10"): "no exact count, and no residual network: the layers are not given",
    ("FitResNet LSUV", "CIFAR-10"): "no exact count; an initialisation that looks at data",
    ("CRMN-28", "CIFAR-10"): "no exact count; a recurrent memory that reads every block",
}
"""The rows that no network of the library stands for, and why."""


def test_every_row_of_the_reference_is_said_or_listed_as_unsaid() -> None:
    assert len(ROWS) == 148
    assert SAID.keys() | UNSAID.keys() == ROWS.keys()
    assert not SAID.keys() & UNSAID.keys()


def test_only_fractalnet_has_an_exact_count_that_the_language_cannot_say() -> None:
    assert [key for key in UNSAID if key in EXACT] == [("FractalNet C=3 B=5 (20 conv deep)", "CIFAR-10")]


@pytest.mark.parametrize("row", SAID, ids=" ".join)
def test_the_network_has_the_exact_count(row: tuple[str, str], library: Library) -> None:
    name, params = _read(SAID[row])
    assert cost(library.graph(name, **params)).total.params == EXACT[row]


@pytest.mark.parametrize("row", SAID, ids=" ".join)
def test_the_network_expects_the_exact_count_of_itself(row: tuple[str, str], library: Library) -> None:
    name, params = _read(SAID[row])
    assert library.expectations(name)["params", frozenset(params.items())] == EXACT[row]


def _read(call: str) -> tuple[str, dict[str, int]]:
    """`resnet20(classes = 100)` as the name and the parameters."""
    name, _, arguments = call.partition("(")
    return name, {key: int(value) for key, value in re.findall(r"(\w+) = (-?\d+)", arguments)}
