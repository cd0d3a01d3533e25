"""Weights begin as the papers say: the right deviation, the right constants, and nothing else touched."""

import json
import math

import pytest
import torch
from scipy.stats import chi2, kstest, norm, uniform
from torch import nn

from resdsl import Code, ResError, load
from resdsl.emit.python.file import emit
from resdsl.emit.python.initialise import INIT_RULES
from resdsl.emit.torch import build
from resdsl.ir.graph import Graph


def net(
    init="", stages="stage s1 : basic(32) * 2 stage s2 /2 : bottleneck(16) * 1", shortcut="identity else projection"
):
    return load(
        f'res 1 use "std.res" network net {{ input 3x8x8 stem conv(3x3, 32, bias = true) -> bn -> relu {stages} '
        f"head global_avgpool -> linear(300) shortcut {shortcut} {init} }}"
    )


def built(*arguments, **named):
    torch.manual_seed(0)
    return build(net(*arguments, **named))


ALPHA = 1e-6


def assert_normal(weight, std):
    """N(0, std²): the mean, the deviation and the whole distribution (Kolmogorov and Smirnov's test).

    Each fails for a right program once in a million seeds; the seeds are fixed.
    """
    values = weight.detach().double().flatten()
    n, square = len(values), (values / std).square().sum().item()
    assert 2 * norm.sf(abs(values.mean().item()) * n**0.5 / std) > ALPHA
    assert 2 * min(chi2.cdf(square, n), chi2.sf(square, n)) > ALPHA  # Σ (w / σ)² has the law of χ² with n degrees
    assert kstest(values.numpy(), norm(0, std).cdf).pvalue > ALPHA


def assert_uniform(weight, bound):
    """U(-bound, bound): nothing beyond, and the whole distribution, with the same chance of a false alarm."""
    values = weight.detach().double().flatten()
    assert values.abs().max() <= bound * (1 + 1e-6)
    assert kstest(values.numpy(), uniform(-bound, 2 * bound).cdf).pvalue > ALPHA


def convs(model):
    return [module for module in model.modules() if isinstance(module, nn.Conv2d)]


def test_he_fan_out_is_that_of_fb_resnet_torch():
    # models/resnet.lua: n = kW * kH * nOutputPlane; weight:normal(0, sqrt(2 / n)); batch norm 1 and 0; linear bias 0
    model = built("init he_fan_out")
    for conv in convs(model):
        assert_normal(conv.weight, math.sqrt(2 / (math.prod(conv.kernel_size) * conv.out_channels)))
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all()
            assert (module.bias == 0).all()
    assert (model.head.linear.bias == 0).all()
    assert (model.stem.conv.bias == 0).all()
    assert_uniform(model.head.linear.weight, 1 / math.sqrt(64))  # torch's own: the rule leaves it alone


def test_he_fan_in_is_that_of_wide_residual_networks():
    # utils.lua, MSRinit: n = kW * kH * nInputPlane; weight:normal(0, sqrt(2 / n))
    for conv in convs(built("init he_fan_in")):
        assert_normal(conv.weight, math.sqrt(2 / (math.prod(conv.kernel_size) * conv.in_channels)))


def test_xavier_is_uniform_with_the_mean_of_both_fans():
    model = built("init xavier")
    assert_uniform(model.head.linear.weight, math.sqrt(6 / (64 + 300)))
    for conv in convs(model):
        fans = math.prod(conv.kernel_size) * (conv.in_channels + conv.out_channels)
        assert_uniform(conv.weight, math.sqrt(6 / fans))


def test_normal_takes_its_deviation():
    model = built("init normal(0.02)")
    for weight in (*(conv.weight for conv in convs(model)), model.head.linear.weight):
        assert_normal(weight, 0.02)


def test_the_last_of_several_rules_for_one_kind_of_layer_holds():
    model = built("init he_fan_out, linear_normal(0.01)")
    assert_normal(model.head.linear.weight, 0.01)
    assert_normal(model.stem.conv.weight, math.sqrt(2 / (9 * 32)))


def test_linear_zero_bias_touches_nothing_else():
    model, plain = built("init linear_zero_bias"), built()
    assert (model.head.linear.bias == 0).all()
    for key, value in plain.state_dict().items():
        assert key == "head.linear.bias" or torch.equal(value, model.state_dict()[key])


@pytest.mark.parametrize("init", ["", "init torch"])
def test_torch_is_what_torch_does(init):
    model = built(init)
    torch.manual_seed(0)
    assert torch.equal(model.stem.conv.weight, nn.Conv2d(3, 32, 3).weight)
    assert "nn.init" not in emit(net(init))


