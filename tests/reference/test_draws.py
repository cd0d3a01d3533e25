"""What stochastic depth draws has the law of Huang et al. 2016: b_l ~ Bernoulli(p_l), independent of all others.

Counts are held against their binomial law, exactly, and each test against all its counts together: for a seed drawn by
chance a right program fails with a probability of at most ALPHA. The seeds are fixed, so that it never does.
"""

from itertools import combinations, product
from math import prod

import pytest
import torch
from scipy.stats import binomtest

from resdsl import load
from resdsl.emit.torch import build
from resdsl.integrations.parallel import share_draws
from tests.reference.compare import batch, built

ALPHA = 1e-6
L = 4
P = [1 - l / L * (1 - 0.5) for l in range(1, L + 1)]
NETWORK = """
res 1
use "std.res"

block affine(width, stride = 1) {{ residual conv(3x3, width, /stride) }}

network net {{
  input 2x4x4
  stem  conv(3x3, 3)
  stage s1    : affine(3) * 2
  stage s2 /2 : affine(4) * 2
  shortcut identity else conv_shortcut
  survive linear(0.5), per = {per}, rescale = {rescale}
}}
"""


def graph(per="batch", rescale="eval"):
    return load(NETWORK.format(per=per, rescale=rescale))


def drawn(seed, n_steps, per="batch"):
    """Whether each block is kept: (steps, blocks), or (steps, blocks, samples) where each sample has its own draw."""
    model = build(graph(per)).train()
    torch.manual_seed(seed)
    if per == "batch":
        return torch.tensor([[is_kept for is_kept, _ in model.draw()] for _ in range(n_steps)])
    x = torch.zeros(8, 2, 4, 4)
    return torch.stack([model.draw(x).flatten(1) for _ in range(n_steps)]).bool()


def shared(seed, n_steps):
    """The same by `share_draws`: each step from a seed of its own."""
    network = graph()
    model = build(network).train()
    draws = share_draws(model, network, seed)
    kept = []
    for step in range(n_steps):
        draws.at(step)
        kept.append([is_kept for is_kept, _ in draws()])
    return torch.tensor(kept)


# ---------------------------------------------------------------- counts that have binomial laws


def rates(kept):
    """How often each block is kept: Bin(n, p_l)."""
    return [(kept[:, l].sum(), len(kept), P[l]) for l in range(L)]


def patterns(kept):
    """How often each set of blocks is kept together: Bin(n, ∏ p_l ∏ (1 - p_l)) if all blocks are independent."""
    for pattern in product((False, True), repeat=L):
        p = prod(q if is_kept else 1 - q for is_kept, q in zip(pattern, P))
        yield (kept == torch.tensor(pattern)).all(1).sum(), len(kept), p


def steps(kept):
    """How often one block is kept at one step and another, or it itself, at the next: Bin(n / 2, p_l p_m)."""
    now, then = kept[0::2], kept[1::2]
    return [((now[:, l] & then[:, m]).sum(), len(now), P[l] * P[m]) for l in range(L) for m in range(L)]


def samples(kept):
    """How often two samples of a batch keep a block together: Bin(n, p_l²)."""
    return [
        ((kept[:, l, one] & kept[:, l, other]).sum(), len(kept), P[l] ** 2)
        for l in range(L)
        for one, other in combinations(range(kept.shape[2]), 2)
    ]


def least(counts):
    """The probability, at most, that counts as far off as the furthest of these come by chance (Bonferroni)."""
    p_values = [binomtest(int(count), n, p).pvalue for count, n, p in counts]
    return min(1.0, len(p_values) * min(p_values))


@pytest.mark.parametrize("counts", [rates, patterns, steps])
def test_blocks_are_dropped_with_their_probabilities_independently_of_each_other_and_of_the_last_step(counts):
    assert least(counts(drawn(0, 10_000))) > ALPHA


@pytest.mark.parametrize("counts", [rates, patterns, steps])
def test_draws_that_processes_share_have_the_same_law(counts):
    assert least(counts(shared(0, 10_000))) > ALPHA


@pytest.mark.parametrize("counts", [rates, patterns, steps])
def test_each_sample_is_dropped_with_the_probabilities_of_its_blocks(counts):
    kept = drawn(0, 5_000, "sample")
    assert least([count for sample in range(kept.shape[2]) for count in counts(kept[:, :, sample])]) > ALPHA


def test_samples_of_a_batch_are_dropped_independently_of_each_other():
    assert least(samples(drawn(0, 5_000, "sample"))) > ALPHA


def test_a_wrong_probability_a_block_that_follows_another_and_a_draw_that_stays_are_found():
    right = drawn(0, 10_000)
    shifted = torch.where(torch.rand(right.shape, generator=torch.Generator().manual_seed(1)) < 0.05, True, right)
    follows = right.clone()
    follows[:, 1] = torch.where(right[:, 0], right[:, 1], torch.tensor(False))
    stays = right.repeat_interleave(2, 0)[: len(right)]
    assert least(rates(shifted)) < ALPHA
    assert least(patterns(follows)) < ALPHA
    assert least(steps(stays)) < ALPHA


@pytest.mark.slow
@pytest.mark.parametrize("draws", [drawn, shared])
def test_over_many_seeds_as_many_fail_as_must_and_all_together_have_the_law(draws):
    """200 seeds of 2,000 steps: at 1 % no more tests fail than that, and 400,000 steps find a shift of 0.5 %."""
    kept = [draws(seed, 2_000) for seed in range(200)]
    for counts in (rates, patterns, steps):
        n_failed = sum(least(counts(one)) < 0.01 for one in kept)
        assert binomtest(n_failed, len(kept), 0.01, alternative="greater").pvalue > ALPHA
        assert least(counts(torch.cat(kept))) > ALPHA


# ---------------------------------------------------------------- evaluation is the mean over all draws


@pytest.mark.parametrize("rescale", ["eval", "train"])
@pytest.mark.parametrize("per", ["batch", "sample"])
def test_where_the_branches_are_linear_evaluation_is_the_mean_over_all_draws(per, rescale, monkeypatch):
    """Σ P(b) y(b) over the 2^L sets of blocks is y at evaluation, to the last digits: no chance is in it."""
    model = built(NETWORK.format(per=per, rescale=rescale))
    x = batch(1, 2, 4, 4).expand(3, 2, 4, 4)
    mean = 0
    for pattern in product((0, 1), repeat=L):
        numbers = torch.tensor([[0.0 if is_kept else 1.0] for is_kept in pattern], dtype=torch.float64).expand(L, 3)
        uniform = numbers[:, 0] if per == "batch" else numbers
        monkeypatch.setattr(torch, "rand", lambda *shape, uniform=uniform, **_: uniform.reshape(shape))
        chance = prod(q if is_kept else 1 - q for is_kept, q in zip(pattern, P))
        mean = mean + chance * model.train()(x)
    y = model.eval()(x)
    assert (mean - y).abs().max() < 1e-12 * y.abs().max()
