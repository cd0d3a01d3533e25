"""Every block order and every shortcut kind computes the equation of its paper, forward and backward."""

# ruff: noqa: ARG001, ARG005  all equations have one signature

import pytest
import torch

from tests.reference.compare import assert_equal, batch, built
from tests.reference.tensors import average, bn, conv, pad, pool_and_classify, relu, sigmoid, subsample

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
}}
"""


def network(block, wider, shortcut):
    return built(NETWORK.format(block=block, wider=wider, shortcut=shortcut))


def reference(block, shortcut=None, last=lambda x, w, t: x):
    """The network in plain arithmetic: `block(x, w, name, t, stride, shortcut)` is the equation of one block."""

    def forward(x, w, t):
        x = relu(bn(conv(x, w, "stem.conv"), w, "stem.bn", t))
        for name, stride in (("s1.0", 1), ("s1.1", 1), ("s2.0", 2), ("s2.1", 1)):
            x = block(x, w, name, t, stride, shortcut)
        return pool_and_classify(last(x, w, t), w)

    return forward


# ---------------------------------------------------------------- shortcuts: what is added to f, from x (and f)


def zero_pad(x, f, w, name, t, stride):
    return pad(subsample(x, stride), f.shape[1]) + f


def avg_zero_pad(x, f, w, name, t, stride):
    return pad(average(x, stride), f.shape[1]) + f


def projection(x, f, w, name, t, stride):
    if x.shape == f.shape:
        return x + f
    return bn(conv(x, w, f"{name}.shortcut_conv", stride), w, f"{name}.shortcut_bn", t) + f


def projection_everywhere(x, f, w, name, t, stride):
    return bn(conv(x, w, f"{name}.shortcut_conv", stride), w, f"{name}.shortcut_bn", t) + f


def conv_shortcut(x, f, w, name, t, stride):
    return x + f if x.shape == f.shape else conv(x, w, f"{name}.shortcut_conv", stride) + f


def avg_projection(x, f, w, name, t, stride):
    if x.shape == f.shape:
        return x + f
    return bn(conv(average(x, stride), w, f"{name}.shortcut_conv"), w, f"{name}.shortcut_bn", t) + f


def none(x, f, w, name, t, stride):
    return f


def scale_half(x, f, w, name, t, stride):
    return 0.5 * pad(subsample(x, stride), f.shape[1]) + 0.5 * f


def gate(x, f, w, name, t, stride):
    g = sigmoid(conv(x, w, f"{name}.shortcut_conv", stride))
    return (1 - g) * pad(subsample(x, stride), f.shape[1]) + f


def exclusive_gate(x, f, w, name, t, stride):
    g = sigmoid(conv(x, w, f"{name}.shortcut_conv", stride))
    return (1 - g) * pad(subsample(x, stride), f.shape[1]) + g * f


def weighted(x, f, w, name, t, stride):
    return pad(subsample(x, stride), f.shape[1]) + w[f"{name}.shortcut_scale.weight"].clamp(-1, 1) * f


# ---------------------------------------------------------------- block orders: He et al. 2016b, Fig. 4


def basic(x, w, name, t, stride, shortcut):
    f = relu(bn(conv(x, w, f"{name}.conv1", stride), w, f"{name}.bn1", t))
    f = bn(conv(f, w, f"{name}.conv2"), w, f"{name}.bn2", t)
    return relu(shortcut(x, f, w, name, t, stride))


def basic_bn_after(x, w, name, t, stride, shortcut):
    f = relu(bn(conv(x, w, f"{name}.conv1", stride), w, f"{name}.bn1", t))
    f = conv(f, w, f"{name}.conv2")
    return relu(bn(shortcut(x, f, w, name, t, stride), w, f"{name}.bn2", t))


def basic_relu_before(x, w, name, t, stride, shortcut):
    f = relu(bn(conv(x, w, f"{name}.conv1", stride), w, f"{name}.bn1", t))
    f = relu(bn(conv(f, w, f"{name}.conv2"), w, f"{name}.bn2", t))
    return shortcut(x, f, w, name, t, stride)


def relu_preact_basic(x, w, name, t, stride, shortcut):
    h = relu(x)
    f = relu(bn(conv(h, w, f"{name}.conv1", stride), w, f"{name}.bn1", t))
    f = bn(conv(f, w, f"{name}.conv2"), w, f"{name}.bn2", t)
    is_shared = name == "s1.0" or stride > 1
    return shortcut(h if is_shared else x, f, w, name, t, stride)


def preact_basic(x, w, name, t, stride, shortcut):
    h = relu(bn(x, w, f"{name}.bn1", t))
    f = conv(relu(bn(conv(h, w, f"{name}.conv1", stride), w, f"{name}.bn2", t)), w, f"{name}.conv2")
    return shortcut(h if stride > 1 else x, f, w, name, t, stride)


def bottleneck(x, w, name, t, stride, shortcut, first_stride=1):
    f = relu(bn(conv(x, w, f"{name}.conv1", first_stride), w, f"{name}.bn1", t))
    f = relu(bn(conv(f, w, f"{name}.conv2", stride // first_stride), w, f"{name}.bn2", t))
    f = bn(conv(f, w, f"{name}.conv3"), w, f"{name}.bn3", t)
    return relu(shortcut(x, f, w, name, t, stride))


def bottleneck_v1(x, w, name, t, stride, shortcut):
    return bottleneck(x, w, name, t, stride, shortcut, first_stride=stride)


def preact_bottleneck(x, w, name, t, stride, shortcut):
    h = relu(bn(x, w, f"{name}.bn1", t))
    f = conv(h, w, f"{name}.conv1")
    f = conv(relu(bn(f, w, f"{name}.bn2", t)), w, f"{name}.conv2", stride)
    f = conv(relu(bn(f, w, f"{name}.bn3", t)), w, f"{name}.conv3")
    return shortcut(h if x.shape[1] != f.shape[1] else x, f, w, name, t, stride)


def resnext(x, w, name, t, stride, shortcut):
    f = relu(bn(conv(x, w, f"{name}.conv1"), w, f"{name}.bn1", t))
    f = relu(bn(conv(f, w, f"{name}.conv2", stride, groups=2), w, f"{name}.bn2", t))
    f = bn(conv(f, w, f"{name}.conv3"), w, f"{name}.bn3", t)
    return relu(shortcut(x, f, w, name, t, stride))


def se_basic(x, w, name, t, stride, shortcut):
    f = relu(bn(conv(x, w, f"{name}.conv1", stride), w, f"{name}.bn1", t))
    f = bn(conv(f, w, f"{name}.conv2"), w, f"{name}.bn2", t)
    g = relu(conv(f.mean((2, 3), keepdim=True), w, f"{name}.squeeze_excite_conv1"))
    f = sigmoid(conv(g, w, f"{name}.squeeze_excite_conv2")) * f
    return relu(shortcut(x, f, w, name, t, stride))


def bottleneck_bn_after(x, w, name, t, stride, shortcut):
    f = relu(bn(conv(x, w, f"{name}.conv1", stride), w, f"{name}.bn1", t))
    f = conv(relu(bn(conv(f, w, f"{name}.conv2"), w, f"{name}.bn2", t)), w, f"{name}.conv3")
    return relu(bn(shortcut(x, f, w, name, t, stride), w, f"{name}.bn3", t))


def bottleneck_relu_before(x, w, name, t, stride, shortcut):
    f = relu(bn(conv(x, w, f"{name}.conv1", stride), w, f"{name}.bn1", t))
    f = relu(bn(conv(f, w, f"{name}.conv2"), w, f"{name}.bn2", t))
    f = relu(bn(conv(f, w, f"{name}.conv3"), w, f"{name}.bn3", t))
    return shortcut(x, f, w, name, t, stride)


def relu_preact_bottleneck(x, w, name, t, stride, shortcut):
    h = relu(x)
    f = relu(bn(conv(h, w, f"{name}.conv1", stride), w, f"{name}.bn1", t))
    f = relu(bn(conv(f, w, f"{name}.conv2"), w, f"{name}.bn2", t))
    f = bn(conv(f, w, f"{name}.conv3"), w, f"{name}.bn3", t)
    return shortcut(h if name == "s1.0" or x.shape[1] != f.shape[1] else x, f, w, name, t, stride)


def pyramid_basic(x, w, name, t, stride, shortcut):
    f = conv(bn(x, w, f"{name}.bn1", t), w, f"{name}.conv1", stride)
    f = conv(relu(bn(f, w, f"{name}.bn2", t)), w, f"{name}.conv2")
    return shortcut(x, bn(f, w, f"{name}.bn3", t), w, name, t, stride)


def elu_basic(x, w, name, t, stride, shortcut):
    f = conv(relu(conv(x, w, f"{name}.conv1", stride)), w, f"{name}.conv2")  # its act is the network's own, here ReLU
    return shortcut(x, bn(f, w, f"{name}.bn", t), w, name, t, stride)


ORDERS = {
    "basic": basic,
    "basic_bn_after": basic_bn_after,
    "basic_relu_before": basic_relu_before,
    "relu_preact_basic": relu_preact_basic,
    "preact_basic": preact_basic,
    "elu_basic": elu_basic,
    "pyramid_basic": pyramid_basic,
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("shortcut", "equation"),
    [
        ("identity else zero_pad", zero_pad),
        ("identity else projection", projection),
        ("identity else conv_shortcut", conv_shortcut),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_block_of_two_convolutions_is_its_order_of_the_paper(order, shortcut, equation):
    model = network(f"{order}(4)", f"{order}(8)", shortcut)
    assert_equal(model, reference(ORDERS[order], equation), batch(3, 3, 8, 8))


@pytest.mark.parametrize(
    ("block", "wider", "equation"),
    [
        ("bottleneck(2)", "bottleneck(4)", bottleneck),
        ("bottleneck_v1(2)", "bottleneck_v1(4)", bottleneck_v1),
        ("bottleneck_bn_after(2)", "bottleneck_bn_after(4)", bottleneck_bn_after),
        ("bottleneck_relu_before(2)", "bottleneck_relu_before(4)", bottleneck_relu_before),
        ("relu_preact_bottleneck(2)", "relu_preact_bottleneck(4)", relu_preact_bottleneck),
        ("preact_bottleneck(2)", "preact_bottleneck(4)", preact_bottleneck),
        ("resnext(8, groups = 2, base = 16)", "resnext(8, groups = 2, base = 16)", resnext),
    ],
    ids=lambda value: value.partition("(")[0] if isinstance(value, str) else "",
)
def test_a_block_of_three_convolutions_is_that_of_its_paper(block, wider, equation):
    model = network(block, wider, "identity else projection")
    assert_equal(model, reference(equation, projection), batch(3, 3, 8, 8))


def test_squeeze_and_excitation_gates_each_channel_of_the_branch():
    model = network("se_basic(4, reduction = 2)", "se_basic(8, reduction = 2)", "identity else zero_pad")
    assert_equal(model, reference(se_basic, zero_pad), batch(3, 3, 8, 8))


@pytest.mark.parametrize(
    ("shortcut", "equation"),
    [
        ("identity else avg_zero_pad", avg_zero_pad),
        ("projection", projection_everywhere),
        ("identity else avg_projection", avg_projection),
        ("none", none),
        ("scale(0.5, on_f = 0.5) else zero_pad", scale_half),
        ("gate(-6) else zero_pad", gate),
        ("exclusive_gate(-6) else zero_pad", exclusive_gate),
        ("weighted else zero_pad", weighted),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_shortcut_kind_is_its_equation(shortcut, equation):
    model = network("basic(4)", "basic(8)", shortcut)
    assert_equal(model, reference(basic, equation), batch(3, 3, 8, 8))


def keep(x, p):
    """A mask of zeros and ones, ones with probability p, from torch's default generator."""
    return torch.empty(x.shape, dtype=x.dtype).bernoulli_(p)  # in row order, however x lies in memory


