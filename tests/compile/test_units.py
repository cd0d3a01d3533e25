"""What is compiled by units computes what the module computes: every order, shortcut kind, junction and way to drop."""

import copy
import pickle

import pytest
import torch

from resdsl import load
from resdsl.emit.torch import build
from resdsl.emit.torch_compiled.runtime import runtime_of
from tests.combinations import combined, named
from tests.compile.compare import assert_compiled_equals_eager, n_functions
from tests.reference.compare import batch, built

NETWORK = """
res 1
use "std.res"

network net {{
  input 3x8x8
  stem  conv(3x3, 4) -> bn -> relu
  stage s1    : {block} * 2
  stage s2 /2 : {wider} * 2
  head  global_avgpool -> linear(5)
  shortcut {shortcut}
  {more}
}}
"""

BLOCKS = {
    "basic": ("basic(4)", "basic(8)"),
    "basic_bn_after": ("basic_bn_after(4)", "basic_bn_after(8)"),
    "basic_relu_before": ("basic_relu_before(4)", "basic_relu_before(8)"),
    "relu_preact_basic": ("relu_preact_basic(4)", "relu_preact_basic(8)"),
    "preact_basic": ("preact_basic(4)", "preact_basic(8)"),
    "wide": ("wide(4)", "wide(8)"),
    "elu_basic": ("elu_basic(4)", "elu_basic(8)"),
    "pyramid_basic": ("pyramid_basic(4)", "pyramid_basic(8)"),
    "se_basic": ("se_basic(4, reduction = 2)", "se_basic(8, reduction = 2)"),
    "weighted_basic": ("weighted_basic(4)", "weighted_basic(8)"),
    "bottleneck": ("bottleneck(1)", "bottleneck(2)"),
    "bottleneck_v1": ("bottleneck_v1(1)", "bottleneck_v1(2)"),
    "bottleneck_bn_after": ("bottleneck_bn_after(1)", "bottleneck_bn_after(2)"),
    "bottleneck_relu_before": ("bottleneck_relu_before(1)", "bottleneck_relu_before(2)"),
    "relu_preact_bottleneck": ("relu_preact_bottleneck(1)", "relu_preact_bottleneck(2)"),
    "preact_bottleneck": ("preact_bottleneck(1)", "preact_bottleneck(2)"),
    "preact_bottleneck_v1": ("preact_bottleneck_v1(1)", "preact_bottleneck_v1(2)"),
    "resnext": ("resnext(32, groups = 2, base = 2, expansion = 1)", "resnext(64, groups = 2, base = 2, expansion = 1)"),
    "se_bottleneck": ("se_bottleneck(1, reduction = 2)", "se_bottleneck(2, reduction = 2)"),
    "pyramid_bottleneck": ("pyramid_bottleneck(1)", "pyramid_bottleneck(2)"),
}
SHORTCUTS = [
    "identity else zero_pad",
    "identity else avg_zero_pad",
    "identity else projection",
    "identity else avg_projection",
    "identity else conv_shortcut",
    "projection",
    "conv_shortcut",
    "none",
    "scale(0.5, 0.5) else zero_pad",
    "gate(-1) else zero_pad",
    "exclusive_gate(-1) else zero_pad",
    "weighted else zero_pad",
]
POST = ["basic", "basic_bn_after", "basic_relu_before", "relu_preact_basic", "preact_basic"]


def network(block="basic", shortcut="identity else zero_pad", more=""):
    one, other = BLOCKS[block]
    return built(NETWORK.format(block=one, wider=other, shortcut=shortcut, more=more))


def x():
    return batch(3, 3, 8, 8)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_the_library(block):
    assert_compiled_equals_eager(network(block), x(), modes=[True])


@combined(block=named(*POST), shortcut=named(*SHORTCUTS))
def test_every_order_of_the_layers_with_every_shortcut_kind(block, shortcut):
    assert_compiled_equals_eager(network(block, shortcut), x(), steps=1, modes=[True], without_grad=False)


# ---------------------------------------------------------------- junctions and levels

ROR = """
res 1
use "std.res"

network ror(n: int = 2) {{
  input 3x16x16
  stem  conv(3x3, 4){after_stem}
  stage s1    : {block}(4)  * n
  stage s2 /2 : {block}(8)  * n
  stage s3 /2 : {block}(16) * n
  head  {before_head}global_avgpool -> linear(5)
  shortcut identity else zero_pad
  {links}
}}
"""
MIDDLE_AND_ROOT = "link middle over each stage via {kind}  link root over all via {kind}"
LEVELS = {
    "one": "levels 1 via conv_shortcut",
    "two": "levels 2 via conv_shortcut",
    "three": "levels 3 via conv_shortcut",
    "four": "levels 4 via conv_shortcut",
    "conv": MIDDLE_AND_ROOT.format(kind="conv_shortcut"),
    "projection": MIDDLE_AND_ROOT.format(kind="projection"),
    "zero_pad": MIDDLE_AND_ROOT.format(kind="identity else zero_pad"),
    "gated": MIDDLE_AND_ROOT.format(kind="gate(-1) else zero_pad"),
    "pairs": "link pair over each 2 via identity else conv_shortcut",
    "one block": "link one over s2[2] via identity  link first over s1[1] via conv_shortcut",
    "across stages": "link long over s1..s2 via conv_shortcut  link inner over s1[1..2] via identity",
}


