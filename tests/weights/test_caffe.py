"""A .caffemodel is read by the field numbers of caffe.proto; here it is written by them."""

import pytest

from resdsl import ResError
from resdsl.weights.checkpoint import open_checkpoint
from tests.weights.caffe_bytes import blob, field, layer


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
    model.write_bytes(layer("conv1", "Convolution", blob([1], (1,))) * 2)
    with pytest.raises(ResError, match="has two layers `conv1` with blobs"):
        open_checkpoint(model)
    model.write_bytes(field(1, b"empty"))
    with pytest.raises(ResError, match="without blobs"):
        open_checkpoint(model)
