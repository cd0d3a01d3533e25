"""The entry for checkpoints: files of every form with their headers changed, held against a network."""

from __future__ import annotations

import io
import json
import struct
from functools import cache

import numpy as np
import torch
from safetensors.torch import save
from torch import nn

from resdsl.compiler import build
from resdsl.diagnostics import ResError
from resdsl.weights.torch_load import load_weights
from tests.fuzz.entry import Chance
from tests.fuzz.folder import folder
from tests.fuzz.mutate import change_bytes, change_json

NET = """res 1 use "std.res" network net { input 2x4x4 stem conv(3x3, 2) -> bn stage a : basic(2) * 1
head global_avgpool -> linear(2) keys torchvision shortcut identity }"""
SUFFIXES = (".safetensors", ".pth", ".npz", ".caffemodel", ".pt")
"""What a file may be called, whatever is in it."""


@cache
def files() -> list[tuple[str, bytes]]:
    """A small checkpoint of each form, with its suffix."""
    state = build(NET).state_dict()
    found = [(".safetensors", save(state)), (".safetensors", save({"a": torch.ones(()), "b": torch.ones(0, 3)}))]
    contents = (state, {"state_dict": state, "epoch": 3, "ema": {"module": {"a": torch.ones(1)}}}, [1, "a", None])
    for content in contents:
        for new in (True, False):
            buffer = io.BytesIO()
            torch.save(content, buffer, _use_new_zipfile_serialization=new)
            found.append((".pth", buffer.getvalue()))
    for write in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        write(buffer, b=np.zeros((), np.int64), c=np.ones((0, 2)), **{k: v.numpy() for k, v in state.items()})
        found.append((".npz", buffer.getvalue()))
    return [*found, (".caffemodel", _caffe())]


def _caffe() -> bytes:
    """A NetParameter of one layer with two blobs, by the numbers of its fields."""

    def field(number: int, content: bytes) -> bytes:
        tag = number << 3 | 2
        return (
            bytes([tag & 127 | (128 if tag > 127 else 0), *([tag >> 7] if tag > 127 else []), len(content)]) + content
        )

    blob = field(7, field(5, struct.pack("<6f", *range(6))) + field(7, field(1, bytes([1, 1, 2, 3]))))
    return field(1, b"net") + field(100, field(1, b"conv1") + field(2, b"Convolution") + blob + blob)


def draw_checkpoint(chance: Chance) -> bytes:
    """A suffix, and a file with bytes changed; of a safetensors file the header as the JSON that it is."""
    own = chance.own
    suffix, data = own.choice(files())
    if own.random() < 0.05:
        return suffix.encode() + b"\n" + data
    if suffix == ".safetensors" and own.random() < 0.7:
        length = int.from_bytes(data[:8], "little")
        header = json.dumps(change_json(own, json.loads(data[8 : 8 + length]))).encode()
        claimed = len(header) if own.random() < 0.8 else own.choice((0, 1, len(header) + 1, 2**31, 2**63, 2**64 - 1))
        data = claimed.to_bytes(8, "little") + header + data[8 + length :]
    else:
        data = change_bytes(own, data)
    if own.random() < 0.05:
        suffix = own.choice(SUFFIXES)
    return suffix.encode() + b"\n" + data


def take_checkpoint(data: bytes) -> bool:
    """Tensors and what of them fits a network, or messages."""
    first, _, content = data.partition(b"\n")
    suffix = next((suffix for suffix in SUFFIXES if suffix.encode() == first), ".pth")
    path = folder() / f"net{suffix}"
    path.write_bytes(content)
    try:
        str(load_weights(_model(), path, partial=True))
    except ResError:
        return False
    finally:
        path.unlink()
    return True


@cache
def _model() -> nn.Module:
    return build(NET)