def ror(links, block="basic", more="", n=None):
    is_pre = block != "basic"
    after_stem, before_head = ("", "bn -> relu -> ") if is_pre else (" -> bn -> relu", "")
    text = ROR.format(block=block, after_stem=after_stem, before_head=before_head, links=f"{links}  {more}")
    return built(text, n=n or (3 if "levels 4" in links else 4))


@combined(block=named("basic", "preact_basic"), links=LEVELS)
def test_every_kind_of_link_and_number_of_levels(block, links):
    assert_compiled_equals_eager(ror(links, block), batch(2, 3, 16, 16), steps=1, modes=[True], without_grad=False)


# ---------------------------------------------------------------- stochastic depth

SURVIVAL = {
    "linear": "survive linear(0.5)",
    "uniform": "survive uniform(0.5)",
    "rescaled in training": "survive linear(0.5), rescale = train",
    "each sample": "survive linear(0.5), per = sample",
    "each sample, rescaled in training": "survive linear(0.5), per = sample, rescale = train",
}


@combined(block=named(*POST), survive=SURVIVAL)
def test_every_way_to_drop_blocks(block, survive):
    shortcut = "identity else zero_pad" if block != "preact_basic" else "identity else projection"
    assert_compiled_equals_eager(network(block, shortcut, survive), x(), seeds=(0, 1, 2), steps=3)


@pytest.mark.parametrize("shortcut", [kind for kind in SHORTCUTS if kind != "none"])
def test_a_dropped_block_of_every_shortcut_kind(shortcut):
    model = network("basic", shortcut, "survive uniform(0.4)")
    assert_compiled_equals_eager(model, x(), modes=[True], without_grad=False)


@pytest.mark.parametrize("block", ["basic", "preact_basic"])
def test_dropped_blocks_where_links_end(block):
    model = ror(LEVELS["conv"], block, "survive uniform(0.4)")
    assert_compiled_equals_eager(model, batch(2, 3, 16, 16), seeds=(0, 1, 2), steps=3)


def test_nothing_is_compiled_after_the_first_step_whatever_is_dropped():
    model = ror(LEVELS["conv"], "basic", "survive uniform(0.5)", n=2)
    model.compile(backend="aot_eager")
    model(batch(2, 3, 16, 16)).sum().backward()
    runtime = runtime_of(model)
    n_graphs, n_programs = runtime.n_graphs, len(runtime.programs)
    patterns = set()
    for seed in range(64):
        torch.manual_seed(seed)
        patterns.add(tuple(is_kept for is_kept, _ in model.draw()))
        torch.manual_seed(seed)
        model(batch(2, 3, 16, 16)).sum().backward()
    assert len(patterns) > 30
    assert (runtime.n_graphs, len(runtime.programs)) == (n_graphs, n_programs)


def test_survival_moves_while_training_runs_without_compiling():
    model = network(more="survive linear(0.2)")
    eager = copy.deepcopy(model)
    model.compile(backend="aot_eager")
    model(x()).sum().backward()
    n_graphs = runtime_of(model).n_graphs
    for scale in (0, 0.5, 1.1):
        results = []
        for module in (model, eager):
            module.set_survival(scale)
            torch.manual_seed(3)
            results.append(module.train()(x()))
        assert _near(*results)
    assert runtime_of(model).n_graphs == n_graphs


def test_what_a_dropped_block_learns_is_the_callers_choice():
    model = network(more="survive uniform(0.01)").train()
    model.compile(backend="aot_eager", dropped="zero")
    torch.manual_seed(0)
    assert not any(is_kept for is_kept, _ in model.draw())
    torch.manual_seed(0)
    model(x()).sum().backward()
    assert all(p.grad is not None and not p.grad.any() for p in model.s1.parameters())
    assert all(p.grad.any() for p in model.head.parameters())


# ---------------------------------------------------------------- how many graphs there are


@pytest.mark.parametrize("n", [1, 2, 5])
def test_each_distinct_unit_is_compiled_once_whatever_the_depth(n):
    graph = load(ROR.format(block="basic", after_stem=" -> bn -> relu", before_head="", links=LEVELS["conv"]), n=n)
    model = build(graph).train()
    model.compile(backend="aot_eager")
    model(torch.randn(2, 3, 16, 16)).sum().backward()
    assert n_functions(model) == len(graph.units)
    assert runtime_of(model).n_graphs == 2 * len(graph.units)  # forward and backward


def test_twelve_kinds_of_block_are_twelve_graphs_and_none_runs_eagerly():
    widths = " + ".join(f"basic({width})" for width in range(4, 16))
    text = NETWORK.replace("{block} * 2", widths).format(
        block="", wider="basic(16)", shortcut="identity else zero_pad", more=""
    )
    graph = load(text)
    model = build(graph).train()
    model.compile(backend="aot_eager")
    model(torch.randn(2, 3, 8, 8)).sum().backward()
    assert n_functions(model) == len(graph.units) == 16


