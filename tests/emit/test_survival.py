"""Stochastic depth: what is dropped costs nothing and leaves nothing behind; what is kept is scaled exactly."""

import copy
import pickle

import pytest
import torch

from resdsl import ResError, load
from resdsl.emit.torch import build
from resdsl.ops import Relu, Sigmoid
from resdsl.record import evolve
from tests.reference.compare import batch, built
from tests.reference.tensors import Weights, bn, conv, pad, pool_and_classify, relu, subsample

NETWORK = """
res 1
use "std.res"

network sd(n: int = 3) {
  input 3x8x8
  stem  conv(3x3, 4) -> bn -> relu
  stage s1    : basic(4) * n
  stage s2 /2 : basic(8) * n
  head  global_avgpool -> linear(5)
  shortcut SHORTCUT
  SURVIVE
}
"""
BLOCKS = [("s1.0", 1), ("s1.1", 1), ("s1.2", 1), ("s2.0", 2), ("s2.1", 1), ("s2.2", 1)]
LINEAR = [1 - l / 6 * (1 - 0.5) for l in range(1, 7)]


def text(survive="survive linear(0.5)", shortcut="identity else zero_pad"):
    return NETWORK.replace("SURVIVE", survive).replace("SHORTCUT", shortcut)


def reference(x, w, t, factors):
    """H_l = ReLU(b_l f_l(H_(l-1)) + id(H_(l-1))), Huang et al. 2016, eq. 2; None leaves f out altogether."""
    x = relu(bn(conv(x, w, "stem.conv"), w, "stem.bn", t))
    for (name, stride), factor in zip(BLOCKS, factors, strict=True):
        around = x if stride == 1 else pad(subsample(x, stride), 8)
        if factor is not None:
            f = relu(bn(conv(x, w, f"{name}.conv1", stride), w, f"{name}.bn1", t))
            f = bn(conv(f, w, f"{name}.conv2"), w, f"{name}.bn2", t)
            around = factor * f + around
        x = relu(around)
    return pool_and_classify(x, w)


def kept(seed, *shape, p=LINEAR):
    """The draw of a step, as the paper has it: b_l ~ Bernoulli(p_l)."""
    torch.manual_seed(seed)
    p = torch.tensor(p, dtype=torch.float64)
    return torch.rand(*(shape or (len(p),)), dtype=torch.float64) < p.view(-1, *(1,) * (len(shape) - 1 if shape else 0))


def seed_that(condition, p=LINEAR):
    return next(seed for seed in range(10_000) if condition(kept(seed, p=p).tolist()))


def close(ours, theirs):
    return ((ours - theirs).abs().max() / theirs.abs().max()).item() < 1e-12


def assert_same(model, x, seed, factors):
    weights = Weights(model.state_dict())
    torch.manual_seed(seed)
    assert close(model(x), reference(x, weights, model.training, factors))


# ---------------------------------------------------------------- one draw for the batch, rescaled at evaluation


def test_at_evaluation_each_branch_is_scaled_by_its_probability_to_the_last_digits():
    model = built(text()).eval()
    assert_same(model, batch(4, 3, 8, 8), 0, LINEAR)


def test_a_step_takes_one_draw_from_the_default_generator_and_nothing_else():
    model = built(text()).train()
    kept(3)
    after_one_draw = torch.get_rng_state()
    torch.manual_seed(3)
    model(batch(2, 3, 8, 8))
    assert torch.equal(torch.get_rng_state(), after_one_draw)
    model.eval()
    model(batch(2, 3, 8, 8))
    assert torch.equal(torch.get_rng_state(), after_one_draw)


def test_a_dropped_block_runs_no_layer_gets_no_gradient_and_keeps_its_statistics():
    seed = seed_that(lambda keep: keep == [True, False, True, False, False, True])
    model = built(text()).train()
    ran = []
    for name, module in model.named_modules():
        if not list(module.children()):
            module.register_forward_hook(lambda *_, name=name: ran.append(name))
    before = copy.deepcopy(model.state_dict())
    torch.manual_seed(seed)
    model(batch(4, 3, 8, 8)).sum().backward()
    dropped = {"s1.1", "s2.0", "s2.1"}
    for name, _ in BLOCKS:
        layers = [f"{name}.{layer}" for layer in ("conv1", "bn1", "conv2", "bn2")]
        assert [layer for layer in ran if layer.startswith(name)] == ([] if name in dropped else layers)
    for name, parameter in model.named_parameters():
        assert (parameter.grad is None) == (name.rsplit(".", 2)[0] in dropped), name
    for name, buffer in model.named_buffers():
        assert torch.equal(buffer, before[name]) == (name.rsplit(".", 2)[0] in dropped), name


def test_a_dropped_branch_makes_nothing_for_the_backward_pass():
    seed = seed_that(lambda keep: not any(keep), p=[0.01] * 6)
    model = built(text("survive uniform(0.01)")).train()
    torch.manual_seed(seed)
    seen, waiting = set(), [model(batch(2, 3, 8, 8)).grad_fn]
    while waiting:
        function = waiting.pop()
        if function is not None and function not in seen:
            seen.add(function)
            waiting += [after for after, _ in function.next_functions]
    names = [function.name() for function in seen]
    assert sum("Convolution" in name for name in names) == 1  # the stem's
    assert sum("BatchNorm" in name for name in names) == 1


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.AdamW])
def test_an_optimizer_leaves_the_weights_of_a_dropped_block_alone(optimizer):
    seed = seed_that(lambda keep: keep == [True, False, True, True, True, True])
    model = built(text()).train()
    steps = optimizer(model.parameters(), lr=0.1, weight_decay=0.1)
    before = copy.deepcopy(model.state_dict())
    torch.manual_seed(seed)
    model(batch(2, 3, 8, 8)).sum().backward()
    steps.step()
    assert torch.equal(model.s1[1].conv1.weight, before["s1.1.conv1.weight"])
    assert not torch.equal(model.s1[0].conv1.weight, before["s1.0.conv1.weight"])


