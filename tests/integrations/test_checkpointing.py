"""Blocks that are computed again: the same losses, gradients and statistics, in the memory that is planned."""

import copy
import pickle

import pytest
import torch

import resdsl
from resdsl.analysis.checkpoint import checkpoint_every, checkpoint_groups
from resdsl.analysis.memory import memory
from resdsl.integrations.bench.peak import watch_peak
from resdsl.integrations.checkpointing import recompute_groups
from resdsl.integrations.parallel import share_draws

NETWORK = """
res 1
use "std.res"

network net(n: int = 6) {{
  input 3x16x16
  stem  conv(3x3, 8) -> bn -> relu
  stage s1    : {block}(8) * n
  stage s2 /2 : {block}(16) * n
  {head}
  {more}
}}
"""
HEAD = "head global_avgpool -> linear(5)"
OPTION_B = "shortcut identity else projection"
NETWORKS = {
    "plain": ("basic", HEAD, OPTION_B),
    "links that end inside a group": ("preact_basic", HEAD, f"{OPTION_B} levels 4 via projection"),
    "survival": ("basic", HEAD, f"{OPTION_B} survive uniform(0.5) link root over all via conv_shortcut"),
    "each sample": ("basic", HEAD, f"{OPTION_B} survive uniform(0.5), per = sample"),
    "dropout": ("basic", HEAD, "shortcut dropout_shortcut(0.5) else projection"),
    "features": ("basic", "tap s1", OPTION_B),
    "layers without a module": ("basic", HEAD, f"{OPTION_B} keys torchvision"),
}


def network(name: str) -> resdsl.Graph:
    block, head, more = NETWORKS[name]
    return resdsl.load(NETWORK.format(block=block, head=head, more=more))


def trained(model: torch.nn.Module, graph: resdsl.Graph) -> list[torch.Tensor]:
    """What two steps leave: losses, gradients, and the state dict."""
    draws = share_draws(model, graph, 3)
    losses = []
    for step in range(2):
        if draws is not None:
            draws.at(step)
        torch.manual_seed(step)
        result = model(torch.randn(4, 3, 16, 16))
        results = result.values() if isinstance(result, dict) else [result]
        loss = sum(each.square().mean() for each in results)
        loss.backward()
        losses.append(loss.detach())
    gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
    return [*losses, *gradients, *model.state_dict().values()]


@pytest.mark.parametrize("n_blocks", [1, 4])
@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_computed_again_gives_the_same_losses_gradients_and_statistics(name: str, n_blocks: int):
    graph = network(name)
    model = resdsl.build(graph).train()
    again = copy.deepcopy(model)
    recompute_groups(again, graph, checkpoint_every(graph, n_blocks).groups)
    for copied in (copy.deepcopy(again), pickle.loads(pickle.dumps(again))):
        assert vars(copied)["forward"].model is copied
    wanted, found = trained(model, graph), trained(again, graph)
    assert len(found) == len(wanted)
    assert all(map(torch.equal, found, wanted))
    x = torch.randn(2, 3, 16, 16)
    for with_gradients in (True, False):
        with torch.set_grad_enabled(with_gradients):
            one, other = (each.eval()(x) for each in (model, again))
        assert torch.equal(one["s2"], other["s2"]) if graph.taps else torch.equal(one, other)


def test_no_groups_keep_everything_again():
    graph = network("plain")
    model = resdsl.build(graph)
    recompute_groups(model, graph, [(1, 3)])
    recompute_groups(model, graph, [])
    assert "forward" not in vars(model)


@pytest.mark.parametrize("groups", [[(1, 30)], [(3, 3)], [(3, 5), (4, 6)], [(-1, 2)]])
def test_groups_that_are_none_of_the_network_are_refused(groups):
    graph = network("plain")
    with pytest.raises(ValueError, match=rf"`net` has no group of steps {groups[-1][0]} to {groups[-1][1]} there"):
        recompute_groups(resdsl.build(graph), graph, groups)
    with pytest.raises(ValueError, match="`net` has no group of steps"):
        resdsl.build(graph).compile(checkpoint=groups)


def test_a_step_takes_the_memory_that_is_planned():
    """But for what a convolution copies into an order that suits the processor: as much, whatever is computed again."""
    graph = network("links that end inside a group")
    largest = 32 * 8 * 16 * 16 * 4
    beyond: list[float] = []
    for n_blocks in (0, 1, 4):
        groups = checkpoint_every(graph, n_blocks).groups if n_blocks else ()
        model = resdsl.build(graph).train()
        recompute_groups(model, graph, groups)
        x = torch.randn(32, 3, 16, 16)
        model(x).sum().backward()
        model.zero_grad()
        with watch_peak(x.device) as found:
            model(x).sum().backward()
        planned = checkpoint_groups(graph, groups, batch=32).peak - x.nbytes + memory(graph).weights
        beyond.append((found.n_bytes - planned) / largest)
    assert all(-1 < of_policy < 6 for of_policy in beyond), "its operands and its result, at most"
    assert max(beyond) - min(beyond) < 1.5
