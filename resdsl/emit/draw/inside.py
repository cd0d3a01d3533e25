"""The inside of blocks in words, as the brackets of the papers' tables have it."""

from __future__ import annotations

from collections.abc import Iterable

from resdsl.analysis.structure import Layer


def inside_words(layers: Iterable[Layer]) -> tuple[str, ...]:
    """The weighted layers of a block, `3×3, 64` each, without those of gates inside it."""
    return tuple(_layer(layer) for layer in layers if not layer.is_composite)


def _layer(layer: Layer) -> str:
    first, last = layer.channels
    channels = str(first) if first == last else f"{first}…{last}"
    more = [f"{sign}={n}" for sign, n in (("C", layer.groups), ("dilation", layer.dilation)) if n > 1]
    return ", ".join(["×".join(map(str, layer.kernel)) or layer.name, channels, *more])
