"""Stochastic depth computes H_l = ReLU(b_l f_l(H_(l-1)) + id(H_(l-1))) for every block, kind and schedule, both ways.

Huang et al. 2016, eq. 2 and 5. What is dropped moves no statistic and gets no gradient.
"""

from math import prod

import pytest
import torch

from tests.reference.blocks import BLOCKS
from tests.reference.compare import assert_equal, batch, built
from tests.reference.library import uses
from tests.reference.shortcuts import SHORTCUTS, STANDARD, link
from tests.reference.tensors import Weights, bn, conv, pool_and_classify, relu

NETWORK = """
res 1
{uses}

network net {{
  input 3x6x6
  stem  conv(3x3, 4) -> bn
  stage s1    : {block} * 2
  stage s2 /2 : {block} * 2 {of_last}
  head  bn -> relu -> global_avgpool -> linear(5)
  shortcut {shortcut}
  {statements}
}}
"""
NAMES = (("s1.0", 1), ("s1.1", 1), ("s2.0", 2), ("s2.1", 1))


def network(statements, block="basic(4)", shortcut="identity else zero_pad", of_last=""):
    return built(
        NETWORK.format(
            uses=uses(block, shortcut), block=block, shortcut=shortcut, statements=statements, of_last=of_last
        )
    )


def reference(factors, block="basic(4)", shortcut="identity else zero_pad", links=()):
    """`factors(training)` has what scales f of each block: a number, one for each sample, or 0 where it is dropped."""

    def forward(x, w, t):
        x = bn(conv(x, w, "stem.conv"), w, "stem.bn", t)
        entered = []
        for place, ((name, stride), factor) in enumerate(zip(NAMES, factors(t), strict=True)):
            entered.append(x)
            before = dict(w.statistics)

            def junction(x, f, w, name, t, stride, place=place, factor=factor, before=before):
                if isinstance(factor, int) and factor == 0:
                    _forget(w, name, before, keeps_bn1=x is not entered[place] and "relu" not in block)
                y = SHORTCUTS[shortcut](x, factor * f, w, name, t, stride)
                for label, kinds, first, last in links:
                    if last == place:
                        around = prod(stride for _, stride in NAMES[first : last + 1])
                        y = link(label, kinds)(entered[first], y, w, name, t, around)
                return y

            x = BLOCKS[block](x, w, name, t, stride, junction)
        return pool_and_classify(relu(bn(x, w, "head.bn", t)), w)

    return forward


def _forget(w, name, before, *, keeps_bn1):
    """The batch norms of a branch that is not run: all so far, but a pre-activation that the shortcut shares."""
    kept = f"{name}.bn1." if keeps_bn1 else "…"
    w.statistics.update({key: value for key, value in before.items() if not key.startswith(kept)})


def kept(seed, p, *samples):
    """The draw of a step: b_l ~ Bernoulli(p_l), from torch's default generator, all blocks at once."""
    torch.manual_seed(seed)
    return torch.rand(len(p), *samples, dtype=torch.float64) < torch.tensor(p, dtype=torch.float64).view(
        -1, *[1] * len(samples)
    )


def seed_of(pattern, p):
    return next(seed for seed in range(10_000) if kept(seed, p).tolist() == list(pattern))


def assert_computes(model, seed, wanted):
    model.register_forward_pre_hook(lambda *_: torch.manual_seed(seed) and None)
    assert_equal(model, wanted, batch(3, 3, 6, 6))


# ---------------------------------------------------------------- schedules; who shares a draw; what is rescaled when

L = 4
SCHEDULES = {
    "linear(0.5)": [1 - l / L * (1 - 0.5) for l in range(1, L + 1)],
    "linspace(0.4)": [1 - (l - 1) / (L - 1) * (1 - 0.4) for l in range(1, L + 1)],
    "uniform(0.6)": [0.6] * L,
    "1 - (l / L) ^ 2 * 0.75": [1 - (l / L) ** 2 * 0.75 for l in range(1, L + 1)],
    "if l == 2 then 0.25 else 1.0": [1.0, 0.25, 1.0, 1.0],
}


