"""Stochastic depth as one graph: whatever is dropped, exported and compiled it computes what the network computes."""

import pytest
import torch

from resdsl import load
from resdsl.emit.torch_conditional import Conditional
from tests.passes.trained import images, trained

NETWORKS = {
    "post": "stage s1 : basic(4) * 2 stage s2 /2 : basic(8) shortcut identity else projection",
    "pre": "stage s1 : preact_basic(4) * 2 stage s2 /2 : preact_basic(8) shortcut identity else conv_shortcut",
    "links": "stage s1 : basic(4) * 2 stage s2 /2 : basic(8) * 2 shortcut identity else zero_pad levels 3 via projection",  # noqa: E501
    "divided": "stage s1 : basic(4) * 3",
}
MANNER = {"divided": ", rescale = train"}


def graph_of(name):
    return load(
        f'res 1 use "std.res" network net {{ input 3x8x8 stem conv(3x3, 4) -> bn -> relu {NETWORKS[name]} '
        f"head bn -> relu -> global_avgpool -> linear(3) survive linear(0.5){MANNER.get(name, '')} }}"
    )


def drawn(model, x, seed):
    """What a step of the network itself leaves, and what it drew."""
    torch.manual_seed(seed)
    output = model.train()(x)
    output.square().mean().backward()
    torch.manual_seed(seed)
    return left(model, output)


def left(model, output):
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()]
    return [output.detach(), *gradients, *model.buffers()]


def assert_equal(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        assert (one - other).abs().max() <= 1e-9 * other.abs().max().clamp_min(1e-3)


@pytest.mark.parametrize("name", ["pre", "links", "divided", pytest.param("post", marks=pytest.mark.slow)])
def test_compiled_as_one_graph_it_does_what_the_network_does_whatever_is_dropped(name):
    graph, patterns = graph_of(name), set()
    x = images(graph)
    torch._dynamo.reset()
    model = trained(graph)
    state = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    conditional = Conditional(model).train()
    compiled = torch.compile(conditional, backend="aot_eager", fullgraph=True)
    for seed in range(4):
        wanted = drawn(trained(graph), x, seed)
        kept = conditional.draw()
        patterns.add(tuple(kept.tolist()))
        model.load_state_dict(state)
        model.zero_grad()
        output = compiled(x, kept)
        output.square().mean().backward()
        assert_equal(left(model, output), wanted)
    assert len(patterns) > 1
    torch._dynamo.reset()


@pytest.mark.parametrize("name", ["post", pytest.param("links", marks=pytest.mark.slow)])
def test_exported_it_is_one_graph_that_trains(name):
    graph = graph_of(name)
    x = images(graph)
    conditional = Conditional(trained(graph)).train()
    wanted = drawn(trained(graph), x, 0)
    kept = conditional.draw()
    assert not kept.all()
    program = torch.export.export(conditional, (x, torch.ones_like(kept)), strict=True)
    module = program.module()
    assert sum("cond" in str(node.target) and node.op == "call_function" for node in program.graph.nodes) == len(kept)
    output = module(x, kept)
    output.square().mean().backward()
    own = dict(module.named_parameters()) | dict(module.named_buffers())
    names = [f"network.{key}" for key, _ in conditional.network.named_parameters()]
    buffers = [f"network.{key}" for key, _ in conditional.network.named_buffers()]
    ours = [output.detach(), *(own[key].grad for key in names), *(own[key] for key in buffers)]
    assert_equal(ours, wanted)


def test_at_evaluation_it_is_the_network():
    graph = graph_of("post")
    model = trained(graph)
    conditional = Conditional(model).eval()
    x = images(graph)
    assert torch.equal(conditional(x, conditional.draw()), model(x))


def test_a_network_that_drops_nothing_is_told_that_it_is_one_graph():
    model = trained(load("resnet_cifar", depth=8))
    with pytest.raises(ValueError, match="`resnet_cifar` drops no block for a whole batch; it is one graph as it is"):
        Conditional(model)
