"""Lets torchvision be imported beside a CPU build of torch: its wheel has `nms` in a CUDA library."""

import torch

_LIBRARY = torch.library.Library("torchvision", "FRAGMENT")  # what it defines is gone when it is


def declare() -> None:
    """Declares what torchvision's Python registers kernels for, unless something has."""
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            _LIBRARY.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
