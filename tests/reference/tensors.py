"""The layers of the papers in plain tensor arithmetic, for references that owe nothing to the compiler or to torch.nn.

A batch is (N, C, H, W) in float64; weights come from a state dict by the layer's name.
"""

import torch

EPS = 1e-5


class Weights:
    """A state dict whose tensors are copied and tracked, read by `prefix.name`."""

    def __init__(self, state):
        self.tensors = {
            key: value.detach().clone().requires_grad_(value.is_floating_point() and "running" not in key)
            for key, value in state.items()
        }
        self.used = set()

    def __getitem__(self, key):
        self.used.add(key)
        return self.tensors[key]

    def __contains__(self, key):
        return key in self.tensors

    def unused(self):
        return {key for key in self.tensors if key not in self.used and "running" not in key and "num_b" not in key}


def conv(x, weights, name, stride=1, groups=1):
    """Σ over the window: gathered by hand, one shifted image for each tap; the padding keeps the size."""
    w = weights[f"{name}.weight"]
    n_out, _, k, _ = w.shape
    pad = (k - 1) // 2
    n, c, height, width = x.shape
    padded = torch.zeros(n, c, height + 2 * pad, width + 2 * pad, dtype=x.dtype)
    padded[:, :, pad : pad + height, pad : pad + width] = x
    rows, columns = -(-height // stride), -(-width // stride)
    out = []
    for group in range(groups):
        kernel = w[group * n_out // groups : (group + 1) * n_out // groups]
        image = padded[:, group * c // groups : (group + 1) * c // groups]
        total = 0
        for i in range(k):
            for j in range(k):
                shifted = image[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]
                total = total + torch.einsum("nchw,oc->nohw", shifted[:, :, :rows, :columns], kernel[:, :, i, j])
        out.append(total)
    y = torch.cat(out, 1)
    return y + weights[f"{name}.bias"].view(1, -1, 1, 1) if f"{name}.bias" in weights else y


def bn(x, weights, name, training):
    """(x - mean) / sqrt(variance + ε) · γ + β, over the batch in training, by the running statistics at evaluation."""
    if training:
        mean = x.mean((0, 2, 3))
        variance = ((x - mean.view(1, -1, 1, 1)) ** 2).mean((0, 2, 3))
    else:
        mean, variance = weights.tensors[f"{name}.running_mean"], weights.tensors[f"{name}.running_var"]
    normal = (x - mean.view(1, -1, 1, 1)) / (variance.view(1, -1, 1, 1) + EPS) ** 0.5
    return normal * weights[f"{name}.weight"].view(1, -1, 1, 1) + weights[f"{name}.bias"].view(1, -1, 1, 1)


def relu(x):
    """max(0, x)"""
    return torch.where(x > 0, x, torch.zeros_like(x))


def sigmoid(x):
    """1 / (1 + e^-x)"""
    return 1 / (1 + torch.exp(-x))


def subsample(x, stride):
    """Every stride-th pixel, from the first."""
    return x[:, :, ::stride, ::stride]


def average(x, stride):
    """The mean of each stride × stride square."""
    return sum(x[:, :, i::stride, j::stride] for i in range(stride) for j in range(stride)) / stride**2


def pad(x, channels):
    """Zeros behind the channels."""
    return torch.cat([x, torch.zeros(x.shape[0], channels - x.shape[1], *x.shape[2:], dtype=x.dtype)], 1)


def pool_and_classify(x, weights, name="head.linear"):
    """The mean of each channel, then a linear layer."""
    return x.mean((2, 3)) @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
