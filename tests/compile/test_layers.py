"""Every layer of the language has its functional form: compiled, a chain with it computes what the module computes."""

import copy

import pytest
import torch

from resdsl.ops import OPS
from tests.compile.compare import assert_compiled_equals_eager
from tests.reference.compare import built

NETWORK = 'res 1 use "std.res" network n {{ input {input} stem conv(3, 32) -> {chain} head {head} }}'
HEAD = "global_avgpool -> linear(3)"
INPUTS = {1: "[3, 8]", 2: "3x8x8", 3: "3x4x6x6"}
RANDOM = {"dropout", "spatial_dropout", "bernoulli"}
BY_RANK = ["bn", "conv", "instancenorm", "maxpool", "avgpool", "global_avgpool", "subsample", "pad_channels"]
MORE = {
    "learned_scale in bounds": "learned_scale(0.4, low = -0.5, high = 0.5)",
    "learned_scale per channel": "learned_scale(per = channel)",
    "prelu per channel": "prelu(per = channel)",
    "instancenorm affine": "instancenorm(affine = true)",
    "grouped convolution": "conv(3, 64, groups = 4, bias = true)",
    "two norms": "bn -> relu -> bn",
}


def network(chain, rank=2):
    word = chain.split("(")[0]
    if word == "flatten":
        return built(NETWORK.format(input=INPUTS[rank], chain="relu", head="flatten -> linear(3)"))
    if word == "linear":
        return built(NETWORK.format(input=INPUTS[rank], chain="relu", head=f"global_avgpool -> flatten -> {chain}"))
    return built(NETWORK.format(input=INPUTS[rank], chain=chain, head=HEAD))


def x_of(rank):
    generator = torch.Generator().manual_seed(0)
    shape = {1: (3, 8), 2: (3, 8, 8), 3: (3, 4, 6, 6)}[rank]
    return torch.randn(2, *shape, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("word", sorted(set(OPS) - RANDOM))
def test_every_layer(word):
    assert_compiled_equals_eager(network(OPS[word].EXAMPLE), x_of(2), steps=1)


def test_a_norm_of_vectors():
    model = built(NETWORK.format(input=INPUTS[2], chain="relu", head="global_avgpool -> layernorm -> linear(3)"))
    assert_compiled_equals_eager(model, x_of(2), steps=1)


@pytest.mark.parametrize("chain", MORE.values(), ids=MORE)
def test_every_form_of_a_layer(chain):
    assert_compiled_equals_eager(network(chain), x_of(2), steps=1)


@pytest.mark.parametrize("rank", [1, 3])
@pytest.mark.parametrize("word", BY_RANK)
def test_layers_that_know_their_rank(word, rank):
    chains = {"maxpool": "maxpool(3, /2)", "avgpool": "avgpool(3, /2)", "conv": "conv(3, 8)"}
    model = network(chains.get(word, OPS[word].EXAMPLE), rank)
    assert_compiled_equals_eager(model, x_of(rank), steps=1)


@pytest.mark.parametrize("word", sorted(RANDOM))
def test_noise_is_of_the_right_kind_and_gone_at_evaluation(word):
    """Draws are not those of torch's own module; their distribution is: the share of zeros, within six deviations."""
    model = network(f"{word}(0.3)")
    compiled = copy.deepcopy(model)
    compiled.compile(backend="aot_eager")
    x = x_of(2)
    with torch.no_grad():
        assert (compiled.eval()(x) - model.eval()(x)).abs().max() < 1e-12
    wide = built(f'res 1 use "std.res" network n {{ input 64x16x16 stem {word}(0.3) }}')
    ones = torch.ones(64, 64, 16, 16, dtype=torch.float64)
    given = []
    for module, seed in ((wide, 0), (copy.deepcopy(wide), 1)):
        module.train()
        if seed:
            module.compile(backend="aot_eager")
        torch.manual_seed(seed)
        given.append(module(ones))
    n = ones.numel() if word != "spatial_dropout" else 64 * 64
    for y in given:
        share = (y == 0).double().mean().item()
        expected = 0.7 if word == "bernoulli" else 0.3
        assert abs(share - expected) < 6 * (0.21 / n) ** 0.5
    assert given[0].max() == given[1].max()  # what is kept is scaled alike
