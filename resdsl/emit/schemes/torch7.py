"""The networks of github.com/facebookarchive/fb.resnet.torch, as nested sequences of modules."""

from resdsl.emit.schemes.scheme import Scheme

TORCH7 = Scheme(
    sections={"stem": "", "stage": "{layer}", "head": ""},
    block="{index}",
    roles={
        "stem": {"conv": "{layer}", "bn": "{layer}"},
        "residual": {"conv": "0.0.{place}", "bn": "0.0.{place}"},
        "shortcut": {("conv", "bn"): ("0.1.0", "0.1.1")},
        "head": {"linear": "{layer}"},
    },
)
"""`models/resnet.lua`: every module by its place, from 0, in the `nn.Sequential` or `nn.ConcatTable` that holds it.

A block is `Sequential(ConcatTable(residual, shortcut), CAddTable, ReLU)`: `4.0.0.0.3.weight` is the second convolution
of the first block. Lua counts from 1; what was converted to PyTorch counts from 0.
"""
