"""Features by torchvision's extractor: the labels of a spec's stages are the names of its modules."""

from pathlib import Path

import torch
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.ops import FeaturePyramidNetwork

import resdsl

SPEC = Path(__file__).parent / "conf/small_ror.res"


def main() -> None:
    model = resdsl.build(SPEC, depth=14).eval()  # traced in training, the blocks of one draw would be dropped for good
    extractor = create_feature_extractor(model, return_nodes={"s1": "c2", "s2": "c3", "s3": "c4"})
    images = torch.randn(1, 3, 32, 32)
    print({name: tuple(feature.shape) for name, feature in extractor(images).items()})

    # The same without tracing, for training too; here for one of torchvision's pyramids.
    backbone = resdsl.Backbone(SPEC, out_features=["s1", "s2", "s3"], depth=14)
    pyramid = FeaturePyramidNetwork(backbone.out_channels, out_channels=64)
    print({name: tuple(feature.shape) for name, feature in pyramid(backbone(images)).items()})


if __name__ == "__main__":
    main()
