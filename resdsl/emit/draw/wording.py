"""What pictures call things: layers and sizes as the papers write them, numbers as people read them."""

from __future__ import annotations

import re
from functools import lru_cache

from resdsl.ops.base import Op
from resdsl.shape import Shape


@lru_cache(maxsize=4096)
def layer_words(op: Op) -> str:
    """A layer as figures name it: `conv 3×3, 64, /2` for `conv(3x3, 64, /2)`; an operator is its formula."""
    return _words(op, _arguments(op))


@lru_cache(maxsize=4096)
def kind_of_layer(op: Op) -> str:
    """The same without the number of channels: `conv 3×3, /2`."""
    channels = {str(getattr(op, setting.name)) for setting in op.SETTINGS if setting.type == "channels"}
    arguments = _arguments(op)
    position = next((i for i, one in enumerate(arguments) if one in channels), None)
    return _words(op, [one for i, one in enumerate(arguments) if i != position])


def layer_ink(op: Op) -> str:
    """The role of the colour that a layer is drawn in."""
    return INKS.get(op.NAME, "linear" if op.is_weighted() else "other")


def size_words(shape: Shape) -> str:
    """Channels and size: `64 × 56×56`; a vector's length: `1000`."""
    return f"{shape.channels} × {times(shape.size)}" if shape.rank else str(shape.channels)


@lru_cache(maxsize=1024)
def kind_words(kind: str) -> str:
    """A shortcut kind as text: `zero pad` for `zero_pad`."""
    return clean(kind).replace("_", " ")


def count_words(number: int) -> str:
    """A count to three digits: `1.73 M`, `253 M`, `960`."""
    for unit, size in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size * 0.9995:
            return f"{_three_digits(number / size)} {unit}"
    return str(number)


def probability_words(first: float, last: float) -> str:
    """A probability, or the range that a run goes through: `p 0.98…0.83`."""
    one, other = (f"{p:.3f}" if 0.995 <= p < 1 else f"{p:.2f}" for p in (first, last))
    return f"p {one}" if one == other else f"p {one}…{other}"


def range_words(first: int, last: int) -> str:
    """`3`, or `2–17`."""
    return str(first) if first == last else f"{first}–{last}"


def plural(number: int, noun: str) -> str:
    """`1 block`, `18 blocks`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def times(text: str) -> str:
    """The text with `×` in sizes: `3×3` for `3x3`."""
    return re.sub(r"(?<=\d)x(?=\d)", "×", text)


def clean(text: str) -> str:
    """The text on one line, without characters that control, reorder or hide (reliability rows 11 and 12)."""
    return _HIDDEN.sub("", " ".join(text.split()))


def _arguments(op: Op) -> list[str]:
    _, _, arguments = clean(str(op)).partition("(")
    rounded = _LONG.sub(lambda found: f"{float(found[0]):.3g}", arguments)
    return rounded.removesuffix(")").split(", ") if arguments else []


def _words(op: Op, arguments: list[str]) -> str:
    if not op.NAME:
        formula = clean(str(op)).replace("-", "−")
        factor = re.fullmatch(r"(−?[\d.]+) \* x", formula)
        return f"× {factor[1]}" if factor else formula.replace("x", "·").replace("*", "×")
    word = WORDS.get(op.NAME, op.NAME.replace("_", " "))
    return f"{word} {times(', '.join(arguments).replace(' = ', ' ').replace('-', '−'))}".strip()


_LONG = re.compile(r"\b0\.\d{4,}\b")
"""Numbers with more digits than a box has room for."""


def _three_digits(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)

WORDS: dict[str, str] = {
    "avgpool": "avg pool",
    "bn": "BN",
    "elu": "ELU",
    "gelu": "GELU",
    "global_avgpool": "global avg pool",
    "global_maxpool": "global max pool",
    "groupnorm": "GN",
    "instancenorm": "IN",
    "layernorm": "LN",
    "leaky_relu": "leaky ReLU",
    "linear": "fc",
    "maxpool": "max pool",
    "pad_channels": "pad zeros",
    "pelu": "PELU",
    "prelu": "PReLU",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "selu": "SELU",
    "silu": "SiLU",
    "subsample": "every pixel",
}
"""The papers' names of layers, where they are not the language's."""

INKS: dict[str, str] = {
    "": "combine",
    "avgpool": "pool",
    "bernoulli": "random",
    "bn": "norm",
    "channel_shuffle": "other",
    "conv": "conv",
    "dropout": "random",
    "elu": "activation",
    "flatten": "other",
    "gelu": "activation",
    "global_avgpool": "pool",
    "global_maxpool": "pool",
    "groupnorm": "norm",
    "hardswish": "activation",
    "identity": "other",
    "instancenorm": "norm",
    "layernorm": "norm",
    "leaky_relu": "activation",
    "learned_scale": "combine",
    "linear": "linear",
    "maxout": "activation",
    "maxpool": "pool",
    "pad_channels": "other",
    "pelu": "activation",
    "prelu": "activation",
    "relu": "activation",
    "relu6": "activation",
    "selu": "activation",
    "sigmoid": "activation",
    "silu": "activation",
    "softmax": "activation",
    "softplus": "activation",
    "spatial_dropout": "random",
    "subsample": "other",
    "tanh": "activation",
}
"""The colour role of every layer, by its word in `.res`."""
