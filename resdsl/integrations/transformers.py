"""Networks as `AutoBackbone`s of transformers: `register` once, then configs and folders as its own models have."""

# pyright: basic
from __future__ import annotations

from typing import Any

from torch import Tensor
from transformers import AutoBackbone, AutoConfig, PreTrainedConfig, PreTrainedModel
from transformers.backbone_utils import BackboneConfigMixin, BackboneMixin
from transformers.modeling_outputs import BackboneOutput

from resdsl.compiler import load
from resdsl.integrations.backbone import Backbone, feature_shape
from resdsl.integrations.pack import pack


def register() -> None:
    """Makes `AutoConfig` and `AutoBackbone` know the model type `resdsl`."""
    AutoConfig.register(ResDSLConfig.model_type, ResDSLConfig, exist_ok=True)
    AutoBackbone.register(ResDSLConfig, ResDSLBackbone, exist_ok=True)


class ResDSLConfig(BackboneConfigMixin, PreTrainedConfig):
    """A network as a config: `config.json` then holds its text and parameters, and needs no other file.

    Args:
        spec: what `resdsl.load` takes; packed, so that a relative path matters only once.
        network: as `resdsl.load` has it.
        params: as `resdsl.load` has it.
        out_features: labels of sections, in order of depth; the last stage where neither these nor indices are given.
        out_indices: of all sections before the head; the stem is 0.
    """

    model_type = "resdsl"

    spec: str | None = None
    network: str | None = None
    params: dict[str, Any] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        out_features, out_indices = kwargs.pop("out_features", None), kwargs.pop("out_indices", None)
        kwargs.pop("stage_names", None)  # they are the spec's
        self.stage_names = ["stem"]
        if self.spec is not None:  # transformers makes one without arguments, to compare with
            packed = pack(self.spec, self.network, params=self.params)
            self.spec, self.network, self.params = packed["spec"], packed["network"], packed["params"]
            graph = load(packed)
            self.stage_names = [section.label for section in graph.sections if section.kind != "head"]
        self.set_output_features_output_indices(out_features=out_features, out_indices=out_indices)
        super().__post_init__(**kwargs)


class ResDSLBackbone(BackboneMixin, PreTrainedModel):
    """The features of a network, as transformers' detection and segmentation models take them."""

    config_class = ResDSLConfig
    main_input_name = "pixel_values"
    base_model_prefix = "backbone"
    has_attentions = False

    def __init__(self, config: ResDSLConfig) -> None:
        super().__init__(config)
        if config.spec is None:
            raise ValueError("a `ResDSLConfig` needs its `spec`")
        graph = load(config.spec, config.network, params=config.params)
        self.num_features = [feature_shape(graph, label).channels for label in config.stage_names]
        self.backbone = Backbone(graph, config.out_features)
        self.post_init()

    def _init_weights(self, module: Any) -> None:
        """Leaves the weights as the spec's `init` made them."""

    def forward(self, pixel_values: Tensor, return_dict: bool | None = None, **_: Any) -> Any:  # noqa: FBT001
        """The features, in order of depth."""
        features = tuple(self.backbone(pixel_values).values())
        return BackboneOutput(feature_maps=features) if return_dict is not False else (features,)
