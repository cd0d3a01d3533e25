"""The folded network computes what the network computes at evaluation; what could not be folded is left."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from torch.nn.utils.fusion import fuse_conv_bn_weights

from resdsl import load
from resdsl.compiler import library, read
from resdsl.emit.python.folded import emit_folded, folded_layers
from resdsl.passes.fold import fold
from tests.networks import NAME, networks
from tests.passes.families import SIZES, SMALL
from tests.passes.trained import assert_folds, assert_same, folded_module, images, outputs, trained


def network(text, name="net"):
    return load(f'res 1 use "std.res" network {name} {{ input 4x8x8 {text} }}')


def left(graph):
    """What is still there, at evaluation, of what only scales and shifts."""
    return sorted({str(node.op) for unit in fold(graph).graph.units for node in unit.nodes if node.op.constant()})


@pytest.mark.parametrize(
    ("layers", "stays"),
    [
        ("conv(3x3, 6) -> bn", []),
        ("conv(3x3, 6, bias = 0, groups = 2) -> bn -> relu -> conv(1x1, 6, groups = 3) -> bn", []),
        ("conv(3x3, 6) -> bn -> bn -> relu", []),
        ("conv(3x3, 6) -> relu -> bn -> relu", ["bn"]),
        ("bn -> conv(1x1, 6)", []),
        ("bn -> conv(1x1, 6, groups = 2)", []),
        ("bn -> conv(3x3, 6)", ["bn"]),
        ("bn -> conv(3x3, 6, padding = 0)", []),
        ("conv(3x3, 6) -> avgpool(/2) -> bn", []),
        ("conv(3x3, 6) -> avgpool(3x3, /2, padding = 1) -> bn", []),
        ("conv(3x3, 6) -> avgpool(3x3, /2, padding = 1, count_padding = true) -> bn", ["bn"]),
        ("conv(3x3, 6) -> subsample(/2) -> bn", []),
        ("bn -> avgpool(/2) -> conv(1x1, 6)", []),
        ("conv(3x3, 6) -> maxpool(2x2, /2) -> bn", ["bn"]),
        ("conv(3x3, 6) -> global_avgpool -> flatten -> bn -> linear(5) -> bn", []),
        ("conv(3x3, 6) -> flatten -> bn", ["bn"]),
        ("conv(3x3, 6) -> global_avgpool -> flatten -> sigmoid -> bn -> linear(5)", []),
        ("conv(3x3, 6) -> bn(affine = false) -> relu", []),
        ("conv(3x3, 6) -> dropout(0.5) -> bn -> spatial_dropout(0.1) -> relu", []),
        ("conv(3x3, 6) -> relu -> bernoulli(0.5)", []),
        ("conv(3x3, 6) -> maxpool(2x2, /2) -> maxout(2) -> relu -> bernoulli(0.5)", []),
        ("conv(3x3, 6) -> sigmoid -> bernoulli(0.5)", ["0.5 * x"]),
        ("conv(3x3, 6) -> sigmoid -> bernoulli(0.5) -> conv(3x3, 6)", []),
        ("conv(3x3, 6) -> sigmoid -> bernoulli(0.5) -> relu -> conv(3x3, 6)", []),
        ("conv(3x3, 6) -> pad_channels(9) -> bernoulli(0.5)", []),
        ("conv(3x3, 6) -> pad_channels(9) -> bn", ["bn"]),
        ("conv(3x3, 6) -> learned_scale(per = channel) -> relu", []),
        ("conv(3x3, 6) -> learned_scale(0.5, low = -1, high = 1)", []),
        ("conv(3x3, 6) -> relu -> learned_scale", ["learned_scale"]),
        ("conv(3x3, 6) -> relu -> learned_scale(0.5, low = 0.25)", []),
        ("conv(3x3, 6) -> groupnorm(2) -> relu -> bernoulli(0.5)", []),
        ("conv(3x3, 6) -> instancenorm -> bernoulli(0.5)", ["0.5 * x"]),
        ("conv(3x3, 6) -> prelu -> bernoulli(0.5) -> gelu -> conv(3x3, 6)", []),
    ],
)
def test_a_chain_folds_as_far_as_its_layers_allow(layers, stays):
    graph = network(f"stem {layers}")
    assert left(graph) == stays
    assert_folds(graph)


@pytest.mark.parametrize(
    ("statements", "stays"),
    [
        # the block orders of He et al. 2016b, Fig. 4; where a norm reads a sum that an identity is part of, it stays
        ("stage s : basic(4) * 2", []),
        ("stage s : basic_bn_after(4) * 2", ["bn"]),
        ("stage s : basic_bn_after(8) * 1 shortcut conv_shortcut", []),
        ("stage s : basic_bn_after(8) * 1 shortcut projection", []),
        ("stage s : basic_relu_before(4) * 2", []),
        ("stage s : relu_preact_basic(4) * 2", []),
        ("stage s : preact_basic(4) * 2", ["bn"]),
        ("stage s : pyramid_basic(4) * 2", ["bn"]),
        # shortcut kinds
        ("stage s /2 : basic(8) shortcut identity else zero_pad", []),
        ("stage s /2 : basic(8) shortcut identity else avg_projection", []),
        ("stage s : basic(4) shortcut scale(0.5)", ["0.5 * x"]),
        ("stage s : basic(4) shortcut scale(1, on_f = -0.5)", []),
        ("stage s : basic(8) shortcut scale(0.5) else projection", []),
        ("stage s : basic(4) shortcut gate(-1)", ["1 - x"]),
        ("stage s : basic(4) shortcut exclusive_gate(-1)", ["1 - x"]),
        ("stage s : basic(4) shortcut dropout_shortcut(0.5)", []),
        # the p_l of stochastic depth, for each manner
        ("stage s : basic(4) * 2 survive linear(0.5)", []),
        ("stage s : basic(4) * 2 survive linear(0.5), rescale = train", []),
        ("stage s : basic(4) * 2 survive linear(0.5), per = sample", []),
        ("stage s : basic_relu_before(4) * 2 survive linear(0.5)", []),
        ("stage s : se_basic(4, reduction = 2) * 2 survive linear(0.5)", ["learned_scale"]),
        ("stage s : basic(4) * 2 shortcut exclusive_gate(-1) survive linear(0.5)", ["1 - x"]),
        ("stage s : wide(4, rate = 0.3) * 2 survive uniform(0.25)", ["bn"]),
        ("stage s : elu_basic(4) * 2 act pelu survive uniform(0.25)", []),
        # junctions of links: all summands meet in one sum, each with its own norm
        ("stage s : basic(4) * 4 levels 3 via projection", []),
        ("stage s : basic(4) * 4 link a over each 2 via conv_shortcut link b over all via projection", []),
        ("stage s : basic(4) * 4 link a over each 2 via identity link b over all via scale(0.25)", ["0.25 * x"]),
        ("stage s : preact_basic(4) * 4 levels 3 via conv_shortcut survive linear(0.5)", ["bn"]),
        # features
        ("stage s : basic(4) * 2 stage t /2 : basic(8) shortcut identity else projection tap s, t", []),
    ],
)
def test_a_block_folds_whatever_its_order_its_shortcut_and_its_links(statements, stays):
    graph = network(f"stem conv(3x3, 4) -> bn -> relu {statements} head global_avgpool -> linear(5)")
    assert left(graph) == stays
    assert_folds(graph)


def test_a_norm_behind_a_sum_of_two_convolutions_goes_into_both_and_shifts_once():
    graph = network("stem conv(3x3, 4) stage s : basic_bn_after(8) shortcut conv_shortcut")
    recipe = {layer.name: layer for layer in folded_layers(fold(graph))}
    assert [kind for kind, *_ in recipe["s.0.conv2"].behind] == ["norm scale"]
    assert [kind for kind, *_ in recipe["s.0.shortcut_conv"].behind] == ["norm"]


def test_weights_are_those_of_torchs_own_fusion():
    graph = network("stem conv(3x3, 6, bias = 0) -> bn")
    model = trained(graph)
    ours = folded_module(graph, model).state_dict()
    conv, bn = model.stem.conv, model.stem.bn
    weight, bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    assert_same([ours["stem.conv.weight"], ours["stem.conv.bias"]], [weight.detach(), bias.detach()], 1e-14)


def test_a_schedule_that_was_moved_is_folded_as_it_stands():
    from resdsl.record import evolve

    graph = network("stem conv(3x3, 4) stage s : basic(4) * 3 survive linear(0.5)")
    model = trained(graph)
    model.set_survival(0.5)
    moved = evolve(
        graph,
        steps=tuple(evolve(step, survival=p) if p else step for step, p in zip(graph.steps, [None, *model.survival()])),
    )
    x = images(graph)
    assert_same(outputs(folded_module(moved, model), x), outputs(model, x))


@pytest.mark.parametrize("name", SMALL)
def test_every_family_of_the_library(name):
    assert_folds(load(name, **SMALL[name]), SIZES.get(name))


@given(networks(most_stages=3, most_blocks=2))
@settings(max_examples=25, deadline=None)
def test_any_network(text):
    assert_folds(load(text, NAME))


@pytest.mark.slow
@pytest.mark.parametrize("name", [found.definition.name for path in library() for found in read(path).networks()])
def test_every_network_of_the_library(name):
    graph = load(name)
    assert_folds(graph, 64 if graph.input.spatial == (224, 224) and name != "vgg19" else None)


def test_equal_blocks_stay_equal_and_a_thousand_layers_fold_at_once():
    graph = load("pre_ror3_1202_sd")
    folded = fold(graph)
    assert len(folded.graph.units) == len(graph.units)
    assert folded.graph.survival is None
    assert all(step.survival is None for step in folded.graph.steps)


def test_the_file_makes_its_weights_without_resdsl(tmp_path):
    graph = load("resnet_cifar_sd", depth=8)
    file = emit_folded(fold(graph))
    (tmp_path / "net.py").write_text(file.text, encoding="utf-8")
    model, x = trained(graph), images(graph)
    torch.save({"state": model.state_dict(), "x": x, "y": model(x)}, tmp_path / "trained.pt")
    program = f"""
import sys
sys.modules["resdsl"] = None
import torch
import net
given = torch.load("trained.pt")
model = net.{file.class_name}().double().eval()
model.load_state_dict(net.fold(given["state"]))
assert (model(given["x"]) - given["y"]).abs().max() < 1e-12 * given["y"].abs().max()
"""
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
