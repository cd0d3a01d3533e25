"""A model is read in training as well as in evaluation: only noise is between the two, all else is refused."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - torch's own abbreviation

from resdsl import ResError
from resdsl.integrations.importer import import_module
from tests.importer.plain import SHAPE, PlainNet, adds


class FrozenInTraining(nn.BatchNorm2d):
    """Stays in evaluation, as in networks that are finetuned."""

    def train(self, mode=True):
        return super().train(mode=False)


class DropPath(nn.Module):
    """As timm has it."""

    def __init__(self, drop_prob):
        super().__init__()
        self.drop_prob = drop_prob
        self.scale_by_keep = True

    def forward(self, x):
        return x * x.new_empty(len(x), 1, 1, 1).bernoulli_(1 - self.drop_prob) if self.training else x


DECIDED = """\
`PlainNet` computes in training what random numbers or its input's values decide on, as by `if torch.rand(()) < 0.5`"""


def drops_by_torch(block, x):
    return x if block.training and torch.rand(()) < 0.5 else x + block.conv(x)


def drops_by_python(block, x):
    return x if block.training and random.random() < 0 else x + block.conv(x)


def drops_by_numpy(block, x):
    return x if block.training and np.random.rand() < 0 else x + block.conv(x)  # noqa: NPY002 - as models do


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            lambda block, x: x + (block.conv(x) if block.training else 2 * block.conv(x)),
            "in evaluation `2 * x` is computed here, in training `+`",
        ),
        (
            lambda block, x: x + block.conv(x) if block.training else 2 * (x + block.conv(x)),
            "`2 * x` is computed in evaluation, and nothing in training",
        ),
        (
            lambda block, x: 2 * (x + block.conv(x)) if block.training else x + block.conv(x),
            "`2 * x` is computed in training, and nothing in evaluation",
        ),
        (
            lambda block, x: x + block.conv(x) * torch.rand(2, 1, 1, 1) if block.training else x + block.conv(x),
            "in training, the language has no layer for torch's `rand`",
        ),
        (
            drops_by_torch,
            DECIDED,
        ),
        (drops_by_python, "Python draws random numbers in training, and decides by them what is computed"),
        (drops_by_numpy, "Python draws random numbers in training, and decides by them what is computed"),
        (
            lambda block, x: x + F.dropout(block.conv(x), 0.2),
            "values are dropped in evaluation too; the language drops them in training alone",
        ),
        (
            lambda block, x: x + block.conv(x) * block.fixed,
            "`blocks.1.fixed` is a buffer, which training leaves as it is; weights of the language are trained",
        ),
    ],
)
def test_what_training_computes_otherwise_is_refused_with_its_place(function, message: str):
    with pytest.raises(ResError) as raised:
        import_module(PlainNet(function), SHAPE)
    assert raised.value.diagnostics[0].message == f"`blocks.1`: {message}"


@pytest.mark.parametrize("kind", [random.Random, np.random.default_rng, np.random.RandomState])
def test_what_is_drawn_by_a_generator_of_the_model_is_noticed_too(kind):
    model = PlainNet(lambda block, x: x if block.training and block.chance.random() < 0 else x + block.conv(x))
    for block in model.blocks:
        block.chance = kind(0)
    with pytest.raises(ResError, match="Python draws random numbers in training"):
        import_module(model, SHAPE)


def test_a_model_that_cannot_be_copied_is_refused_with_the_reason():
    model = PlainNet(adds)
    model.chance = random.SystemRandom()
    with pytest.raises(ResError) as raised:
        import_module(model, SHAPE)
    assert raised.value.diagnostics[0].message == (
        "`PlainNet` cannot be copied, to be compared: NotImplementedError: System entropy source does not have state."
    )


def test_a_model_that_returns_more_in_training_is_refused():
    with pytest.raises(ResError, match="in training, the model returns several tensors"):
        import_module(PlainNet(lambda block, x: (x + block.conv(x), x) if block.training else x + block.conv(x)), SHAPE)


def test_dropout_that_is_never_on_is_nothing_and_one_of_training_is_a_layer():
    off = import_module(PlainNet(lambda block, x: x + F.dropout(block.conv(x), 0.2, training=False)), SHAPE)
    assert off.text == import_module(PlainNet(adds), SHAPE).text
    on = import_module(PlainNet(lambda block, x: x + F.dropout(block.conv(x), 0.2, block.training)), SHAPE)
    assert "residual conv(3x3, width) -> dropout(0.2)\n" in on.text


@pytest.mark.parametrize(
    ("norm", "message"),
    [
        (
            nn.BatchNorm2d(8, momentum=None),
            "`norm`: `momentum = None` takes the mean over all batches so far; `bn` of the language forgets old ones",
        ),
        (
            FrozenInTraining(8),
            "`norm`: in training, a batch normalisation by running statistics is none of the language's",
        ),
    ],
)
def test_a_batch_normalisation_that_learns_otherwise_is_refused(norm, message: str):
    with pytest.raises(ResError) as raised:
        import_module(PlainNet(adds, norm=norm), SHAPE)
    assert raised.value.diagnostics[0].message == message


def test_stochastic_depth_that_scales_nothing_is_refused():
    model = PlainNet(lambda block, x: x + block.drop(block.conv(x)))
    model.blocks[1].drop = DropPath(0.1)
    assert "survive linspace(0.9), per = sample, rescale = train" in import_module(model, SHAPE).text
    model.blocks[1].drop.scale_by_keep = False
    with pytest.raises(ResError, match=r"`blocks\.1\.drop`: what is kept in training is never divided"):
        import_module(model, SHAPE)


class StochasticDepth(nn.Module):
    """As torchvision has it."""

    def __init__(self, p):
        super().__init__()
        self.p, self.mode = p, "batch"

    def forward(self, x):
        return x * x.new_empty(1, 1, 1, 1).bernoulli_(1 - self.p) / (1 - self.p) if self.training else x


def test_stochastic_depth_in_two_manners_is_refused():
    model = PlainNet(lambda block, x: x + block.drop(block.conv(x)))
    model.blocks[0].function = model.blocks[1].function
    model.blocks[0].drop, model.blocks[1].drop = StochasticDepth(0.1), DropPath(0.2)
    with pytest.raises(ResError, match="some blocks are dropped for a sample, others for a batch"):
        import_module(model, SHAPE)
    model.blocks[1].drop = StochasticDepth(0.2)
    assert "survive linear(0.8), per = batch, rescale = train" in import_module(model, SHAPE).text


def test_what_is_dropped_between_blocks_or_twice_in_one_is_refused():
    message = "what is dropped in training is not the branch of one block"
    with pytest.raises(ResError, match=f"`between`: {message}"):
        import_module(PlainNet(adds, between=DropPath(0.2)), SHAPE)
    model = PlainNet(lambda block, x: x + block.again(block.drop(block.conv(x))))
    model.blocks[1].drop, model.blocks[1].again = DropPath(0.1), DropPath(0.1)
    with pytest.raises(ResError, match=rf"`blocks\.1\.again`: {message}"):
        import_module(model, SHAPE)
