"""detectron2 0.6."""

from resdsl.emit.schemes.scheme import Scheme

DETECTRON2 = Scheme(
    sections={"stem": "stem", "stage": "res{res}", "head": ""},
    block="{index}",
    roles={
        "stem": {"conv": "conv{number}", "bn": "conv{number}.norm", "norm": "conv{number}.norm"},
        "residual": {"conv": "conv{number}", "bn": "conv{number}.norm", "norm": "conv{number}.norm"},
        "shortcut": {
            ("conv", "bn"): ("shortcut", "shortcut.norm"),
            ("conv", "norm"): ("shortcut", "shortcut.norm"),
        },
        "head": {("linear",): ("linear",)},
    },
)
"""`modeling/backbone/resnet.py`: each convolution holds its normalisation; stages are res2 to res5.

In a detector the backbone stands at `backbone.bottom_up`; a prefix is found by itself.
"""