# ---------------------------------------------------------------- one draw for each sample


def test_a_mask_follows_the_type_of_the_branch():
    model = built(text("survive linear(0.5), per = sample")).train().bfloat16()
    assert model(batch(5, 3, 8, 8).bfloat16()).dtype == torch.bfloat16
    model = built(text("survive linear(0.5), per = sample")).eval().bfloat16()
    assert model(batch(5, 3, 8, 8).bfloat16()).dtype == torch.bfloat16
    model = built(text()).eval().float()
    assert model(batch(5, 3, 8, 8).float()).dtype == torch.float32


def test_branches_of_images_and_of_vectors_are_dropped_for_each_sample():
    model = built("""res 1 use "std.res"
    block images(width) { residual conv(3x3, width) }
    block vectors(width) { residual linear(width) }
    network net { input 3x8x8  stem conv(3x3, 4)  stage a : images(4) * 2  layers pool : global_avgpool -> flatten
      stage b : vectors(4)  survive uniform(0.5), per = sample, rescale = train }""").train()
    x = batch(5, 3, 8, 8)
    torch.manual_seed(4)
    y = model(x)
    scales = 2 * kept(4, 3, 5, p=[0.5] * 3).to(x)
    assert len(set(scales.flatten().tolist())) == 2
    wanted = model.stem(x)
    for block, scale in zip(model.a, scales):
        wanted = wanted + scale.view(-1, 1, 1, 1) * block.conv(wanted)
    wanted = model.pool(wanted)
    assert torch.allclose(y, wanted + scales[2].view(-1, 1) * model.b[0].linear(wanted))


# ---------------------------------------------------------------- what is never dropped


def test_a_dropped_pre_activation_block_is_x_itself():
    spec = text().replace("basic(", "preact_basic(").replace("-> bn -> relu\n", "\n", 1)
    seed = seed_that(lambda keep: not any(keep[:3]))
    model = built(spec).train()
    torch.manual_seed(seed)
    entered = []
    model.stem.register_forward_hook(lambda *seen: entered.append(seen[-1]))
    ran = []
    model.s1[0].bn1.register_forward_hook(lambda *_: ran.append("bn1"))
    model(batch(2, 3, 8, 8))
    assert ran == []
    assert model.s1[0].skip(entered[0]) is entered[0]


# ---------------------------------------------------------------- the schedule moves


def test_survival_is_the_formula_of_the_paper_for_every_block():
    assert build(load(text())).survival() == LINEAR
    assert build(load(text("survive uniform(0.7)"))).survival() == [0.7] * 6
    formula = "survive 1 - (l / L) ^ 2 * 0.5"
    assert build(load(text(formula))).survival() == [1 - (l / 6) ** 2 * 0.5 for l in range(1, 7)]


def test_the_scale_moves_every_probability_and_comes_back_exactly():
    model = built(text())
    model.set_survival(0)
    assert model.survival() == [1.0] * 6
    assert_same(model.eval(), batch(2, 3, 8, 8), 0, [1.0] * 6)
    model.set_survival(1.5)
    assert model.survival() == pytest.approx([1 - 1.5 * (1 - p) for p in LINEAR], abs=1e-15)
    model.set_survival(1)
    assert model.survival() == LINEAR


@pytest.mark.parametrize("scale", [2, -0.1, float("nan")])
def test_a_scale_that_leaves_no_probability_is_refused_and_changes_nothing(scale):
    model = built(text())
    with pytest.raises(ValueError, match="survival probability"):
        model.set_survival(scale)
    assert model.survival() == LINEAR


def test_probabilities_stay_exact_whatever_the_module_is_moved_to():
    model = built(text()).float().bfloat16().to("cpu", torch.float16)
    assert model.survival() == LINEAR
    assert build(load(text()), device="meta").survival() == LINEAR
    assert pickle.loads(pickle.dumps(model)).survival() == LINEAR


def test_probabilities_are_no_part_of_the_state_dict():
    plain = build(load(text("")))
    assert list(build(load(text())).state_dict()) == list(plain.state_dict())


def test_a_copy_has_a_schedule_of_its_own():
    model = built(text())
    other = copy.deepcopy(model)
    other.set_survival(0.5)
    assert model.survival() == LINEAR


# ---------------------------------------------------------------- what cannot be dropped


def test_a_junction_that_computes_with_f_cannot_be_dropped():
    odd = "shortcut odd { y = x + (f -> relu) }\nnetwork sd"
    spec = text(shortcut="odd").replace("network sd", odd, 1).replace("stage s2 /2 : basic(8) * n", "")
    graph = load(spec)
    steps = []
    for step in graph.steps:
        nodes = [
            evolve(node, op=Sigmoid()) if node.part == "shortcut" and node.op == Relu() else node
            for node in step.unit.nodes
        ]
        steps.append(evolve(step, unit=evolve(step.unit, nodes=tuple(nodes))))
    with pytest.raises(ResError, match="`odd` does more with f than add and scale it"):
        build(evolve(graph, steps=tuple(steps)))


def test_a_network_without_a_schedule_can_be_asked_as_well():
    model = build(load(text("")))
    before = {key: value.clone() for key, value in model.state_dict().items()}
    assert model.survival() == []
    model.set_survival(0.5)
    assert model.survival() == []
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
