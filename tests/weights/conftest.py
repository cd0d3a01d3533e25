"""Small networks, and checkpoints of them on disk."""

from pathlib import Path

import pytest
import torch

import resdsl

TINY = """
res 1 use "std.res"
network tiny(classes: int = 10) {
  input 3x16x16
  stem  conv(7x7, 8, /2) -> bn -> relu -> maxpool(3x3, /2)
  stage a    : bottleneck(4) * 2
  stage b /2 : bottleneck(8) * 2
  head  global_avgpool -> linear(classes)
  shortcut identity else projection
  keys torchvision
}
"""


LEAST = """
res 1 use "std.res"
network least {
  input 3x8x8
  stem  conv(3x3, 4) -> bn -> relu
  stage a /2 : bottleneck(2)
  head  global_avgpool -> linear(3)
  shortcut identity else projection
  keys torchvision
}
"""
"""A network of a few hundred numbers that every layout has names for."""


def train(text):
    """A built module with numbers that no initialisation gives."""
    model = resdsl.build(text)
    draw = torch.Generator().manual_seed(3)
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=draw) + 0.5)
        else:
            tensor.fill_(7)
    return model.eval()


@pytest.fixture
def graph():
    return resdsl.load(TINY)


@pytest.fixture
def trained():
    return train(TINY)


@pytest.fixture
def saved(tmp_path: Path):
    """Writes a state dict to a file, as the suffix says."""

    def save(state, name="net.safetensors"):
        path = tmp_path / name
        if path.suffix == ".safetensors":
            from safetensors.torch import save_file

            save_file({key: value.contiguous() for key, value in state.items()}, path)
        else:
            torch.save(state, path)
        return path

    return save
