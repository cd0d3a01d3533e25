"""What a layer says that autograd keeps for the backward pass, against what torch keeps, to the byte."""

import pytest
import torch

from resdsl.ops import (
    OPS,
    Add,
    Affine,
    Avgpool,
    BatchNorm,
    Bernoulli,
    ChannelShuffle,
    Concat,
    Conv,
    Dropout,
    Elu,
    Flatten,
    Gelu,
    GlobalAvgpool,
    GlobalMaxpool,
    GroupNorm,
    Identity,
    InstanceNorm,
    LayerNorm,
    LeakyRelu,
    LearnedScale,
    Linear,
    Maxout,
    Maxpool,
    Multiply,
    PadChannels,
    Pelu,
    Prelu,
    SpatialDropout,
    Subsample,
    Subtract,
)
from resdsl.shape import Shape

N = 3
X = Shape(8, (6, 6))
VECTOR = Shape(64)

LAYERS = [
    (Conv((3, 3), 16), X),
    (Conv((1, 1), 16, (2, 2), bias="default"), X),
    (Conv((3,), 16), Shape(8, (30,))),
    (Linear(10), VECTOR),
    (Linear(10, bias=None), VECTOR),
    (BatchNorm(), X),
    (BatchNorm(), VECTOR),
    (GroupNorm(4), X),
    (LayerNorm(), X),
    (LayerNorm(), VECTOR),
    (InstanceNorm(), X),
    (InstanceNorm(affine=True), X),
    *(
        (OPS[word](), X)
        for word in ("relu", "relu6", "selu", "silu", "hardswish", "tanh", "sigmoid", "softplus", "softmax")
    ),
    (LeakyRelu(), X),
    (Elu(), X),
    (Gelu(), X),
    (Prelu(), X),
    (Prelu(per="channel"), X),
    (Pelu(), X),
    (Maxpool((3, 3), (2, 2)), X),
    (Maxpool((3,), (2,)), Shape(8, (30,))),
    (Maxpool((3, 3, 3), (2, 2, 2)), Shape(8, (6, 6, 6))),
    (Avgpool(stride=(2, 2)), X),
    (Avgpool(stride=(2,)), Shape(8, (30,))),
    (Avgpool(stride=(2, 2, 2)), Shape(8, (6, 6, 6))),
    (GlobalAvgpool(), X),
    (GlobalMaxpool(), X),
    (PadChannels(16), X),
    (ChannelShuffle(2), X),
    (Maxout(2), X),
    (Dropout(0.3), X),
    (SpatialDropout(0.3), X),
    (Bernoulli(0.7), X),
    (LearnedScale(), X),
    (LearnedScale(per="channel"), X),
    (LearnedScale(0.0, low=-1.0, high=1.0), X),
    (Affine(-1.0, 1.0), X),
    (Affine(0.5), X),
    (Add(), X, X),
    (Subtract(), X, X),
    (Multiply(), X, X),
    (Multiply(), Shape(8, (1, 1)), X),
    (Concat(), X, X),
]


@pytest.mark.parametrize(("layer", "shapes"), [(case[0], case[1:]) for case in LAYERS], ids=str)
def test_bytes_kept_are_those_that_torch_keeps(layer, shapes, printed):
    module = printed(layer, *shapes)
    ignored = {tensor.untyped_storage().data_ptr() for tensor in module.state_dict().values()}
    inputs = [torch.randn(N, *shape.dims, requires_grad=True) for shape in shapes]
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if tensor.dim() and storage.data_ptr() not in ignored:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    alive = []  # an address may be used again after its tensor is gone
    with torch.autograd.graph.saved_tensors_hooks(
        lambda tensor: (alive.append(tensor), keep(tensor))[1], lambda tensor: tensor
    ):
        output = module(*inputs)

    saved = layer.saves(*shapes)
    whole = [inputs[number].untyped_storage() for number in saved.inputs] + [output.untyped_storage()] * saved.output
    for storage in whole:
        assert storage.data_ptr() in kept
    floats = N * saved.floats + saved.floats_per_batch
    assert sum(kept.values()) == sum(storage.nbytes() for storage in whole) + 4 * floats + 8 * N * saved.indices


@pytest.mark.parametrize("layer", [Subsample((2, 2)), Flatten(), Identity()], ids=str)
def test_a_view_shares_the_memory_of_its_input(layer, printed):
    x = torch.randn(N, *X.dims)
    assert layer.is_view()
    assert printed(layer, X)(x).untyped_storage().data_ptr() == x.untyped_storage().data_ptr()


def test_what_makes_new_values_is_no_view(printed):
    x = torch.randn(N, *X.dims)
    for layer, *shapes in LAYERS:
        if shapes == [X] and not layer.is_identity(X):
            assert not layer.is_view()
            assert printed(layer, X)(x).untyped_storage().data_ptr() != x.untyped_storage().data_ptr()
