"""A spec as an `AutoBackbone` of transformers, which its detection and segmentation models can stand on."""

import tempfile
from pathlib import Path

import torch
from transformers import AutoBackbone, AutoConfig

from resdsl.integrations import transformers as adapter

SPEC = Path(__file__).parent / "conf/small_ror.res"


def main() -> None:
    adapter.register()
    config = adapter.ResDSLConfig(spec=str(SPEC), params={"depth": 14}, out_features=["s2", "s3"])
    backbone = AutoBackbone.from_config(config).eval()
    images = torch.randn(1, 3, 32, 32)
    features = backbone(images).feature_maps
    print(backbone.channels, [tuple(feature.shape) for feature in features])

    with tempfile.TemporaryDirectory() as folder:
        backbone.save_pretrained(folder)
        print(AutoConfig.from_pretrained(folder).params)  # the text is there as well: it needs no file
        loaded = adapter.ResDSLBackbone.from_pretrained(folder).eval()  # `AutoBackbone.from_pretrained`, from the Hub
    assert all(map(torch.equal, loaded(images).feature_maps, features))


if __name__ == "__main__":
    main()
