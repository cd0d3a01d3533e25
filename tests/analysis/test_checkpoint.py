"""Policies of activation checkpointing, against a simulation of what is alive, step by step."""

import pytest

import resdsl
from resdsl.analysis.checkpoint import checkpoint_every, checkpoint_groups, checkpoint_within
from resdsl.analysis.cost import cost
from resdsl.analysis.memory import memory

NETS = ["resnet20", "ror3", "preresnet110", "resnet50"]


def simulated(graph, groups):
    """What is alive when the loss is computed, and at most from then on, with what was there before it freed.

    Of a group only what enters it is alive, once; backward, a group is computed again when all behind it is done.
    """
    steps = memory(graph, batch=2).steps
    size = [graph.shape_of(value).elements * 2 * 4 for value in range(len(graph.steps) + 1)]
    alive = {("step", position): steps[position] for position in range(len(steps))}
    for first, beyond in groups:
        for position in range(first, beyond):
            del alive["step", position]
            for value in graph.steps[position].inputs:
                if value <= first:
                    alive["enters", value] = size[value]
    saved = peak = sum(alive.values())
    for first, beyond in reversed(groups):
        done = [(kind, place) for kind, place in alive if place >= beyond or (kind == "enters" and place > first)]
        for key in done:
            del alive[key]
        peak = max(peak, sum(alive.values()) + sum(steps[first:beyond]))
    return saved, peak


@pytest.mark.parametrize("n_blocks", [1, 2, 5])
@pytest.mark.parametrize("spec", NETS)
def test_a_policy_holds_what_a_simulation_of_it_holds(spec, n_blocks):
    graph = resdsl.load(spec)
    policy = checkpoint_every(graph, n_blocks, batch=2)
    assert (policy.saved, policy.peak) == simulated(graph, policy.groups)
    assert policy.macs == sum(
        cost(graph).steps[step].macs for first, beyond in policy.groups for step in range(first, beyond)
    )


def test_a_group_has_as_many_blocks_as_asked_and_the_last_of_a_stage_what_is_left():
    policy = checkpoint_every(resdsl.load("resnet20"), 2)  # a stem, three stages of three blocks, a head
    assert policy.groups == ((1, 3), (3, 4), (4, 6), (6, 7), (7, 9), (9, 10))


def test_a_group_without_blocks_is_refused():
    with pytest.raises(ValueError, match="a group has at least one block, not 0"):
        checkpoint_every(resdsl.load("resnet20"), 0)


def test_of_the_policies_that_fit_the_one_with_least_to_compute_again_is_taken():
    graph = resdsl.load("resnet20")
    whole = checkpoint_within(graph, 10**9)
    assert (whole.groups, whole.macs) == ((), 0)
    tried = [checkpoint_every(graph, n_blocks) for n_blocks in (1, 2, 3)]
    for n_bytes in range(min(policy.peak for policy in tried), whole.peak, 40_000):
        taken = checkpoint_within(graph, n_bytes)
        assert taken.peak <= n_bytes
        assert taken.macs <= min(policy.macs for policy in tried if policy.peak <= n_bytes)
        assert taken.macs > 0
        assert checkpoint_within(graph, taken.peak).macs <= taken.macs, "so many bytes are enough"
        assert checkpoint_groups(graph, taken.groups[:-1]).peak > n_bytes, "a group less is not"
    with pytest.raises(ValueError, match=r"the activations of a batch of 1 need at least [\d,]+ bytes, not 1,000"):
        checkpoint_within(graph, 1_000)
