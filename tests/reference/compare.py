"""Compares a built network with a reference: outputs, gradients and statistics, training and evaluation, in float64."""

import torch

from resdsl import load
from resdsl.emit.torch import build
from tests.reference.tensors import Weights, seed_for

DRAW = ("dropout", "bernoulli")
"""How the names of layers end that draw."""


def built(text, **params):
    """The network of a text in float64, its weights and statistics random, so that no layer is trivial."""
    model = build(load(text, **params)).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for key, value in model.state_dict().items():
            if not value.is_floating_point():
                continue
            noise = torch.randn(value.shape, generator=generator, dtype=torch.float64)
            if key.endswith("scale.weight"):
                value.copy_(noise.clamp(-0.9, 0.9))  # inside its bounds, where the gradient passes
            elif "running_var" in key or (value.dim() == 1 and key.endswith("weight")):
                value.copy_(1 + 0.2 * torch.rand(value.shape, generator=generator, dtype=torch.float64))
            elif value.dim() >= 2:
                value.copy_(noise / value[0].numel() ** 0.5)
            else:
                value.copy_(0.3 * noise)
    return model


def batch(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def assert_equal(model, reference, x, tolerance=1e-10):
    """`reference(x, weights, training)` gives what the model gives, and so do the gradients of every weight and of x.

    Every weight of the model must be one that the reference reads; every running statistic moves as the reference's.
    Layers that draw are seeded by their names.
    """
    for name, module in model.named_modules():
        if name.rpartition(".")[2].strip("0123456789").endswith(DRAW):
            module.register_forward_pre_hook(lambda *_, name=name: seed_for(name))
    for training in (False, True):
        model.train(training)
        weights = Weights(model.state_dict())
        ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
        y, wanted = model(ours), reference(theirs, weights, training)
        assert weights.unused() == set()
        assert _distance(y, wanted) < tolerance
        for name, buffer in model.named_buffers():
            assert _distance(buffer.double(), weights.statistics[name].double()) < tolerance, name
        cotangent = batch(*y.shape) + 1
        model.zero_grad()
        (y * cotangent).sum().backward()
        (wanted * cotangent).sum().backward()
        assert _distance(ours.grad, theirs.grad) < tolerance
        for name, parameter in model.named_parameters():
            ours = (
                torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
            )  # of a block that is dropped
            assert _distance(ours, weights[name].grad) < tolerance, name


def _distance(ours, theirs):
    return (
        (ours - theirs).abs().max() / theirs.abs().max().clamp_min(1e-3)
    ).item()  # a bias before a batch norm has gradient 0
