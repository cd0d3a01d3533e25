"""Writes a .caffemodel byte by byte, by the field numbers of caffe.proto."""

import struct
from collections import defaultdict

import numpy as np


def varint(number: int) -> bytes:
    parts: list[int] = []
    while True:
        number, low = number >> 7, number & 127
        parts.append(low | (128 if number else 0))
        if not number:
            return bytes(parts)


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def blob(values, dims) -> bytes:
    shape = field(7, field(1, b"".join(map(varint, dims))))
    return field(7, field(5, struct.pack(f"<{len(values)}f", *values)) + shape)


def layer(name: str, kind: str, *blobs: bytes) -> bytes:
    return field(100, field(1, name.encode()) + field(2, kind.encode()) + b"".join(blobs))


def caffemodel(state) -> bytes:
    """The tensors of a state dict whose keys are `LAYER.NUMBER`; means and variances as the sums of two batches."""
    layers: dict[str, list[bytes]] = defaultdict(list)
    for key, value in state.items():
        name = key.rpartition(".")[0]
        array = np.asarray(value, np.float32) * (2 if name.startswith("bn") else 1)
        layers[name].append(blob(array.ravel().tolist(), array.shape))
    return b"".join(
        layer(name, "BatchNorm", *blobs, blob([2], (1,))) if name.startswith("bn") else layer(name, "Other", *blobs)
        for name, blobs in layers.items()
    )
