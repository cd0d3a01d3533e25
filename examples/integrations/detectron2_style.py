"""A backbone by plain keyword arguments, with what detectron2's detectors ask of one: a dictionary of features.

In detectron2, `L(resdsl.Backbone)(spec=…, out_features=…)` is a LazyConfig of it: lazy calls and yaml files alike hold
`_target_` and plain values.
"""

import torch
from omegaconf import OmegaConf

import resdsl

LAZY = """
_target_: resdsl.Backbone
spec: resnet18
out_features: [conv3, conv4, conv5]
"""


def main() -> None:
    arguments = {key: value for key, value in OmegaConf.create(LAZY).items() if key != "_target_"}
    backbone = resdsl.Backbone(**arguments)
    for name, feature in backbone(torch.randn(1, 3, 64, 64)).items():
        shape = backbone.output_shape()[name]
        print(f"{name}: {tuple(feature.shape)}, {shape.channels} channels, stride {shape.stride}")


if __name__ == "__main__":
    main()