def test_dropout_on_the_shortcut_leaves_f_whole():
    model = network("basic(4)", "basic(8)", "dropout_shortcut(0.25) else zero_pad")

    def equation(x, f, w, name, t, stride):
        x = pad(subsample(x, stride), f.shape[1])
        return (x * keep(x, 0.75) / 0.75 if t else x) + f

    def forward(x, w, t):
        torch.manual_seed(5)
        return reference(basic, equation)(x, w, t)

    model.register_forward_pre_hook(lambda *_: torch.manual_seed(5) and None)
    assert_equal(model, forward, batch(3, 3, 8, 8))


def test_the_wide_block_drops_between_its_convolutions():
    model = network("wide(4, rate = 0.25)", "wide(8, rate = 0.25)", "identity else conv_shortcut")

    def equation(x, w, name, t, stride, shortcut):
        h = relu(bn(x, w, f"{name}.bn1", t))
        f = relu(bn(conv(h, w, f"{name}.conv1", stride), w, f"{name}.bn2", t))
        f = conv(f * keep(f, 0.75) / 0.75 if t else f, w, f"{name}.conv2")
        return shortcut(h if stride > 1 else x, f, w, name, t, stride)

    def forward(x, w, t):
        torch.manual_seed(5)
        return reference(equation, conv_shortcut)(x, w, t)

    model.register_forward_pre_hook(lambda *_: torch.manual_seed(5) and None)
    assert_equal(model, forward, batch(3, 3, 8, 8))
