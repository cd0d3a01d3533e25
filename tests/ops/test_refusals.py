"""What a layer says to a shape that cannot enter: what it found, what it wants, what to write instead."""

import pytest

from resdsl.ops import (
    Add,
    Avgpool,
    BatchNorm,
    ChannelShuffle,
    Concat,
    Conv,
    GlobalAvgpool,
    GlobalMaxpool,
    GroupNorm,
    InstanceNorm,
    Linear,
    Maxout,
    Maxpool,
    Multiply,
    PadChannels,
    SpatialDropout,
    Subsample,
    Subtract,
)
from resdsl.shape import Shape, ShapeError

X = Shape(64, (8, 8))
VOLUME = Shape(2, (4, 4, 4, 4))
VECTOR = Shape(512)

REFUSALS = [
    (
        Conv((7, 7), 64, padding=(0, 0)),
        (Shape(512, (4, 4)),),
        "`conv(7x7, 64, padding = 0)` needs at least 7 pixels a side; 512x4x4 comes in",
    ),
    (
        Conv((3, 3), 64, dilation=(4, 4), padding=(0, 0)),
        (X,),
        "`conv(3x3, 64, dilation = 4, padding = 0)` needs at least 9 pixels a side; 64x8x8 comes in",
    ),
    (Conv((2, 2), 64), (Shape(512, (1, 4)),), "`conv(2x2, 64)` needs at least 2 pixels a side; 512x1x4 comes in"),
    (Conv((3, 3), 64), (VECTOR,), "`conv(3x3, 64)` needs pixels; the vector 512 has none"),
    (Conv((3, 3), 64), (VOLUME,), "`conv(3x3, 64)` works in 1 to 3 dimensions; 2x4x4x4x4 has 4"),
    (Conv((3, 3), 64), (Shape(16, (100,)),), "`conv(3x3, 64)` works in 2 dimensions; 16x100 has 1"),
    (
        Conv((3, 3), 128, groups=3),
        (X,),
        "`conv(3x3, 128, groups = 3)` cannot split 64 channels in and 128 out into 3 groups",
    ),
    (Linear(10), (X,), "`linear(10)` needs a vector; 64x8x8 comes in"),
    (BatchNorm(), (VOLUME,), "`bn` works in 0 to 3 dimensions; 2x4x4x4x4 has 4"),
    (GroupNorm(32), (Shape(48, (8, 8)),), "`groupnorm(32)` cannot split 48 channels into 32 groups; 48x8x8 comes in"),
    (InstanceNorm(), (Shape(64, (1, 1)),), "`instancenorm` needs more than one pixel; 64x1x1 comes in"),
    (InstanceNorm(), (VOLUME,), "`instancenorm` works in 1 to 3 dimensions; 2x4x4x4x4 has 4"),
    (
        Maxpool((9, 9), padding=(0, 0)),
        (X,),
        "`maxpool(9x9, padding = 0)` needs at least 9 pixels a side; 64x8x8 comes in",
    ),
    (Maxpool((3, 3), padding=(2, 2)), (X,), "`maxpool(3x3, padding = 2)` pads by 2; a window of 3 allows at most 1"),
    (Maxpool((3, 3)), (VECTOR,), "`maxpool(3x3)` needs pixels; the vector 512 has none"),
    (Avgpool((3, 3), padding=(2, 2)), (X,), "`avgpool(3x3, padding = 2)` pads by 2; a window of 3 allows at most 1"),
    (Avgpool(stride=(2, 2)), (Shape(512, (1, 1)),), "`avgpool(/2)` needs at least 2 pixels a side; 512x1x1 comes in"),
    (
        Avgpool((2, 2, 2), padding=(1, 1, 1)),
        (Shape(8, (1, 4, 4)),),
        "`avgpool(2x2x2, padding = 1)` needs at least 2x2x2 pixels before padding; 8x1x4x4 comes in",
    ),
    (GlobalAvgpool(), (VECTOR,), "`global_avgpool` needs pixels; the vector 512 has none"),
    (GlobalMaxpool(), (VOLUME,), "`global_maxpool` works in 1 to 3 dimensions; 2x4x4x4x4 has 4"),
    (Subsample((2, 2)), (VECTOR,), "`subsample(/2)` works in 2 dimensions; 512 has 0"),
    (PadChannels(32), (X,), "`pad_channels(32)` only adds channels; 64x8x8 has 64 already"),
    (ChannelShuffle(3), (X,), "`channel_shuffle(3)` cannot split 64 channels into 3 groups; 64x8x8 comes in"),
    (ChannelShuffle(2), (VECTOR,), "`channel_shuffle(2)` needs pixels; the vector 512 has none"),
    (Maxout(3), (X,), "`maxout(3)` cannot split 64 channels into pieces of 3; 64x8x8 comes in"),
    (SpatialDropout(0.1), (VECTOR,), "`spatial_dropout(0.1)` needs pixels; the vector 512 has none"),
    (SpatialDropout(0.1), (VOLUME,), "`spatial_dropout(0.1)` works in 1 to 3 dimensions; 2x4x4x4x4 has 4"),
    (Add(), (X, Shape(64, (4, 4))), "`+` needs equal shapes; 64x8x8 and 64x4x4 come in"),
    (Add(), (X, Shape(64, (1, 1))), "`+` needs equal shapes; 64x8x8 and 64x1x1 come in"),
    (Subtract(), (X, VECTOR), "`-` needs equal shapes; 64x8x8 and 512 come in"),
    (Multiply(), (X, Shape(32, (1, 1))), "`*` cannot multiply 64x8x8 by 32x1x1; a size that differs must be 1"),
    (Multiply(), (X, Shape(64)), "`*` cannot multiply 64x8x8 by 64; a size that differs must be 1"),
    (Concat(), (X, Shape(64, (4, 4))), "`concat` needs equal sizes; 64x8x8 and 64x4x4 come in"),
]


@pytest.mark.parametrize(("layer", "shapes", "message"), REFUSALS, ids=[case[2] for case in REFUSALS])
def test_the_message_names_the_layer_and_both_sides(layer, shapes, message):
    with pytest.raises(ShapeError) as refused:
        layer.infer(*shapes)
    assert refused.value.message == message


HELPS = [
    (Conv((1, 1), 10), VECTOR, "`linear(10)` takes vectors"),
    (Conv((3, 3), 128, groups=3), X, "3 must divide both numbers"),
    (Linear(10), X, "put `global_avgpool` or `flatten` before it"),
    (SpatialDropout(0.1), VECTOR, "write `dropout(0.1)`"),
]


@pytest.mark.parametrize(("layer", "shape", "help"), HELPS)
def test_the_help_says_what_to_write_instead(layer, shape, help):
    with pytest.raises(ShapeError) as refused:
        layer.infer(shape)
    assert refused.value.help == help


PASSES = [
    (Subsample((1,)), VECTOR, VECTOR),
    (Avgpool((1, 1)), VECTOR, VECTOR),
    (Avgpool((2, 2), (2, 2), ceil=True), Shape(8, (5, 5)), Shape(8, (3, 3))),
    (Subsample((2, 2)), Shape(16, (7, 8)), Shape(16, (4, 4))),
]


@pytest.mark.parametrize(("layer", "shape", "expected"), PASSES)
def test_what_changes_nothing_may_stand_anywhere(layer, shape, expected):
    assert layer.infer(shape) == expected
