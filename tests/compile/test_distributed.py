"""DistributedDataParallel around a compiled network: its gradients are those of the network that is not compiled."""

import copy

import pytest
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from tests.compile.test_units import _near, network, x


@pytest.fixture
def group(tmp_path):
    store = distributed.FileStore(str(tmp_path / "store"), 1)
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("dropped", ["none", "zero"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_network_may_be_compiled_before_it_is_wrapped_and_after(when, dropped):
    model = network(more="survive uniform(0.5)").train()
    eager = copy.deepcopy(model)
    if when == "before":
        model.compile(backend="aot_eager", dropped=dropped)
    wrapped = DistributedDataParallel(model)
    if when == "after":
        model.compile(backend="aot_eager", dropped=dropped)
    for seed in range(3):
        for module in (wrapped, eager):
            module.zero_grad()
            torch.manual_seed(seed)
            module(x()).square().sum().backward()
        for one, other in zip(model.parameters(), eager.parameters(), strict=True):
            assert _near(*(torch.zeros_like(p) if p.grad is None else p.grad for p in (one, other))), seed
