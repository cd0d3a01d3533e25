"""Backbones for OpenMMLab's configs: `dict(type="ResDSLBackbone", spec=…)`, after `custom_imports` of this module."""

# pyright: basic
from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Self

from mmengine.model import BaseModule
from mmengine.registry import MODELS
from torch import Tensor, nn

from resdsl.compiler import load
from resdsl.finding import Given, Spec
from resdsl.integrations.backbone import Backbone
from resdsl.integrations.sections import section_paths


class ResDSLBackbone(BaseModule):
    """The outputs of some stages, as a tuple; with the arguments that mmdetection's and mmsegmentation's ResNet has.

    Args:
        spec: what `resdsl.load` takes; `"{{ fileDirname }}/mine.res"` is a file beside the config.
        out_indices: of stages, the first is 0; every stage where they are left out.
        frozen_stages: how many stages neither train nor move their statistics, the stem with them; -1 for none at all,
            0 for the stem alone.
        norm_eval: whether batch norms keep their statistics in training.
        network: as `resdsl.load` has it.
        params: as `resdsl.load` has it.
        folder: as `resdsl.load` has it.
        init_cfg: mmengine's.

    Raises:
        ResError: with everything that is wrong with the spec.
    """

    def __init__(
        self,
        spec: Spec,
        out_indices: Sequence[int] | None = None,
        *,
        frozen_stages: int = -1,
        norm_eval: bool = False,
        network: str | None = None,
        params: Mapping[str, Given] | None = None,
        folder: str | PathLike[str] | None = None,
        init_cfg: dict[str, Any] | list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        graph = load(spec, network, params=params, folder=folder)
        stages = [stage.label for stage in graph.stages()]
        indices = range(len(stages)) if out_indices is None else out_indices
        if not all(-len(stages) <= index < len(stages) for index in indices):
            raise ValueError(f"`{graph.name}` has {len(stages)} stages; `out_indices` is {tuple(indices)}")
        self.backbone = Backbone(graph, [stages[index] for index in indices])
        self.out_channels = self.backbone.out_channels
        self.norm_eval = norm_eval
        first = next(place for place, section in enumerate(graph.sections) if section.kind == "stage")
        frozen = {section.label for section in graph.sections[: first + frozen_stages]} if frozen_stages >= 0 else set()
        paths = [path for label, own in section_paths(self.backbone.graph).items() if label in frozen for path in own]
        children = dict(self.backbone.net.named_children())
        self._frozen = [children[path] for path in paths if path in children]
        for module in self._frozen:
            module.requires_grad_(requires_grad=False)
        self.train()

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """The features, in order of depth."""
        return tuple(self.backbone(images).values())

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002  torch's signature
        """Training, but for what is frozen."""
        super().train(mode)
        for module in self._frozen:
            module.eval()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):  # noqa: SLF001  what OpenMMLab asks for, too
                    module.eval()
        return self


MODELS.register_module(module=ResDSLBackbone, force=True)  # on import, as `custom_imports` expects
