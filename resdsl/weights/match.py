"""Holds a checkpoint against a network: which layout its keys have, what fits, and what does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.emit.names import resolve_scheme
from resdsl.emit.schemes import SCHEMES
from resdsl.emit.state import StateTensor, scheme_tensors
from resdsl.ir.graph import Graph

Dims = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A tensor of the network and the one of the checkpoint that has its name.

    Attributes:
        place: its number in the network's state, from 0.
        tensor: what the network has, as the checkpoint's scheme calls it.
        key: the name in the checkpoint.
        dims: its dimensions there.
    """

    place: int
    tensor: StateTensor
    key: str
    dims: Dims


@dataclass(frozen=True, slots=True)
class Lack:
    """A tensor of the network that the checkpoint has not: its number in the state, and the key that it would have."""

    place: int
    tensor: StateTensor
    key: str


@dataclass(frozen=True, slots=True)
class Extra:
    """A tensor of the checkpoint that the network has not."""

    key: str
    dims: Dims


@dataclass(frozen=True, slots=True)
class Match:
    """A checkpoint held against a network.

    Attributes:
        scheme: whose names its keys are.
        prefix: what stands before all of them: `module.`.
        pairs: what fits.
        differing: what has the right name and other dimensions.
        missing: what the network has and the checkpoint has not.
        unexpected: what the checkpoint has and the network has not.
        counters: the counts of batches that the checkpoint does not have; nothing that is computed depends on them.
    """

    scheme: str
    prefix: str
    pairs: tuple[Pair, ...]
    differing: tuple[Pair, ...] = ()
    missing: tuple[Lack, ...] = ()
    unexpected: tuple[Extra, ...] = ()
    counters: tuple[Lack, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every tensor of the network has its own in the checkpoint, and none is left there."""
        return not (self.differing or self.missing or self.unexpected)

    @property
    def n_values(self) -> int:
        """How many numbers fit."""
        return sum(pair.tensor.n_values for pair in self.pairs if not pair.tensor.is_counter)


def match_keys(
    graph: Graph,
    stored: Mapping[str, Dims],
    *,
    scheme: str | None = None,
    prefix: str | None = None,
    renames: Mapping[str, str] | None = None,
) -> Match:
    """The scheme and prefix under which most of a checkpoint fits a network, and what does not fit.

    Args:
        graph: the network.
        stored: the dimensions of every tensor of the checkpoint, by its key.
        scheme: whose names its keys are; found by itself where it is None.
        prefix: what stands before all of them; found by itself where it is None.
        renames: names for parts of the checkpoint: the key, or the path above it, and what it is to be called.

    Raises:
        ResError: where there is no such scheme, or two tensors of the checkpoint are renamed alike.
    """
    there = _there(stored, renames or {})
    best: Match | None = None
    for candidate in _candidates(graph, scheme):
        tensors = scheme_tensors(graph, candidate)
        for start in [prefix] if prefix is not None else _prefixes(tensors, there):
            found = _match(candidate, start, tensors, there)
            if best is None or len(found.pairs) > len(best.pairs):
                best = found
        if best is not None and best.is_complete:
            break
    assert best is not None  # noqa: S101  there is always a candidate
    return best


def same_values(one: Dims, other: Dims) -> bool:
    """Whether one of two shapes is the other with sizes of one more or less: the numbers stand in one order."""
    return [size for size in one if size != 1] == [size for size in other if size != 1]


def fits(tensor: StateTensor, dims: Dims) -> bool:
    """Whether what has these dimensions can be the tensor, its numbers in one order."""
    if prod(dims) != tensor.n_values:
        return False
    return dims == tensor.dims or same_values(dims, tensor.own_dims)


def _there(stored: Mapping[str, Dims], renames: Mapping[str, str]) -> dict[str, Extra]:
    """The checkpoint by the names that its tensors are given."""
    there: dict[str, Extra] = {}
    for key, dims in stored.items():
        name = _renamed(key, renames)
        if name in there:
            message = f"`{there[name].key}` and `{key}` of the checkpoint would both be called `{name}`"
            raise ResError([Diagnostic(Code.WEIGHTS_FIT, message, help="rename one of them otherwise")])
        there[name] = Extra(key, tuple(dims))
    return there


def _renamed(key: str, renames: Mapping[str, str]) -> str:
    """The key with the name of the longest path above it, or its own, replaced."""
    for path in sorted(renames, key=len, reverse=True):
        if key == path or key.startswith(f"{path}."):
            return f"{renames[path]}{key[len(path) :]}"
    return key


def _candidates(graph: Graph, scheme: str | None) -> Iterator[str]:
    """The schemes to try: the network's own first; of a library that is named, all that it has."""
    if scheme is None:
        own = resolve_scheme(graph, graph.keys)
        yield from dict.fromkeys([own, *SCHEMES])
        return
    family = [name for name in SCHEMES if name.startswith(f"{scheme}_")]
    yield resolve_scheme(graph, scheme)
    yield from (name for name in (scheme, *family) if family)


def _prefixes(tensors: Iterable[StateTensor], there: Mapping[str, Extra]) -> list[str]:
    """What may stand before the keys: nothing, and what stands before most of those that end as the scheme's do."""
    wanted = {tensor.key: tensor for tensor in tensors if tensor.key}
    votes: Counter[str] = Counter()
    for key, found in there.items():
        start = 0
        while (point := key.find(".", start)) >= 0:
            start = point + 1
            tensor = wanted.get(key[start:])
            if tensor is not None and fits(tensor, found.dims):
                votes[key[:start]] += 1
    return ["", *(prefix for prefix, _ in votes.most_common(_MOST_PREFIXES))]


def _match(scheme: str, prefix: str, tensors: Iterable[StateTensor], there: Mapping[str, Extra]) -> Match:
    pairs: list[Pair] = []
    differing: list[Pair] = []
    missing: list[Lack] = []
    counters: list[Lack] = []
    left = dict(there)
    for place, tensor in enumerate(tensors):
        key = f"{prefix}{tensor.key}" if tensor.key else ""
        found = left.pop(key, None)
        if found is not None:
            pair = Pair(place, tensor, found.key, found.dims)
            (pairs if fits(tensor, found.dims) else differing).append(pair)
        else:
            (counters if tensor.is_counter else missing).append(Lack(place, tensor, key))
    extras = tuple(left.values())
    return Match(scheme, prefix, tuple(pairs), tuple(differing), tuple(missing), extras, tuple(counters))


_MOST_PREFIXES = 3