# ---------------------------------------------------------------- the module stays what it is


def test_the_module_keeps_its_names_and_copies_and_pickles_without_the_compilation():
    model = network()
    keys = list(model.state_dict())
    model.compile(backend="aot_eager")
    model(x()).sum().backward()
    assert list(model.state_dict()) == keys
    assert not any("_orig_mod" in name for name, _ in model.named_modules())
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert runtime_of(copied) is None
        assert torch.equal(copied.eval()(x()), model.eval()(x())) or _near(copied(x()), model(x()))


def test_weights_may_be_loaded_replaced_and_frozen_between_steps():
    model, eager = network().train(), network().train()
    model.compile(backend="aot_eager")
    model(x()).sum().backward()
    other = {key: value * 1.1 if value.is_floating_point() else value for key, value in eager.state_dict().items()}
    for module in (model, eager):
        module.load_state_dict(other, assign=True)
        module.s1[0].conv1.weight = torch.nn.Parameter(module.s1[0].conv1.weight.detach() * 2)
        module.s2[0].conv1.weight.requires_grad_(False)
        module.stem.requires_grad_(False)
        module.zero_grad()
        module(x()).sum().backward()
    for one, other in zip(model.parameters(), eager.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None)
        assert one.grad is None or _near(one.grad, other.grad)


def test_a_module_that_is_replaced_is_the_one_that_runs():
    model, eager = network().train(), network().train()
    model.compile(backend="aot_eager")
    model(x())
    for module in (model, eager):
        torch.manual_seed(1)
        module.head.linear = torch.nn.Linear(8, 7).double()
        module.s1[0].bn1 = torch.nn.BatchNorm2d(4).double()
        module.s1[0].bn1.weight.data.fill_(2)
    eager.load_state_dict(model.state_dict())
    assert model(x()).shape == (3, 7)
    assert _near(model(x()), eager(x()))
    assert model.s1[0].bn1.num_batches_tracked == 2


def test_weights_are_laid_out_as_convolutions_want_them_and_stay_what_they_are():
    model, eager = network(), network()
    model.compile(backend="aot_eager")
    for (name, one), other in zip(model.state_dict().items(), eager.state_dict().values(), strict=True):
        assert torch.equal(one, other), name
        assert one.dim() != 4 or one.is_contiguous(memory_format=torch.channels_last), name


def test_frozen_norms_use_their_running_statistics():
    model = network()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
    compiled = copy.deepcopy(model)
    compiled.compile(backend="aot_eager")
    y, z = model(x()), compiled(x())
    assert _near(y, z)
    assert all(torch.equal(a, b) for a, b in zip(model.buffers(), compiled.buffers(), strict=True))


def test_hooks_of_the_network_run_and_hooks_inside_are_refused():
    model = network()
    model.compile(backend="aot_eager")
    seen = []
    model.register_forward_hook(lambda _module, _inputs, output: seen.append(output.shape))
    y = model(x())
    assert seen == [y.shape]
    inside = network()
    inside.s1[0].conv1.register_forward_hook(lambda *_: None)
    with pytest.raises(ValueError, match=r"`s1.0.conv1` has hooks"):
        inside.compile(backend="aot_eager")


def test_a_second_backward_pass_fails_as_torchs_own_does_unless_the_graph_is_retained():
    model = network().train()
    model.compile(backend="aot_eager")
    loss = model(x()).square().sum()
    loss.backward(retain_graph=True)
    first = [p.grad.clone() for p in model.parameters()]
    loss.backward()
    assert all(_near(p.grad, 2 * grad) for p, grad in zip(model.parameters(), first, strict=True))
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_features_are_returned_and_their_gradients_masked():
    text = NETWORK.format(block="basic(4)", wider="basic(8)", shortcut="identity else zero_pad", more="tap s1, s2")
    assert_compiled_equals_eager(built(text), x())
    assert_compiled_equals_eager(built(text.replace("head  global_avgpool -> linear(5)", "")), x())


def test_other_sizes_of_batch_and_image_are_compiled_when_they_come():
    model, eager = network().eval(), network().eval()
    model.compile(backend="aot_eager")
    for shape in ((3, 3, 8, 8), (1, 3, 8, 8), (2, 3, 12, 10)):
        assert _near(model(batch(*shape)), eager(batch(*shape)))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_computes_in_its_type(dtype):
    model, eager = network().float().train(), network().float().train()
    model.compile(backend="aot_eager")
    results = []
    for module in (eager, model):
        with torch.autocast("cpu", dtype=dtype):
            y = module(x().float())
        y.float().sum().backward()
        results.append((y, module.s1[0].conv1.weight.grad, module.stem.bn.running_mean))
    for one, other in zip(*results, strict=True):
        assert one.dtype == other.dtype
        assert (one - other).abs().max() <= 0.05 * one.abs().max()


def _near(one, other):
    return (one - other).abs().max() <= 1e-10 * other.abs().max().clamp_min(1e-3)
