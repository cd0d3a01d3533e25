"""Plans for many devices, against formulas of the papers, brute force, and what torch holds."""

from itertools import combinations, pairwise

import pytest
import torch

import resdsl
from resdsl.analysis.cost import cost
from resdsl.analysis.memory import memory
from resdsl.analysis.partition import partition
from resdsl.analysis.plan import Asked, Plan, choose, plans
from resdsl.emit.torch import build
from resdsl.ir.cut import cut_graph, cut_places
from resdsl.ir.graph import flatten

GiB = 2**30

LINKED = """
res 1
use "std.res"
network linked {
  input 3x16x16
  stem  conv(3x3, 8) -> bn -> relu
  stage s1    : basic(8) * 3
  stage s2 /2 : basic(16) * 3
  stage s3 /2 : basic(32) * 3
  head  global_avgpool -> linear(10)
  shortcut identity else zero_pad
  link middle over s2 via conv_shortcut
  survive linear(0.5)
}
"""


def crossing(graph, place):
    """How many values pass from the steps before a place to those after it, told from the flat graph of layers."""
    shares = [0, *(flat.step + 1 for flat in flatten(graph))]
    return len(
        {source for flat in flatten(graph) if flat.step >= place for source in flat.inputs if shares[source] <= place}
    )


@pytest.mark.parametrize("spec", [LINKED, "resnet50", "ror3", "pre_ror3_164", "ror3_wrn40_2"])
def test_a_network_is_cut_where_one_value_crosses(spec: str):
    graph = resdsl.load(spec)
    assert cut_places(graph) == tuple(place for place in range(1, len(graph.steps)) if crossing(graph, place) == 1)


def test_a_link_forbids_the_places_that_it_goes_around():
    graph = resdsl.load(LINKED)  # steps: stem, s1 1 2 3, s2 4 5 6, s3 7 8 9, head
    assert cut_places(graph) == (1, 2, 3, 4, 7, 8, 9, 10)


@pytest.mark.parametrize(
    "spec", [LINKED, "resnet20", 'res 1 use "resnet.res" network net = resnet18 { input 3x64x64 }']
)
def test_the_networks_between_cuts_compute_what_the_whole_does_to_the_last_bit(spec: str):
    graph = resdsl.load(spec)
    model = build(graph).eval()
    cuts = cut_places(graph)[1::2]
    stages = [build(each).eval() for each in cut_graph(graph, cuts)]
    assert len(stages) == len(cuts) + 1
    weights = iter(model.state_dict().values())
    for stage in stages:  # one after another they have the tensors of the whole, in its order
        stage.load_state_dict({key: next(weights) for key in stage.state_dict()})
    assert next(weights, None) is None
    x = y = torch.randn(2, *graph.input.dims)
    for stage in stages:
        y = stage(y)
    assert torch.equal(y, model(x))


def test_a_network_is_not_cut_within_a_link():
    with pytest.raises(ValueError, match="cannot be cut before step 5: more than one value crosses"):
        cut_graph(resdsl.load(LINKED), [5])


# ---------------------------------------------------------------- balance


