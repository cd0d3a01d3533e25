"""Two processes train to what one does: DDP, FSDP2 and a pipeline, with blocks truly dropped, and checkpoints of each.

The losses of DDP and FSDP2 differ from those of one process by a rounding of the mean, the pipeline's not at all.
"""

import json
from itertools import count

import pytest
import torch

import resdsl
from resdsl.analysis.memory import memory
from resdsl.analysis.partition import partition
from resdsl.analysis.plan import Asked, Rank, plans
from resdsl.integrations.parallel import SharedDraws, Stage, share_draws, zero_dropped, zero_missing
from tests.analysis.test_memory import kept_by_autograd
from tests.pace import in_time
from tests.training.conftest import losses, weights

ASKED = ("resnet_cifar_sd", "-p", "depth=14", "--recipe", "quick", "--epochs", "1", "--batch", "128")
TOLERANCE = 2e-6
"""Of a loss near 2.3: a few times the distance of two numbers of float32 there, over eleven steps."""


# ---------------------------------------------------------------- in one process


def drawing(spec: str = "resnet_cifar_sd", seed: int = 0) -> tuple[torch.nn.Module, SharedDraws]:
    graph = resdsl.load(spec, depth=32)
    model = resdsl.build(graph).train()
    draws = share_draws(model, graph, seed)
    assert draws is not None
    return model, draws


def test_a_draw_depends_on_seed_and_step_alone():
    (one, draws), (other, others) = drawing(), drawing()
    torch.manual_seed(5)
    before = torch.get_rng_state()
    found = []
    for step in range(20):
        draws.at(step)
        found.append(one.draw())
    assert torch.equal(torch.get_rng_state(), before)
    for step in (19, 3, 3):  # in any order, and again
        others.at(step)
        assert other.draw() == found[step]
    assert len({str(draw) for draw in found}) > 10
    _, of_another_seed = drawing(seed=1)
    of_another_seed.at(3)
    assert of_another_seed() != found[3]


def test_blocks_are_kept_as_often_as_the_schedule_says():
    model, draws = drawing()
    counts = torch.zeros(15)
    for step in range(4000):
        draws.at(step)
        counts += torch.tensor([float(kept) for kept, _ in draws()])
    p = torch.tensor(model.survival())
    spread = (p * (1 - p) / 4000).sqrt()
    assert ((counts / 4000 - p).abs() < 4.5 * spread).all()  # fixed seeds: this does not change from run to run


def test_every_dropped_weight_gets_a_gradient_of_zero_and_the_others_theirs():
    graph = resdsl.load("resnet_cifar_sd", depth=32)
    gradients = []
    for is_hooked in (True, False):
        torch.manual_seed(0)
        model = resdsl.build(graph).train()
        draws = share_draws(model, graph, 0)
        draws.at(3)
        if is_hooked:
            zero_dropped(model, graph, draws)
        model(torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(1))).sum().backward()
        assert not all(kept for kept, _ in draws.latest)
        assert all(weight.grad is not None for weight in model.parameters()) == is_hooked
        zero_missing(model.parameters())
        gradients.append([weight.grad for weight in model.parameters()])
    assert all(torch.equal(*pair) for pair in zip(*gradients))


def test_stages_drop_what_the_whole_drops_and_hold_its_weights():
    graph = resdsl.load("resnet_cifar_sd", depth=32)
    model = resdsl.build(graph).train()
    draws = share_draws(model, graph, 7)
    stages = [Stage(graph, partition(graph, 3).cuts, n, model.state_dict(), seed=7) for n in range(3)]
    assert [whole for stage in stages for whole in stage.keys.values()] == list(model.state_dict())
    x = torch.randn(4, 3, 32, 32)
    for step in range(5):
        draws.at(step)
        y = x
        for stage in stages:
            stage.draws.at(step)
            y = stage.module.train()(y)
        assert torch.equal(y, model(x))


def test_a_stage_holds_the_memory_that_is_predicted_for_it():
    graph = resdsl.load("resnet_cifar", depth=32)
    whole = resdsl.build(graph).state_dict()
    for number in range(2):
        stage = Stage(graph, partition(graph, 2).cuts, number, whole)
        found = memory(stage.graph)
        assert found.weights == sum(weight.nbytes for weight in stage.module.parameters())
        assert found.buffers == sum(buffer.nbytes for buffer in stage.module.buffers())
        x = torch.rand(4, *stage.graph.input.dims, requires_grad=number > 0)
        assert kept_by_autograd(stage.module.train(), x) == memory(stage.graph, batch=4).saved


