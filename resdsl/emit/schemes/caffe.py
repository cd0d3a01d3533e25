"""The networks that He et al. released for Caffe (github.com/KaimingHe/deep-residual-networks)."""

from resdsl.emit.schemes.scheme import Scheme

CAFFE = Scheme(
    sections={"stem": "", "stage": "{res}", "head": ""},
    block="+{numbered}",
    roles={
        "stem": {("conv", "bn"): ("/conv1", "/_conv1")},
        "residual": {"conv": "/res{{path}}_branch2{letter}", "bn": "/{{path}}_branch2{letter}"},
        "shortcut": {("conv", "bn"): ("/res{{path}}_branch1", "/{{path}}_branch1")},
        "head": {("linear",): ("/fc1000",)},
    },
    tensors={
        "conv": {"weight": "{module}.0", "bias": "{module}.1"},
        "linear": {"weight": "{module}.0", "bias": "{module}.1"},
        "bn": {
            "weight": "scale{module}.0",
            "bias": "scale{module}.1",
            "running_mean": "bn{module}.0",
            "running_var": "bn{module}.1",
        },
    },
)
"""Layers by the names of the prototxt, their blobs by number: `res4b1_branch2a.0`, `bn4b1_branch2a.1`.

Normalisation is two layers there: `bn…` has the mean and the variance, `scale…` the scale and the shift.
"""