@pytest.mark.parametrize("n_stages", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("spec", [LINKED, "resnet18", "resnet50", "wrn16_4"])
def test_no_other_cut_has_a_quicker_slowest_stage(spec: str, n_stages: int):
    graph = resdsl.load(spec)
    macs = [amount.macs for amount in cost(graph).steps]
    best = min(
        max(sum(macs[first:beyond]) for first, beyond in pairwise((0, *cuts, len(macs))))
        for cuts in combinations(cut_places(graph), n_stages - 1)
    )
    found = partition(graph, n_stages)
    assert max(found.macs) == best
    assert len(found.macs) == n_stages
    assert list(found.macs) == [sum(macs[a:b]) for a, b in pairwise((0, *found.cuts, len(macs)))]


@pytest.mark.parametrize(
    ("spec", "n_stages", "balance"), [("resnet152", 4, 1.04), ("resnet50", 4, 1.13), ("resnet50", 8, 1.16)]
)
def test_the_balance_of_known_networks(spec: str, n_stages: int, balance: float):
    """Figures of a dynamic program over blocks that was written apart from this one."""
    assert partition(resdsl.load(spec), n_stages).balance == pytest.approx(balance, abs=0.03)


def test_links_that_forbid_a_pipeline_are_named():
    with pytest.raises(
        ValueError, match=r"at most 3 stages, not 4: links cross every other place \(`root`, `middle`\)"
    ):
        partition(resdsl.load("ror3"), 4)


def test_cuts_stand_in_order_each_once():
    graph = resdsl.load("resnet20")
    for cuts in ((2, 1), (2, 2)):
        with pytest.raises(ValueError, match=r"cuts stand in ascending order, each once; got \["):
            cut_graph(graph, cuts)


def test_what_else_forbids_a_pipeline_is_told():
    net = 'res 1 use "std.res" network net { input 3x8x8 stem conv(3x3, 4) stage s : basic(4) * 2 OWN }'
    with pytest.raises(ValueError, match=r"at most 3 stages, not 4$"):
        partition(resdsl.load(net.replace("OWN", "")), 4)
    with pytest.raises(ValueError, match=r"at most 1 stages, not 2: it returns features of several stages$"):
        partition(resdsl.load(net.replace("OWN", "tap s")), 2)


# ---------------------------------------------------------------- memory and communication


def test_ddp_holds_everything_and_sends_a_ring_of_gradients():
    plan = plans(resdsl.load("resnet152"), Asked(8, 80 * GiB, 1024))["ddp"]
    assert isinstance(plan, Plan)
    rank = plan.ranks[0]
    statistics = 151_424  # running means and variances; 155 batch norms count batches
    assert rank.state == 3 * 4 * 60_192_808 + 4 * statistics + 8 * 155
    assert rank.sent == 2 * 7 * 4 * 60_192_808 // 8
    assert rank.samples == 128
    assert rank.activations == memory(resdsl.load("resnet152"), batch=128).saved
    assert (plan.balance, plan.idle, plan.time) == (1.0, 0.0, 1.0)


def test_adam_keeps_two_numbers_and_plain_sgd_none():
    graph = resdsl.load("resnet20")
    states = [plans(graph, Asked(2, GiB, 8, None, optimizer))["ddp"].ranks[0].state for optimizer in ("sgd", "adam")]
    assert states[1] - states[0] == 2 * 4 * 269_722


def test_fsdp_holds_shards_as_torch_cuts_them():
    graph = resdsl.load("resnet20")
    shards = sum(
        -(-weight.shape[0] // 3) * weight[0].numel() for weight in build(graph).parameters()
    )  # chunks of the first dimension, the last one padded
    rank = plans(graph, Asked(3, GiB, 6))["fsdp"].ranks[0]
    assert rank.state == 3 * 4 * shards + memory(graph).buffers
    assert rank.sent == 3 * 2 * 4 * 269_722 // 3
    block = 2 * (9 * 64 * 64 + 2 * 64)  # two convolutions and their norms, twice 64 channels
    assert rank.gathered == 4 * (2 * block + block)
    assert rank.total == rank.state + rank.gathered + rank.activations
    assert plans(graph, Asked(1, GiB, 6))["fsdp"].ranks[0].gathered == 0, "one process has everything"


def test_a_pipeline_keeps_microbatches_by_the_distance_to_its_end():
    graph = resdsl.load("resnet20")
    plan = plans(graph, Asked(4, 80 * GiB, 64, 16))["pipeline"]
    stages = cut_graph(graph, partition(graph, 4).cuts)
    for number, (rank, stage) in enumerate(zip(plan.ranks, stages)):
        assert rank.samples == 4
        assert rank.activations == (4 - number) * memory(stage, batch=4).saved
        assert rank.macs == cost(stage).total.macs
    assert plan.idle == pytest.approx(3 / 19)
    steps = [step for rank in plan.ranks for step in range(rank.first, rank.beyond)]
    assert steps == list(range(len(graph.steps)))
    first, second = plan.ranks[:2]
    assert first.sent == graph.shape_of(first.beyond).elements * 64 * 4
    assert second.sent == first.sent + graph.shape_of(second.beyond).elements * 64 * 4
    assert sum(rank.state for rank in plan.ranks) == 12 * 269_722 + memory(graph).buffers


def test_half_precision_halves_what_a_pipeline_sends_and_leaves_the_weights():
    graph = resdsl.load("resnet20")
    full, half = (plans(graph, Asked(2, GiB, 8, dtype=dtype))["pipeline"].ranks[0] for dtype in ("float32", "bfloat16"))
    assert 2 * half.sent == full.sent
    assert half.state == full.state
    assert half.activations < 0.6 * full.activations


# ---------------------------------------------------------------- the choice


def test_the_quickest_that_fits_is_taken_and_of_equal_ones_ddp():
    graph = resdsl.load("resnet50")
    assert choose(plans(graph, Asked(4, 80 * GiB, 256))).strategy == "ddp"
    found = plans(graph, Asked(8, GiB // 4, 8))  # 12 bytes for each of 25.6 M weights do not fit
    assert not found["ddp"].fits
    assert choose(found).strategy in {"fsdp", "pipeline"}
    assert choose(plans(graph, Asked(2, 2**20, 8))) is None


def test_what_does_not_fit_is_computed_again_until_it_does():
    graph = resdsl.load("resnet110")
    free = plans(graph, Asked(2, 80 * GiB, 256))["ddp"].ranks[0]
    plan = plans(graph, Asked(2, free.total // 2, 256))["ddp"]
    assert plan.fits
    assert plan.ranks[0].total <= free.total // 2
    assert 0 < plan.ranks[0].recomputed < free.macs
    assert plan.time == pytest.approx(1 + plan.ranks[0].recomputed / (3 * free.macs))


def test_under_fsdp_a_group_is_one_block_as_torch_would_keep_the_weights_of_a_longer_one_whole():
    graph = resdsl.load("resnet110")
    found = plans(graph, Asked(2, 40 * 2**20, 32))
    lengths = {name: {beyond - first for first, beyond in found[name].ranks[0].groups} for name in ("ddp", "fsdp")}
    assert lengths["fsdp"] == {1}
    assert max(lengths["ddp"]) > 1


def test_each_stage_of_a_pipeline_computes_again_blocks_of_its_own():
    graph = resdsl.load("resnet110")
    free = plans(graph, Asked(3, 80 * GiB, 96, 6))["pipeline"]
    plan = plans(graph, Asked(3, max(rank.total for rank in free.ranks) // 3, 96, 6))["pipeline"]
    assert all(rank.groups for rank in plan.ranks[:2])
    for rank in plan.ranks:
        for first, beyond in rank.groups:
            assert rank.first <= first < beyond <= rank.beyond
            assert all(graph.steps[step].unit.is_block for step in range(first, beyond))
