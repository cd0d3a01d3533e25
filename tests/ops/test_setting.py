"""What a setting takes, what it makes of it, and what it says to anything else."""

import pytest

from resdsl.ops import OPS, REQUIRED, Avgpool, Conv, Elu, LearnedScale, Linear, Maxpool, Setting, SettingError, resolve

KERNEL = Setting("kernel", "kernel")
STRIDE = Setting("stride", "stride", default=1)
PADDING = Setting("padding", "padding", default=None)
BIAS = Setting("bias", "bias", default=False)

TAKES = [
    (KERNEL, 3, 2, (3, 3)),
    (KERNEL, 3, 1, (3,)),
    (KERNEL, (3, 1), 2, (3, 1)),
    (STRIDE, 2, 3, (2, 2, 2)),
    (PADDING, 0, 2, (0, 0)),
    (PADDING, None, 2, ()),
    (Setting("channels", "channels"), 64, 2, 64),
    (Setting("whole", "whole"), 0, 2, 0),
    (Setting("eps", "number"), 1, 2, 1.0),
    (Setting("low", "number", default=None), None, 2, None),
    (Setting("rate", "probability"), 0.5, 2, 0.5),
    (Setting("rate", "probability"), 1, 2, 1.0),
    (Setting("ceil", "flag"), True, 2, True),
    (BIAS, False, 2, None),
    (BIAS, True, 2, "default"),
    (BIAS, 0, 2, 0.0),
    (BIAS, -6, 2, -6.0),
    (Setting("per", "word", choices=("scalar", "channel")), "channel", 2, "channel"),
]


@pytest.mark.parametrize(("setting", "value", "rank", "expected"), TAKES)
def test_a_value_becomes_what_the_field_holds(setting, value, rank, expected):
    resolved = resolve(setting, value, rank)
    assert resolved == expected
    assert type(resolved) is type(expected)


@pytest.mark.parametrize(
    ("setting", "rank", "resolved"), [(case[0], case[2], case[3]) for case in TAKES if case[3] != ()]
)
def test_resolving_what_is_resolved_changes_nothing(setting, rank, resolved):
    assert resolve(setting, resolved, rank) == resolved


REFUSES = [
    (KERNEL, (3, 3), 1, "`kernel` has 2 dimensions in `3x3`; the input has 1"),
    (KERNEL, (3,), 2, "`kernel` has 1 dimension in `3`; the input has 2"),
    (KERNEL, 0, 2, "`kernel` takes whole numbers from 1; got `0`"),
    (KERNEL, (3, -1), 2, "`kernel` takes whole numbers from 1; got `3x-1`"),
    (KERNEL, True, 2, "`kernel` takes a whole number from 1 or a size such as `3x3`; got `true`"),
    (KERNEL, 2.5, 2, "`kernel` takes a whole number from 1 or a size such as `3x3`; got `2.5`"),
    (KERNEL, None, 2, "`kernel` takes a whole number from 1 or a size such as `3x3`; got nothing"),
    (STRIDE, 0, 2, "`stride` takes whole numbers from 1; got `0`"),
    (PADDING, -1, 2, "`padding` takes whole numbers from 0; got `-1`"),
    (PADDING, "same", 2, '`padding` takes a whole number from 0 or a size such as `3x3`; got `"same"`'),
    (Setting("channels", "channels"), 0, 2, "`channels` takes a whole number from 1; got `0`"),
    (Setting("channels", "channels"), 64.0, 2, "`channels` takes a whole number from 1; got `64.0`"),
    (Setting("channels", "channels"), True, 2, "`channels` takes a whole number from 1; got `true`"),
    (Setting("channels", "channels"), (3, 3), 2, "`channels` takes a whole number from 1; got `3x3`"),
    (Setting("whole", "whole"), -1, 2, "`whole` takes a whole number from 0; got `-1`"),
    (Setting("eps", "number"), "small", 2, '`eps` takes a number; got `"small"`'),
    (Setting("eps", "number"), True, 2, "`eps` takes a number; got `true`"),
    (Setting("eps", "number"), float("inf"), 2, "`eps` takes a number; got `inf`"),
    (Setting("eps", "number"), float("nan"), 2, "`eps` takes a number; got `nan`"),
    (Setting("rate", "probability"), 1.5, 2, "`rate` takes a probability, from 0 to 1; got `1.5`"),
    (Setting("rate", "probability"), -1, 2, "`rate` takes a probability, from 0 to 1; got `-1`"),
    (Setting("ceil", "flag"), 1, 2, "`ceil` takes `true` or `false`; got `1`"),
    (BIAS, "yes", 2, '`bias` takes `true`, `false` or the number that the bias is initialised with; got `"yes"`'),
    (BIAS, float("inf"), 2, "`bias` takes `true`, `false` or the number that the bias is initialised with; got `inf`"),
    (
        Setting("per", "word", choices=("scalar", "channel")),
        "pixel",
        2,
        "`per` takes `scalar` or `channel`; got `pixel`",
    ),
]


