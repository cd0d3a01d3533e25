"""Every block of the library as the equation of its paper, in plain tensor arithmetic.

`block(x, w, name, t, stride, shortcut)`: x enters; w has the weights, by the block's name; t tells whether it trains;
`shortcut(x, f, w, name, t, stride)` is the equation of the junction.
"""

from functools import partial

from tests.reference.tensors import bn, conv, keep, relu, sigmoid

# ---------------------------------------------------------------- two convolutions: He et al. 2016b, Fig. 4, and others


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
    return shortcut(h if name == FIRST or changes(x, f) else x, f, w, name, t, stride)


def preact_basic(x, w, name, t, stride, shortcut, shared=""):
    h = relu(bn(x, w, f"{name}.bn1", t))
    f = conv(relu(bn(conv(h, w, f"{name}.conv1", stride), w, f"{name}.bn2", t)), w, f"{name}.conv2")
    return shortcut(h if name == shared or changes(x, f) else x, f, w, name, t, stride)


def raw_basic(x, w, name, t, stride, shortcut):
    f = conv(relu(bn(x, w, f"{name}.bn1", t)), w, f"{name}.conv1", stride)
    f = conv(relu(bn(f, w, f"{name}.bn2", t)), w, f"{name}.conv2")
    return shortcut(x, f, w, name, t, stride)


def first_basic(x, w, name, t, stride, shortcut):
    f = conv(relu(bn(conv(x, w, f"{name}.conv1", stride), w, f"{name}.bn", t)), w, f"{name}.conv2")
    return shortcut(x, f, w, name, t, stride)


def wide(x, w, name, t, stride, shortcut):
    h = relu(bn(x, w, f"{name}.bn1", t))
    f = relu(bn(conv(h, w, f"{name}.conv1", stride), w, f"{name}.bn2", t))
    f = conv(f * keep(f, 0.75, f"{name}.dropout") / 0.75 if t else f, w, f"{name}.conv2")
    return shortcut(h if changes(x, f) else x, f, w, name, t, stride)


def se_basic(x, w, name, t, stride, shortcut):
    f = relu(bn(conv(x, w, f"{name}.conv1", stride), w, f"{name}.bn1", t))
    f = squeeze_excite(bn(conv(f, w, f"{name}.conv2"), w, f"{name}.bn2", t), w, name)
    return relu(shortcut(x, f, w, name, t, stride))


def elu_basic(x, w, name, t, stride, shortcut):
    f = conv(relu(conv(x, w, f"{name}.conv1", stride)), w, f"{name}.conv2")  # its act is the network's own, here ReLU
    return shortcut(x, bn(f, w, f"{name}.bn", t), w, name, t, stride)


def pyramid_basic(x, w, name, t, stride, shortcut):
    f = conv(bn(x, w, f"{name}.bn1", t), w, f"{name}.conv1", stride)
    f = conv(relu(bn(f, w, f"{name}.bn2", t)), w, f"{name}.conv2")
    return shortcut(x, bn(f, w, f"{name}.bn3", t), w, name, t, stride)


def highway(x, w, name, t, stride, shortcut):
    return shortcut(x, relu(conv(x, w, f"{name}.conv", stride)), w, name, t, stride)


# ---------------------------------------------------------------- three convolutions; `on` is the one with the stride


def bottleneck(x, w, name, t, stride, shortcut, on=2, groups=1):
    f = relu(bn(conv(x, w, f"{name}.conv1", at(1, on, stride)), w, f"{name}.bn1", t))
    f = relu(bn(conv(f, w, f"{name}.conv2", at(2, on, stride), groups), w, f"{name}.bn2", t))
    f = bn(conv(f, w, f"{name}.conv3"), w, f"{name}.bn3", t)
    return relu(shortcut(x, f, w, name, t, stride))


def se_bottleneck(x, w, name, t, stride, shortcut, on=2, groups=1):
    def gated(x, f, *rest):
        return shortcut(x, squeeze_excite(f, w, name), *rest)

    return bottleneck(x, w, name, t, stride, gated, on, groups)


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
    return shortcut(h if name == FIRST or changes(x, f) else x, f, w, name, t, stride)


