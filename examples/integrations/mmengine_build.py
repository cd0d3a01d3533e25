"""Builds what the config beside this file says, as OpenMMLab's runners do."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import MODELS


def main() -> None:
    config = Config.fromfile(Path(__file__).parent / "mmengine_config.py")
    backbone = MODELS.build(config.model)
    print([tuple(feature.shape) for feature in backbone(torch.randn(2, 3, 32, 32))])


if __name__ == "__main__":
    main()