@pytest.mark.parametrize("rescale", ["eval", "train"])
@pytest.mark.parametrize("per", ["batch", "sample"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_branch_is_scaled_by_its_draw_in_training_and_by_its_probability_at_evaluation(schedule, per, rescale):
    seed = 1
    p = SCHEDULES[schedule]
    draws = kept(seed, p, *[3] * (per == "sample"))

    def factors(training):
        if not training:
            return p if rescale == "eval" else [1.0] * L
        divided = p if rescale == "train" else [1.0] * L
        if per == "sample":
            return [row.double().view(-1, 1, 1, 1) / q for row, q in zip(draws, divided)]
        return [1 / q if is_kept else 0 for is_kept, q in zip(draws.tolist(), divided)]

    model = network(f"survive {schedule}, per = {per}, rescale = {rescale}")
    assert_computes(model, seed, reference(factors))


# ---------------------------------------------------------------- every block, kind and link, blocks dropped


@pytest.mark.parametrize("block", BLOCKS)
def test_a_dropped_block_is_its_shortcut_and_what_follows_the_junction(block):
    pattern = (0, 1, 0, 1)
    shortcut = "exclusive_gate(-6) else projection"
    model = network("survive uniform(0.5)", block, shortcut)
    assert_computes(
        model, seed_of(pattern, [0.5] * L), reference(lambda t: pattern if t else [0.5] * L, block, shortcut)
    )


@pytest.mark.parametrize("shortcut", STANDARD)
def test_a_shortcut_kind_without_f_is_what_is_left_of_its_equation(shortcut):
    pattern = (1, 0, 0, 1)
    model = network("survive uniform(0.5)", shortcut=shortcut)
    wanted = reference(lambda t: pattern if t else [0.5] * L, shortcut=shortcut)
    assert_computes(model, seed_of(pattern, [0.5] * L), wanted)


def test_links_are_never_dropped():
    links = "link middle over each stage via conv_shortcut  link root over all via conv_shortcut"
    model = network(f"{links} survive uniform(0.1)")
    spans = [("middle", "conv_shortcut", 0, 1), ("middle", "conv_shortcut", 2, 3), ("root", "conv_shortcut", 0, 3)]
    wanted = reference(lambda t: [0] * L if t else [0.1] * L, links=spans)
    assert_computes(model, seed_of([0] * L, [0.1] * L), wanted)


def test_a_schedule_of_one_stage_leaves_the_others_whole():
    model = network("", of_last="{ survive uniform(0.5) }")
    wanted = reference(lambda t: [1.0, 1.0, 0, 1.0] if t else [1.0, 1.0, 0.5, 0.5])
    assert_computes(model, seed_of([0, 1], [0.5, 0.5]), wanted)


# ---------------------------------------------------------------- statistics over many steps


@pytest.mark.parametrize("per", ["batch", "sample"])
def test_a_norm_counts_the_batches_that_its_block_was_kept_for(per):
    """Per batch: over 20 steps each norm moves by the batches it saw. Per sample all branches see all samples."""
    model = network(f"survive uniform(0.5), per = {per}").train()
    times = dict.fromkeys((name for name, _ in NAMES), 0)
    for step in range(20):
        draws = kept(step, [0.5] * L, *[3] * (per == "sample"))
        factors = [row.double().view(-1, 1, 1, 1) for row in draws] if per == "sample" else draws.int().tolist()
        weights = Weights(model.state_dict())
        reference(lambda _, factors=factors: factors)(batch(3, 3, 6, 6), weights, True)
        torch.manual_seed(step)
        model(batch(3, 3, 6, 6))
        for name, buffer in model.named_buffers():
            assert (buffer - weights.statistics[name]).abs().max() < 1e-12, name
        for name, draw in zip(times, draws):
            times[name] += 1 if per == "sample" else int(draw)
    for name, count in times.items():
        assert model.get_submodule(f"{name}.bn1").num_batches_tracked == count
        assert 0 < count < 20 or per == "sample"
