"""A .caffemodel is read by the field numbers of caffe.proto; they are written here by hand, byte by byte."""

import struct

import pytest

from resdsl import ResError
from resdsl.weights.checkpoint import open_checkpoint


def varint(number):
    parts = []
    while True:
        number, low = number >> 7, number & 127
        parts.append(low | (128 if number else 0))
        if not number:
            return bytes(parts)


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def blob(values, dims):
    shape = field(7, field(1, b"".join(map(varint, dims))))
    return field(7, field(5, struct.pack(f"<{len(values)}f", *values)) + shape)


def layer(name, kind, *blobs):
    return field(100, field(1, name.encode()) + field(2, kind.encode()) + b"".join(blobs))


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "net.caffemodel"
    path.write_bytes(
        field(1, b"ResNet-50")
        + layer("conv1", "Convolution", blob(range(6), (1, 1, 2, 3)))
        + layer("bn_conv1", "BatchNorm", blob([2, 4], (2,)), blob([6, 8], (2,)), blob([2], (1,)))
        + layer("scale_conv1", "Scale", blob([1, 1], (2,)), blob([0, 0], (2,)))
        + layer("pool1", "Pooling")
    )
    return path


def test_blobs_are_numbered_in_their_layer(model):
    tensors = open_checkpoint(model).tensors
    assert {key: stored.dims for key, stored in tensors.items()} == {
        "conv1.0": (1, 1, 2, 3), "bn_conv1.0": (2,), "bn_conv1.1": (2,), "scale_conv1.0": (2,), "scale_conv1.1": (2,),
    }  # fmt: skip


def test_means_and_variances_are_divided_by_their_count(model):
    checkpoint = open_checkpoint(model)
    assert checkpoint.read("bn_conv1.0").tolist() == [1, 2]
    assert checkpoint.read("bn_conv1.1").tolist() == [3, 4]


def test_a_damaged_model_is_told(model):
    model.write_bytes(model.read_bytes()[:40])
    with pytest.raises(ResError, match="is a damaged Caffe model"):
        open_checkpoint(model)
    model.write_bytes(layer("conv1", "Convolution", blob([1, 2], (3,))))
    with pytest.raises(ResError, match=r"has 2 numbers for the shape \(3,\) of a blob of `conv1`"):
        open_checkpoint(model)
    model.write_bytes(field(1, b"empty"))
    with pytest.raises(ResError, match="without blobs"):
        open_checkpoint(model)
