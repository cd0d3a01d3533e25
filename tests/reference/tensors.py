"""The layers of the papers in plain tensor arithmetic, for references that owe nothing to the compiler or to torch.nn.

A batch is (N, C, H, W) in float64; weights come from a state dict by the layer's name.
"""

from zlib import crc32

import torch

EPS = 1e-5


MOMENTUM = 0.1


class Weights:
    """A state dict whose tensors are copied and tracked, read by `prefix.name`.

    `statistics` is what its buffers are to be: as they were, but for those that a batch norm has moved in training.
    """

    def __init__(self, state):
        self.tensors = {
            key: value.detach().clone().requires_grad_(value.is_floating_point() and "running" not in key)
            for key, value in state.items()
        }
        self.statistics = {
            key: value.detach().clone() for key, value in state.items() if "running" in key or "num_b" in key
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
    n_out, n_in, k, _ = w.shape  # of one group
    pad = (k - 1) // 2
    n, c, height, width = x.shape
    padded = torch.zeros(n, c, height + 2 * pad, width + 2 * pad, dtype=x.dtype)
    padded[:, :, pad : pad + height, pad : pad + width] = x
    rows, columns = -(-height // stride), -(-width // stride)
    y = 0
    for i in range(k):
        for j in range(k):
            shifted = padded[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]
            split = shifted[:, :, :rows, :columns].reshape(n, groups, n_in, rows, columns)
            kernel = w[:, :, i, j].view(groups, n_out // groups, n_in)
            y = y + torch.einsum("ngchw,goc->ngohw", split, kernel)
    y = y.reshape(n, n_out, rows, columns)
    return y + weights[f"{name}.bias"].view(1, -1, 1, 1) if f"{name}.bias" in weights else y


def bn(x, weights, name, training):
    """(x - mean) / sqrt(variance + ε) · γ + β, over the batch in training, by the running statistics at evaluation."""
    if training:
        mean = x.mean((0, 2, 3))
        variance = ((x - mean.view(1, -1, 1, 1)) ** 2).mean((0, 2, 3))
        _move(weights.statistics, name, mean.detach(), variance.detach(), x.numel() / x.shape[1])
    else:
        mean, variance = weights.tensors[f"{name}.running_mean"], weights.tensors[f"{name}.running_var"]
    normal = (x - mean.view(1, -1, 1, 1)) / (variance.view(1, -1, 1, 1) + EPS) ** 0.5
    return normal * weights[f"{name}.weight"].view(1, -1, 1, 1) + weights[f"{name}.bias"].view(1, -1, 1, 1)


def _move(statistics, name, mean, variance, n):
    """A tenth of the way to this batch's mean, and to its variance without bias; one more batch is counted."""
    for key, value in (("running_mean", mean), ("running_var", variance * n / (n - 1))):
        statistics[f"{name}.{key}"] = (1 - MOMENTUM) * statistics[f"{name}.{key}"] + MOMENTUM * value
    statistics[f"{name}.num_batches_tracked"] = statistics[f"{name}.num_batches_tracked"] + 1


def relu(x):
    """max(0, x)"""
    return torch.where(x > 0, x, torch.zeros_like(x))


def sigmoid(x):
    """1 / (1 + e^-x)"""
    return 1 / (1 + torch.exp(-x))


def seed_for(name):
    """Seeds torch's default generator for the draw of a layer, so that the order of the draws does not count."""
    torch.manual_seed(crc32(name.encode()))


def keep(x, p, name):
    """A mask of zeros and ones, ones with probability p: the draw of the layer of this name."""
    seed_for(name)
    return torch.empty(x.shape, dtype=x.dtype).bernoulli_(p)  # in row order, however x lies in memory


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