@pytest.mark.parametrize(("setting", "value", "rank", "message"), REFUSES, ids=[case[3] for case in REFUSES])
def test_a_refusal_says_what_is_wanted_and_what_was_found(setting, value, rank, message):
    with pytest.raises(SettingError) as refused:
        resolve(setting, value, rank)
    assert refused.value.message == message
    assert refused.value.setting == setting.name


def test_a_setting_is_required_unless_it_has_a_default_even_none():
    assert KERNEL.default is REQUIRED
    assert KERNEL.is_required
    assert not PADDING.is_required


MAKES = [
    ("conv", {"channels": 8}, "kernel", "`conv` needs `kernel`"),
    ("conv", {"kernel": 3, "channels": 8, "width": 8}, "width", "`conv` has no setting `width`"),
    ("avgpool", {}, "kernel", "`avgpool` needs a kernel or a stride: `avgpool(3x3)`, `avgpool(/2)`"),
    ("learned_scale", {"low": 2, "high": 1}, "low", "`low = 2` is above `high = 1`"),
    ("learned_scale", {"init": 3, "high": 1}, "init", "`init = 3` is above `high = 1`"),
    ("learned_scale", {"init": -3, "low": -1}, "low", "`low = -1` is above `init = -3`"),
]


@pytest.mark.parametrize(("layer", "values", "setting", "message"), MAKES, ids=[case[3] for case in MAKES])
def test_settings_that_do_not_go_together_are_refused(layer, values, setting, message):
    with pytest.raises(SettingError) as refused:
        OPS[layer].make(values, 2)
    assert (refused.value.setting, refused.value.message) == (setting, message)


PRINTS = [
    (Conv((3, 3), 64), "conv(3x3, 64)"),
    (Conv((7, 7), 64, (2, 2)), "conv(7x7, 64, /2)"),
    (Conv((3,), 64, (2,)), "conv(3, 64, /2)"),
    (Conv((3, 1), 64, (2, 1)), "conv(3x1, 64, /2x1)"),
    (Conv((3, 3), 64, groups=32, padding=(0, 0)), "conv(3x3, 64, groups = 32, padding = 0)"),
    (Conv((3, 3), 64, bias=0.0), "conv(3x3, 64, bias = 0)"),
    (Conv((3, 3), 64, bias="default"), "conv(3x3, 64, bias = true)"),
    (Linear(10), "linear(10)"),
    (Linear(10, bias=None), "linear(10, bias = false)"),
    (Maxpool((3, 3), (2, 2)), "maxpool(3x3, /2)"),
    (Avgpool(stride=(2, 2)), "avgpool(/2)"),
    (Avgpool(kernel=(3, 3)), "avgpool(3x3)"),
    (Avgpool(kernel=(1, 1)), "avgpool(/1)"),
    (Elu(), "elu"),
    (Elu(0.5), "elu(0.5)"),
    (LearnedScale(0.0, low=-1.0, high=1.0), "learned_scale(0, low = -1, high = 1)"),
    (LearnedScale(1e-6, "channel"), "learned_scale(1e-06, per = channel)"),
]


@pytest.mark.parametrize(("layer", "text"), PRINTS, ids=[case[1] for case in PRINTS])
def test_a_layer_prints_as_a_person_writes_it(layer, text):
    assert str(layer) == text


def test_padding_is_that_of_an_odd_kernel_unless_said():
    assert Conv((3, 5), 8).padding == (1, 2)
    assert Conv((3, 3), 8, dilation=(2, 2)).padding == (2, 2)
    assert Conv((2, 2), 8).padding == (0, 0)
    assert Maxpool((3, 3)).padding == (1, 1)
    assert Avgpool((3, 3)).padding == (0, 0)


def test_an_average_pool_is_as_wide_as_its_stride_unless_said():
    assert Avgpool(stride=(2, 3)).kernel == (2, 3)
    assert Avgpool((3, 3)).stride == (1, 1)