def preact_bottleneck(x, w, name, t, stride, shortcut, on=2):
    h = relu(bn(x, w, f"{name}.bn1", t))
    f = conv(h, w, f"{name}.conv1", at(1, on, stride))
    f = conv(relu(bn(f, w, f"{name}.bn2", t)), w, f"{name}.conv2", at(2, on, stride))
    f = conv(relu(bn(f, w, f"{name}.bn3", t)), w, f"{name}.conv3")
    return shortcut(h if changes(x, f) else x, f, w, name, t, stride)


def first_bottleneck(x, w, name, t, stride, shortcut):
    f = relu(bn(conv(x, w, f"{name}.conv1"), w, f"{name}.bn1", t))
    f = conv(relu(bn(conv(f, w, f"{name}.conv2", stride), w, f"{name}.bn2", t)), w, f"{name}.conv3")
    return shortcut(x, f, w, name, t, stride)


def pyramid_bottleneck(x, w, name, t, stride, shortcut):
    f = conv(bn(x, w, f"{name}.bn1", t), w, f"{name}.conv1")
    f = conv(relu(bn(f, w, f"{name}.bn2", t)), w, f"{name}.conv2", stride)
    f = conv(relu(bn(f, w, f"{name}.bn3", t)), w, f"{name}.conv3")
    return shortcut(x, bn(f, w, f"{name}.bn4", t), w, name, t, stride)


# ---------------------------------------------------------------- what they share

FIRST = "s1.0"
"""The first block of the network: where `shared = first` gives its pre-activation to the shortcut."""


def changes(x, f):
    """Whether the shape changes, so that the shortcut takes what is activated (He et al. 2016b, appendix)."""
    return x.shape != f.shape


def at(place, on, stride):
    """The stride of one of the convolutions."""
    return stride if place == on else 1


def squeeze_excite(f, w, name):
    """σ(W₂ relu(W₁ mean(f))) · f: Hu et al. 2017, eq. 2 to 4."""
    g = relu(conv(f.mean((2, 3), keepdim=True), w, f"{name}.squeeze_excite_conv1"))
    return sigmoid(conv(g, w, f"{name}.squeeze_excite_conv2")) * f


BLOCKS = {
    "basic(4)": basic,
    "basic_bn_after(4)": basic_bn_after,
    "basic_relu_before(4)": basic_relu_before,
    "relu_preact_basic(4)": relu_preact_basic,
    "preact_basic(4)": preact_basic,
    "wide(4, rate = 0.25)": wide,
    "se_basic(4, reduction = 2)": se_basic,
    "elu_basic(4)": elu_basic,
    "weighted_basic(4)": basic_relu_before,
    "pyramid_basic(4)": pyramid_basic,
    "bottleneck(2)": bottleneck,
    "bottleneck(2, groups = 2, inner = 4)": partial(bottleneck, groups=2),
    "bottleneck_v1(2)": partial(bottleneck, on=1),
    "bottleneck_bn_after(2)": bottleneck_bn_after,
    "bottleneck_relu_before(2)": bottleneck_relu_before,
    "relu_preact_bottleneck(2)": relu_preact_bottleneck,
    "preact_bottleneck(2)": preact_bottleneck,
    "preact_bottleneck_v1(2)": partial(preact_bottleneck, on=1),
    "resnext(4, groups = 2, base = 32)": partial(bottleneck, groups=2),
    "se_bottleneck(2, reduction = 2)": se_bottleneck,
    "se_resnext(4, groups = 2, base = 32, reduction = 2)": partial(se_bottleneck, groups=2),
    "pyramid_bottleneck(2)": pyramid_bottleneck,
    # those that one network of the library has for itself
    "preact_unit(4)": partial(preact_basic, shared=FIRST),
    "raw_basic(4)": raw_basic,
    "first_basic(4)": first_basic,
    "first_bottleneck(2)": first_bottleneck,
    "se_bottleneck_v1(2, reduction = 2)": partial(se_bottleneck, on=1),
    "senet154_block(32, reduction = 64)": partial(se_bottleneck, groups=64),
    "swapout_basic(4)": basic,
}
"""The equation of a block by its call; twice its first argument makes the wider one."""
