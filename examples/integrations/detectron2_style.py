"""A backbone by plain keyword arguments, with what detectron2's detectors ask of one: a dictionary of features.

In detectron2, `L(resdsl.Backbone)(spec=…, out_features=…)` is a LazyConfig of it: lazy calls and yaml files alike hold
`_target_` and plain values. detectron2 itself is on no package index (`pip index versions detectron2` finds none), so
what calls the target here is Hydra, from which it has that convention.
"""

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

LAZY = """
_target_: resdsl.Backbone
spec: resnet18
out_features: [conv3, conv4, conv5]
"""


def main() -> None:
    backbone = instantiate(OmegaConf.create(LAZY))
    for name, feature in backbone(torch.randn(1, 3, 64, 64)).items():
        shape = backbone.output_shape()[name]
        print(f"{name}: {tuple(feature.shape)}, {shape.channels} channels, stride {shape.stride}")


if __name__ == "__main__":
    main()
