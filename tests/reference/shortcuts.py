"""Every shortcut kind of the library as its equation: what is added to f, from x and f, in plain tensor arithmetic.

`place` begins the names of the weights: `s1.0.shortcut`; `s1.2.middle` where a link named `middle` ends.
"""

# ruff: noqa: ARG001  all equations have one signature

from tests.reference.tensors import average, bn, conv, keep, pad, sigmoid, subsample

# ---------------------------------------------------------------- what changes the shape of x: h(x) of h(x) + f


def zero_pad(x, f, w, place, t, stride):
    return pad(subsample(x, stride), f.shape[1])


def avg_zero_pad(x, f, w, place, t, stride):
    return pad(average(x, stride), f.shape[1])


def projection(x, f, w, place, t, stride):
    return bn(_conv(x, w, place, stride), w, f"{place}_bn", t)


def conv_shortcut(x, f, w, place, t, stride):
    return _conv(x, w, place, stride)


def avg_projection(x, f, w, place, t, stride):
    return projection(average(x, stride), f, w, place, t, 1)


CHANGES = {
    "zero_pad": zero_pad,
    "avg_zero_pad": avg_zero_pad,
    "projection": projection,
    "conv_shortcut": conv_shortcut,
    "avg_projection": avg_projection,
    "projection_3x3": projection,  # one form of equation: the kernel is the weight's
}
"""h(x) by the name of the kind; `A` alone has it around every block."""


def _conv(x, w, place, stride):
    """The convolution of the kind that changes the shape; where a gate has one too, theirs are numbered."""
    first = f"{place}_conv"
    return conv(x, w, first if f"{first}.weight" in w else f"{first}1", stride)


# ---------------------------------------------------------------- what is made of h and f; h is x where the shape stays


def identity(x, h, f, w, place, t, stride):
    return h + f


def scale(x, h, f, w, place, t, stride):
    return 0.75 * h + 0.5 * f


def gate(x, h, f, w, place, t, stride):
    return (1 - _gate(x, w, place, stride)) * h + f


def exclusive_gate(x, h, f, w, place, t, stride):
    g = _gate(x, w, place, stride)
    return (1 - g) * h + g * f


def carry(x, h, f, w, place, t, stride):
    """Its 3x3 convolution has no stride: where the block has one, what stands in for x goes through it."""
    return exclusive_gate(x if stride == 1 else h, h, f, w, place, t, 1)


def dropout_shortcut(x, h, f, w, place, t, stride):
    return (h * keep(h, 0.75, f"{place}_dropout") / 0.75 if t else h) + f


def weighted(x, h, f, w, place, t, stride):
    return h + w[f"{place}_scale.weight"].clamp(-1, 1) * f


def swapout(x, h, f, w, place, t, stride):
    if not t:
        return 0.25 * h + 0.75 * f
    on_x, on_f = keep(h, 0.25, f"{place}_bernoulli1"), keep(f, 0.75, f"{place}_bernoulli2")
    return on_x * h + on_f * f


KEEPS = {
    "identity": identity,
    "scale(0.75, on_f = 0.5)": scale,
    "gate(-6)": gate,
    "exclusive_gate(-6)": exclusive_gate,
    "dropout_shortcut(0.25)": dropout_shortcut,
    "weighted": weighted,
    "carry(-2)": carry,
    "swapout(0.25, 0.75)": swapout,
}
"""y by the kind that says what becomes of an x of the right shape."""


def _gate(x, w, place, stride):
    """σ of a convolution of x as it enters, whatever stands in for it."""
    first = f"{place}_conv"
    return sigmoid(conv(x, w, first if f"{first}.weight" in w else f"{first}2", stride))


# ---------------------------------------------------------------- the statements


def none(x, f, w, name, t, stride):
    return f


def alone(kind, label="shortcut"):
    """`shortcut A`: h(x) + f around every block."""
    change = CHANGES[kind]
    return lambda x, f, w, name, t, stride: change(x, f, w, f"{name}.{label}", t, stride) + f


def otherwise(kind, other, label="shortcut"):
    """`shortcut A else B`: where the shape changes, what B makes of x stands in for it."""
    join, change = KEEPS[kind], CHANGES[other]

    def equation(x, f, w, name, t, stride):
        place = f"{name}.{label}"
        h = x if x.shape == f.shape else change(x, f, w, place, t, stride)
        return join(x, h, f, w, place, t, stride)

    return equation


SHORTCUTS = {
    "none": none,
    **{kind: alone(kind) for kind in CHANGES},
    **{f"{kind} else {other}": otherwise(kind, other) for kind in KEEPS for other in CHANGES},
}
"""The equation of a junction by what stands after `shortcut`."""


def link(label, kinds):
    """`link label over … via kinds`: the equation of its junction."""
    kind, _, other = kinds.partition(" else ")
    return otherwise(kind, other, label) if other else alone(kind, label)


STANDARD = [
    *("projection", "conv_shortcut", "zero_pad", "avg_zero_pad", "avg_projection"),
    *(f"identity else {other}" for other in CHANGES if other != "projection_3x3"),
    *(f"{kind} else zero_pad" for kind in KEEPS if kind.partition("(")[0] not in ("identity", "carry", "swapout")),
]
"""Each kind of `std.res` once: alone, after `else`, and before it."""
