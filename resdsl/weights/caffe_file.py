"""Checkpoints that Caffe wrote: a `NetParameter` in protocol buffers, layers with numbered blobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from resdsl.limits import DEFAULT
from resdsl.weights.checkpoint import Checkpoint, Stored, unreadable


def open_caffemodel(path: str) -> Checkpoint:
    """The blobs of a file, as `LAYER.NUMBER`; a mean and a variance that are sums are divided by their count.

    Raises:
        ResError: where the file is damaged or holds no blobs.
    """
    import numpy as np

    arrays: dict[str, Any] = {}
    layers = _read(path).layer
    if len(layers) > DEFAULT.nodes:
        raise unreadable(path, f"has {len(layers):,} layers; at most {DEFAULT.nodes:,} are read")
    for layer in layers:
        blobs = [_array(path, layer.name, blob) for blob in layer.blobs]
        if layer.type == "BatchNorm" and len(blobs) == 3 and blobs[2].size == 1:
            count = float(blobs.pop().reshape(()))  # how many batches the first two are the sum of, decayed
            blobs = [blob / np.float32(count or 1) for blob in blobs]
        if f"{layer.name}.0" in arrays and blobs:
            raise unreadable(path, f"has two layers `{layer.name}` with blobs")
        arrays.update({f"{layer.name}.{number}": blob for number, blob in enumerate(blobs)})
    if not arrays:
        raise unreadable(path, "is a Caffe model without blobs in its layers")
    tensors = {key: Stored(tuple(array.shape), str(array.dtype)) for key, array in arrays.items()}
    return Checkpoint(path, tensors, arrays.__getitem__)


def _array(path: str, layer: str, blob: Any) -> Any:
    import numpy as np

    values = np.array(blob.data, dtype=np.float32)
    dims = tuple(blob.shape.dim) or (blob.num, blob.channels, blob.height, blob.width)
    try:
        return values.reshape(dims)
    except ValueError:
        raise unreadable(path, f"has {values.size} numbers for the shape {dims} of a blob of `{layer}`") from None


def _read(path: str) -> Any:
    try:
        from google.protobuf.message import DecodeError
    except ModuleNotFoundError:
        help = "pip install 'resdsl[weights]'"
        raise unreadable(path, "needs the package protobuf, which is not installed", help) from None
    net = _net_class()()
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            net.ParseFromString(file.read())
    except DecodeError as error:
        raise unreadable(path, f"is a damaged Caffe model: {error}") from None
    return net


def _net_class() -> Any:
    """The message class of a `NetParameter`, with the fields of caffe.proto that weights are in."""
    from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

    messages = [
        {"name": message, "field": [_field(name, *about) for name, about in fields.items()]}
        for message, fields in _MESSAGES.items()
    ]
    file = {"name": "resdsl/caffe.proto", "package": "resdsl.caffe", "syntax": "proto2", "messageType": messages}
    pool = descriptor_pool.DescriptorPool()
    pool.Add(json_format.ParseDict(file, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("resdsl.caffe.NetParameter"))


def _field(name: str, number: int, kind: str, is_repeated: bool) -> dict[str, object]:  # noqa: FBT001
    label = "LABEL_REPEATED" if is_repeated else "LABEL_OPTIONAL"
    field = {"name": name, "number": number, "label": label}
    if kind in _MESSAGES:
        return {**field, "type": "TYPE_MESSAGE", "typeName": f".resdsl.caffe.{kind}"}
    return {**field, "type": f"TYPE_{kind.upper()}"}


_MESSAGES: Final[Mapping[str, Mapping[str, tuple[int, str, bool]]]] = {
    "BlobShape": {"dim": (1, "int64", True)},
    "BlobProto": {
        "num": (1, "int32", False), "channels": (2, "int32", False),
        "height": (3, "int32", False), "width": (4, "int32", False),
        "data": (5, "float", True), "shape": (7, "BlobShape", False),
    },
    "LayerParameter": {"name": (1, "string", False), "type": (2, "string", False), "blobs": (7, "BlobProto", True)},
    "NetParameter": {"name": (1, "string", False), "layer": (100, "LayerParameter", True)},
}  # fmt: skip
"""Number, type and whether it is repeated of each field: github.com/BVLC/caffe, src/caffe/proto/caffe.proto."""
