"""Deterministic weight fill for the golden files. Ours; needs only torch.

The value of a tensor depends on nothing but its state_dict name and its shape.
Everything is drawn in float64 on the CPU and cast afterwards.
"""

import math
import zlib

import torch

GAIN = 1.0  # conv/linear weight = randn * sqrt(GAIN / fan_in)


def fill_tensor(name, shape, gain=GAIN):
    """The float64 (or int64, for num_batches_tracked) tensor that belongs to `name`."""
    shape = tuple(int(s) for s in shape)
    leaf = name.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return torch.zeros(shape, dtype=torch.int64)
    g = torch.Generator(device="cpu").manual_seed(zlib.crc32(name.encode("utf-8")))
    if leaf == "running_var":
        return 1.0 + 0.1 * torch.rand(shape, generator=g, dtype=torch.float64)
    z = torch.randn(shape, generator=g, dtype=torch.float64)
    if leaf == "running_mean":
        return 0.1 * z
    if len(shape) >= 2:  # conv / linear weight, fan_in = product of shape[1:]
        fan_in = math.prod(shape[1:])
        return z * math.sqrt(gain / fan_in)
    if leaf == "weight":  # 1-d weight: the scale of a normalisation layer
        return 1.0 + 0.1 * z
    return 0.1 * z  # biases


def fill_state(names_and_shapes, dtype=torch.float64, gain=GAIN):
    """{name: tensor} for an iterable of (name, shape[, ...])."""
    out = {}
    for entry in names_and_shapes:
        t = fill_tensor(entry[0], entry[1], gain)
        out[entry[0]] = t if t.dtype == torch.int64 else t.to(dtype)
    return out


def fill_input(shape, dtype=torch.float64):
    g = torch.Generator(device="cpu").manual_seed(0)
    return torch.randn(tuple(shape), generator=g, dtype=torch.float64).to(dtype)
