"""What oneDNN computes wrongly on a CPU is traced as something else of the same value.

The gradient of the weight of a 1×1 convolution with a stride is computed from a copy of the pixels that it looks at.
Where the channels lie beside each other and are fewer than a register holds, oneDNN writes past the end of that copy
(its issue 6035, open; seen in torch 2.13 on a processor with AVX2): wrong gradients at best, at worst a process that
ends. The functions of this folder are laid out so, and have to avoid it.
"""

# pyright: basic

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

aten = torch.ops.aten

REGISTER = 16
"""The most numbers of 32 bits that one register of a processor holds: those of AVX-512; AVX2 has 8."""


def convolution_backward(
    gradient: Tensor, x: Tensor, weight: Tensor, bias_sizes: Any, *how: Any
) -> tuple[Tensor | None, ...]:
    """A decomposition of `aten.convolution_backward`: of its weight, from the pixels that the convolution looks at.

    Args:
        gradient: N x C_out x spatial sizes / stride.
        x: N x C_in x spatial sizes.
        weight: C_out x C_in / groups x kernel.
        bias_sizes: C_out alone, or None.
        *how: stride, padding, dilation, whether it is transposed, output padding, groups, and which gradients to give.

    Returns:
        The gradients of x, weight and bias; for a convolution that oneDNN computes as it should, what Inductor says.
    """
    from torch._inductor.decomposition import convolution_backward as of_inductor  # sums biases itself on a GPU

    stride, padding, dilation, transposed, output_padding, groups, mask = how
    is_wrong = (
        x.device.type == "cpu"
        and mask[1]
        and not transposed
        and weight.shape[1] < REGISTER
        and all(size == 1 for size in weight.shape[2:])
        and not any(padding)
        and any(step > 1 for step in stride)
    )
    if not is_wrong:
        return of_inductor(gradient, x, weight, bias_sizes, *how)
    rest = (padding, dilation, transposed, output_padding, groups)
    of_x = None
    if mask[0]:
        of_x, _, _ = aten.convolution_backward(gradient, x, weight, bias_sizes, stride, *rest, [True, False, False])
    looked_at = x[:, :, *(slice(None, None, step) for step in _of_each(stride, x.dim() - 2))]
    of_one = [1] * len(stride)
    _, of_weight, of_bias = aten.convolution_backward(
        gradient, looked_at, weight, bias_sizes, of_one, *rest, [False, True, mask[2]]
    )
    return of_x, of_weight, of_bias


def _of_each(sizes: list[int], rank: int) -> list[int]:
    """One number for each dimension: torch lets one stand for all."""
    return list(sizes) if len(sizes) == rank else list(sizes) * rank
