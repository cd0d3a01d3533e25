"""Activations that are computed again change nothing but the memory that training takes."""

import copy

import pytest
import torch

from resdsl import load
from resdsl.analysis.checkpoint import checkpoint_every, checkpoint_within
from resdsl.analysis.memory import memory, read_bytes
from resdsl.emit.torch import build
from resdsl.emit.torch_compiled.compile import read_every
from resdsl.emit.torch_compiled.runtime import runtime_of
from tests.combinations import combined, named
from tests.compile.compare import assert_compiled_equals_eager
from tests.reference.compare import batch, built

NETWORK = """
res 1
use "std.res"

network net(n: int = 6) {{
  input 3x16x16
  stem  conv(3x3, 8) -> bn -> relu
  stage s1    : {block}(8) * n
  stage s2 /2 : {block}(16) * n
  head  global_avgpool -> linear(5)
  shortcut identity else projection
  {more}
}}
"""
MORE = {
    "plain": "",
    "links": "link middle over each stage via projection  link root over all via conv_shortcut",
    "survival": "survive uniform(0.5)",
    "links and survival": "levels 3 via projection  survive uniform(0.5)",
    "each sample": "survive uniform(0.5), per = sample",
}


def text(block="basic", more=""):
    return NETWORK.format(block=block, more=more)


@combined(block=named("basic", "preact_basic"), more=MORE, policy=named("every=1", "every=4"))
def test_what_is_computed_again_gives_the_same_gradients_and_statistics(block, more, policy):
    model = built(text(block, more), n=4)
    assert_compiled_equals_eager(model, batch(2, 3, 16, 16), modes=[True], without_grad=False, checkpoint=policy)


def test_noise_is_drawn_once():
    spec = text("basic", "shortcut dropout_shortcut(0.5) else projection").replace(
        "shortcut identity else projection", ""
    )
    kept, again = built(spec).train(), built(spec).train()
    kept.compile(backend="aot_eager")
    again.compile(backend="aot_eager", checkpoint="every=3")
    for module in (kept, again):
        torch.manual_seed(5)
        module(batch(4, 3, 16, 16)).square().sum().backward()
    for one, other in zip(kept.parameters(), again.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


def test_what_training_keeps_is_what_the_analysis_says_or_less():
    graph = load(text(), n=8)
    x = torch.randn(4, 3, 16, 16)
    bytes_kept = {}
    for policy in (None, "every=1", "every=4"):
        model = build(graph).train()
        model.compile(backend="aot_eager", checkpoint=policy)
        bytes_kept[policy] = _saved_bytes(model(x), model)
    assert bytes_kept[None] <= memory(graph, batch=4).saved
    for policy, n_blocks in (("every=1", 1), ("every=4", 4)):
        assert bytes_kept[policy] <= checkpoint_every(graph, n_blocks, batch=4).saved
        assert bytes_kept[policy] < bytes_kept[None] / 2


def test_a_budget_becomes_a_policy_that_keeps_to_it():
    graph = load("resnet1202")
    whole = checkpoint_within(graph, 2**40, batch=128)
    assert (whole.groups, whole.macs, whole.peak) == ((), 0, memory(graph, batch=128).saved)
    more = whole.macs
    for gib in (8, 4, 2, 1):
        policy = checkpoint_within(graph, gib * 2**30, batch=128)
        assert policy.peak <= gib * 2**30
        assert policy.macs >= more  # less memory is never less work
        more = policy.macs
    with pytest.raises(ValueError, match=r"need at least [\d,]+ bytes, not 268,435,456"):
        checkpoint_within(graph, 2**28, batch=128)


def test_the_model_chooses_the_policy_for_the_batch_that_comes():
    graph = load(text(), n=8)
    model = build(graph).train()
    fixed = 2 * sum(p.numel() * 4 for p in model.parameters()) + sum(
        buffer.numel() * 4 for name, buffer in model.named_buffers() if "num_batches" not in name
    )
    budget = fixed + memory(graph, batch=4).saved
    model.compile(backend="aot_eager", memory=budget)
    policies = []
    for size in (4, 8):
        model(torch.randn(size, 3, 16, 16)).sum().backward()
        policies.append(runtime_of(model).programs[-1].checkpoint)
    assert not policies[0].groups
    assert policies[1].groups
    assert policies[1].peak <= budget - fixed


@pytest.mark.slow
def test_resnet_1202_trains():
    torch.manual_seed(0)
    model = build(load("resnet1202")).train()
    model.compile(memory="400MiB")
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)  # He et al. 2016, §4.2: it must be warmed up
    x, label = torch.randn(8, 3, 32, 32), torch.arange(8)
    losses = []
    for _ in range(4):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), label)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert runtime_of(model).programs[-1].checkpoint.groups
    assert losses[-1] < losses[0] / 2


def test_policies_and_sizes_are_read_as_they_are_written():
    assert read_every("every=12") == 12
    assert [read_bytes(size) for size in (5, "5", "5B", "1 KiB", "1.5GiB", "2GB", "3 mb")] == [
        5,
        5,
        5,
        1024,
        1610612736,
        2 * 10**9,
        3 * 10**6,
    ]
    for wrong in ("every=0", "all", "every=-1"):
        with pytest.raises(ValueError, match="is no policy: write `every=4`"):
            read_every(wrong)
    with pytest.raises(ValueError, match="`much` is no amount of memory: write `8GiB`"):
        read_bytes("much")


def _saved_bytes(y, model):
    """The bytes that autograd keeps for y, those of the weights left out."""
    weights = {tensor.untyped_storage().data_ptr() for tensor in model.state_dict().values()}
    kept, seen, waiting = {}, set(), [y.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        for tensor in getattr(node, "saved_tensors", ()):
            storage = tensor.untyped_storage()
            if storage.data_ptr() not in weights:
                kept[storage.data_ptr()] = storage.nbytes()
        waiting += [before for before, _ in node.next_functions]
    return sum(kept.values())


def test_a_policy_belongs_to_units():
    model = copy.deepcopy(built(text()))
    with pytest.raises(ValueError, match="`checkpoint` belongs to the strategy `units`"):
        model.compile("graph", checkpoint="every=2")
    with pytest.raises(ValueError, match="`memory` finds that by itself"):
        model.compile(checkpoint="every=2", memory="1GiB")
