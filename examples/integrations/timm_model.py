"""A spec among timm's models, with all that `timm.create_model` offers."""

from pathlib import Path

import timm
import torch
from timm.optim import param_groups_layer_decay

import resdsl

SPEC = Path(__file__).parent / "conf/small_ror.res"


def main() -> None:
    resdsl.timm.register("small_ror", SPEC, depth=14)

    model = timm.create_model("small_ror", num_classes=100, drop_path_rate=0.2)
    images = torch.randn(2, 3, 32, 32)
    features = model.forward_features(images)
    print(tuple(features.shape), tuple(model.forward_head(features, pre_logits=True).shape), tuple(model(images).shape))

    model.reset_classifier(5)
    model.set_grad_checkpointing()
    model(images).sum().backward()
    groups = param_groups_layer_decay(model, layer_decay=0.75)
    print(f"{model.num_classes} classes, {len({group['lr_scale'] for group in groups})} groups of layers")

    backbone = timm.create_model("small_ror", features_only=True, out_indices=(1, 3))
    print(backbone.feature_info.channels(), backbone.feature_info.reduction())
    print([tuple(feature.shape) for feature in backbone(images)])


if __name__ == "__main__":
    main()
