"""A network as a backbone: features by name, and their channels and strides, as detection libraries want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import NamedTuple

from torch import Tensor, nn

from resdsl.compiler import load
from resdsl.emit.torch import build
from resdsl.finding import Given, Spec
from resdsl.ir.graph import Graph
from resdsl.passes.backbone import cut_backbone


class ShapeSpec(NamedTuple):
    """What detectron2 asks of a feature, under its names; the size is that of the image divided by the stride."""

    channels: int
    height: int | None
    width: int | None
    stride: int


class Backbone(nn.Module):
    """The outputs of some sections of a network, by label; nothing beyond the last of them is made.

        backbone = resdsl.Backbone("resnet50", out_features=["conv3", "conv4", "conv5"])
        features = backbone(images)  # {"conv3": …, "conv4": …, "conv5": …}

    Its arguments are plain values, so a config can hold them.

    Args:
        spec: what `load` takes.
        out_features: labels of sections, in any order; every stage where they are left out.
        network: as `load` has it.
        params: as `load` has it.
        folder: as `load` has it.
        **more: further parameters, by name.

    Raises:
        ResError: with everything that is wrong.
    """

    def __init__(
        self,
        spec: Spec,
        out_features: Sequence[str] | None = None,
        *,
        network: str | None = None,
        params: Mapping[str, Given] | None = None,
        folder: str | PathLike[str] | None = None,
        **more: Given,
    ) -> None:
        super().__init__()
        graph = load(spec, network, params={**(params or {}), **more}, folder=folder)
        labels = [stage.label for stage in graph.stages()] if out_features is None else out_features
        self.graph = cut_backbone(graph, labels)
        self.net = build(self.graph)
        self.shapes = {label: feature_shape(self.graph, label) for label in self.graph.taps}

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The features, by label, in order of depth."""
        return self.net(images)

    def output_shape(self) -> dict[str, ShapeSpec]:
        """The channels and the stride of each feature."""
        return self.shapes

    @property
    def out_channels(self) -> list[int]:
        """The channels of each feature, in order of depth."""
        return [shape.channels for shape in self.shapes.values()]

    @property
    def size_divisibility(self) -> int:
        """What the sizes of images must be multiples of, for every stride to divide them."""
        return max(shape.stride for shape in self.shapes.values())


def feature_shape(graph: Graph, label: str) -> ShapeSpec:
    """The channels and the stride of what leaves a section."""
    shape = graph.shape_of(graph.section(label).last + 1)
    stride = -(-graph.input.spatial[0] // shape.spatial[0]) if shape.rank else 1
    return ShapeSpec(shape.channels, None, None, stride)