# ---------------------------------------------------------------- two processes

SHORT = (*ASKED, "--stop-after", "6")


def test_two_processes_train_to_the_losses_of_one_within_the_memory_that_is_planned(train, torchrun):
    """Each may take what its weights need and two thirds of what its activations would: blocks are computed again."""
    cut = {"ddp": "2", "fsdp": "2", "pipeline": "4"}
    graph = resdsl.load('res 1 use "stochastic_depth.res" network n = resnet_cifar_sd(depth = 14) { input 1x8x8 }')
    free = plans(graph, Asked(2, 2**40, 128, 4))
    asked = {parallel: ["--parallel", parallel] for parallel in cut}
    asked["pipeline"] += ["--parts", "4"]
    for parallel, plan in free.items():
        rank = max(plan.ranks, key=lambda rank: rank.total)
        asked[parallel] += ["--memory", str(rank.total - rank.activations // 3)]
    two = torchrun({parallel: (*SHORT, *more) for parallel, more in asked.items()})
    one = {parts: losses(train(f"one{parts}", *SHORT, "--parts", parts)) for parts in ("2", "4")}
    for parallel, parts in cut.items():
        assert losses(two[parallel]) == pytest.approx(one[parts], abs=TOLERANCE), parallel
        told = json.loads((two[parallel] / "plan.json").read_text())
        assert told["state"]["measured"] == told["state"]["planned"], parallel
        for number, rank in enumerate(free[parallel].ranks):
            planned, measured = (told["in all"][which][number] for which in ("planned", "measured"))
            assert planned <= rank.total
            passing = 6 + free[parallel].n_microbatches  # gradients on their way, what is sent and what was received
            assert measured <= planned + passing * _largest(graph, rank)
    assert told["balance"]["planned"] == pytest.approx(1.005, abs=5e-4)  # of the pipeline
    tries = count()

    @in_time
    def is_balanced():
        number = next(tries)
        again = f"pipeline{number}"
        folder = torchrun({again: (*SHORT, *asked["pipeline"])})[again] if number else two["pipeline"]
        assert json.loads((folder / "plan.json").read_text())["balance"]["measured"] < 1.6

    is_balanced()


def _largest(graph: resdsl.Graph, rank: Rank) -> int:
    """The bytes of the largest activation of a device."""
    values = range(rank.first, rank.beyond + 1)
    return max(graph.shape_of(value).elements for value in values) * rank.samples * 4


@pytest.mark.slow
def test_an_epoch_of_a_pipeline_ends_with_the_test_of_one_process(train, torchrun):
    asked = (*ASKED, "--parts", "4")
    folders = train("one", *asked), torchrun({"two": (*asked, "--parallel", "pipeline")})["two"]
    test = [[float(cell) for cell in (folder / "epochs.csv").read_text().split(",")[-3:-1]] for folder in folders]
    assert test[0] == pytest.approx(test[1], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["ddp", "fsdp", "pipeline"])
def test_a_checkpoint_of_two_processes_goes_on_in_one_and_the_other_way_round(train, torchrun, parallel: str):
    parts = ("--parts", "4") if parallel == "pipeline" else ("--parts", "2")
    theirs = ("--parallel", parallel, *(parts if parallel == "pipeline" else ()))
    straight = train("straight", *ASKED, *parts, "--stop-after", "9")
    torchrun({"mixed": (*ASKED, *theirs, "--stop-after", "3")})
    train("mixed", *ASKED, *parts, "--stop-after", "6", "--resume")
    mixed = torchrun({"mixed": (*ASKED, *theirs, "--stop-after", "9", "--resume")})["mixed"]
    assert losses(mixed) == pytest.approx(losses(straight), abs=TOLERANCE)
    once, twice = weights(straight), weights(mixed)
    assert set(once) == set(twice)
    trained = [key for key in once if "running" not in key and "tracked" not in key]  # each process counts its part
    assert max((once[key] - twice[key]).abs().max() for key in trained) < 1e-5
