"""Guesses which unknown tensors of a checkpoint are which missing ones of the network: from order and shape alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass

from resdsl.weights.match import Dims, Match


@dataclass(frozen=True, slots=True)
class Rename:
    """A guess: a key of the checkpoint, or the path above some, and what the network calls it."""

    key: str
    wanted: str


def suggest_renames(match: Match) -> tuple[Rename, ...]:
    """A name for each unknown tensor whose kind and shape occur as often among the missing: the first for the first.

    Nothing is suggested where they are fewer or more: which one is which would be chance.
    """
    wanted: dict[Hashable, list[str]] = defaultdict(list)
    unknown: dict[Hashable, list[str]] = defaultdict(list)
    for lack in (*match.missing, *match.counters):
        wanted[_kind(lack.key or lack.tensor.key, lack.tensor.own_dims)].append(lack.key)
    for extra in match.unexpected:
        unknown[_kind(extra.key, extra.dims)].append(extra.key)
    found = {
        key: name
        for kind, keys in unknown.items()
        if len(keys) == len(wanted[kind])
        for key, name in zip(keys, wanted[kind], strict=True)
        if name
    }
    return tuple(Rename(extra.key, found[extra.key]) for extra in match.unexpected if extra.key in found)


def shorten_renames(renames: tuple[Rename, ...]) -> tuple[Rename, ...]:
    """The renames of whole modules, where all tensors of each are renamed alike: `convA` → `conv1` for all it has."""
    return tuple(dict.fromkeys(_without_common_end(rename) for rename in renames))


def _without_common_end(rename: Rename) -> Rename:
    key, wanted = rename.key.split("."), rename.wanted.split(".")
    while len(key) > 1 and len(wanted) > 1 and key[-1] == wanted[-1]:
        key.pop()
        wanted.pop()
    return Rename(".".join(key), ".".join(wanted))


def _kind(key: str, dims: Dims) -> Hashable:
    return key.rpartition(".")[2], tuple(size for size in dims if size != 1)
