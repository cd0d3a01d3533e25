"""Compares a compiled network with the same module run eagerly, in float64: results, all gradients, all buffers."""

import copy

import torch

from resdsl.emit.torch_compiled.runtime import runtime_of

FORWARD = 1e-12
BACKWARD = 1e-9


def assert_compiled_equals_eager(model, x, *, steps=2, modes=(True, False), seeds=(0, 1), without_grad=True, **how):
    """Runs training steps and evaluations of a module and of its compiled copy on the same draws; the compiled copy.

    The last is one `without_grad`, which is compiled for itself.
    """
    compiled = copy.deepcopy(model)
    compiled.compile(**{"backend": "aot_eager", **how})
    for training in modes:
        model.train(training)
        compiled.train(training)
        for seed in seeds[:steps]:
            results = [_step(module, x, seed) for module in (model, compiled)]
            (y, of_x), (z, of_z) = results
            for label in y:
                assert _distance(z[label], y[label]) < FORWARD, (training, seed, label)
            assert _distance(of_z, of_x) < BACKWARD, (training, seed)
            for (name, one), other in zip(model.named_parameters(), compiled.parameters(), strict=True):
                assert (one.grad is None) == (other.grad is None), (name, training, seed)
                assert one.grad is None or _distance(other.grad, one.grad) < BACKWARD, (name, training, seed)
            for (name, one), other in zip(model.named_buffers(), compiled.named_buffers(), strict=True):
                assert _distance(other[1].double(), one.double()) < BACKWARD, (name, training, seed)
    if not without_grad:
        return compiled
    with torch.no_grad():
        y, z = (_seeded(module, x, seeds[0]) for module in (model, compiled))
        for label in y:
            assert _distance(z[label], y[label]) < FORWARD, label
    return compiled


def n_functions(compiled):
    """How many distinct functions a compiled network uses in one kind of step: the most that any kind has."""
    names = [used.name for used in runtime_of(compiled).used.values()]
    return len(set(names))


def _step(module, x, seed):
    module.zero_grad()
    x = x.clone().requires_grad_()
    y = _seeded(module, x, seed)
    generator = torch.Generator().manual_seed(seed)
    loss = sum((value * torch.randn(value.shape, generator=generator, dtype=value.dtype)).sum() for value in y.values())
    loss.backward()
    return {label: value.detach() for label, value in y.items()}, x.grad


def _seeded(module, x, seed):
    torch.manual_seed(seed)
    return _named(module(x))


def _named(y):
    return y if isinstance(y, dict) else {"": y}


def _distance(ours, theirs):
    return ((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1e-3)).item()