@pytest.mark.parametrize(
    ("block", "zero"),
    [
        ("basic(32)", "bn2.weight"),
        ("bottleneck(8)", "bn3.weight"),
        ("se_basic(32, reduction = 2)", "bn2.weight"),
        ("preact_basic(32)", "conv2.weight"),
        ("basic_bn_after(32)", "conv2.weight"),
        ("basic_relu_before(32)", "bn2.weight"),
    ],
)
def test_zero_residual_makes_every_residual_branch_zero_at_first(block, zero):
    model = built("init he_fan_out, zero_residual", stages=f"stage s1 : {block} * 2").eval()
    state = model.state_dict()
    zeros = {
        key for key, value in state.items() if key.startswith("s1.0") and key.endswith("weight") and not value.any()
    }
    assert zeros == {f"s1.0.{zero}"}
    x = model.stem(torch.randn(2, 3, 8, 8))
    if "bn_after" not in block:
        assert torch.equal(model.s1(x), x)


def test_a_number_in_the_text_beats_every_rule():
    for init in ("", "init he_fan_out", "init normal(0.1), linear_zero_bias"):
        model = built(init, shortcut="gate(-6) else zero_pad")
        for name, parameter in model.named_parameters():
            if name.endswith("shortcut_conv.bias"):
                assert (parameter == -6).all()
    own = "stage s1 : basic(32) * 1 layers mid : conv(1x1, 32, bias = 0.25)"
    assert (built("init he_fan_out", stages=own).mid.conv.bias == 0.25).all()


def test_a_bias_without_a_number_keeps_what_torch_gives_it_where_no_rule_takes_it():
    own = "stage s1 : basic(32) * 1 layers mid : conv(1x1, 32, bias = 0)"
    model = built("init linear_zero_bias", stages=own)
    assert model.stem.conv.bias.any()
    assert not model.mid.conv.bias.any()


def test_weights_of_another_distribution_are_found():
    weight = torch.randn(4, 1000, generator=torch.Generator().manual_seed(0))
    assert_normal(weight, 1)
    for wrong in (weight + 0.2, weight * 1.2, torch.sign(weight)):
        with pytest.raises(AssertionError):
            assert_normal(wrong, 1)
    with pytest.raises(AssertionError):
        assert_uniform(weight.clamp(-1, 1), 1)


def test_grouped_convolutions_count_their_own_fans():
    model = built("init he_fan_out", stages="stage s1 : resnext(64, groups = 4, base = 64) * 1")
    conv = model.s1[0].conv2
    assert conv.groups == 4
    assert_normal(conv.weight, math.sqrt(2 / (9 * conv.out_channels)))


def test_an_unknown_rule_is_told_with_the_nearest():
    with pytest.raises(ResError, match="he_fanout") as caught:
        build(net("init he_fanout"))
    assert caught.value.diagnostics[0].code is Code.INIT_RULE
    assert "`he_fan_out`" in caught.value.diagnostics[0].help


@pytest.mark.parametrize(("init", "wanted"), [("normal", "one number"), ("he_fan_in(3)", "no number")])
def test_a_rule_with_the_wrong_numbers_is_told(init, wanted):
    with pytest.raises(ResError, match=wanted):
        build(net(f"init {init}"))


@pytest.mark.parametrize("name", INIT_RULES)
def test_every_rule_of_the_table_runs(name):
    arguments = "(0.1)" if INIT_RULES[name].n_arguments else ""
    assert built(f"init {name}{arguments}")(torch.randn(2, 3, 8, 8)).isfinite().all()


def test_a_deep_library_network_begins_with_activations_of_sound_size():
    torch.manual_seed(0)
    model = build(load("preresnet110")).train()
    y = model(torch.randn(16, 3, 32, 32))
    assert 1e-2 < y.std() < 1e2


def test_a_rule_of_a_graph_that_was_read_is_looked_at_before_anything_is_written():
    document = json.loads(net("init he_fan_out").to_json())
    document["init"] = [{"name": "he_fan", "arguments": []}, {"name": "normal", "arguments": []}]
    with pytest.raises(ResError) as raised:
        build(Graph.from_json(json.dumps(document)))
    messages = [(diagnostic.code, diagnostic.message) for diagnostic in raised.value.diagnostics]
    assert messages == [
        (Code.INIT_RULE, "there is no weight initialisation `he_fan`"),
        (Code.INIT_RULE, "`normal` takes one number; 0 are given"),
    ]
