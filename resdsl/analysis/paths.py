"""The census of paths: a residual network as the collection of paths through it (Veit et al. 2016)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import exp, inf, log, sqrt

from resdsl.ir.graph import Graph, Step
from resdsl.ir.unit import Unit
from resdsl.record import record

_Choose = Callable[[Iterable[float]], float]

MOST_BLOCKS = 2_000
"""The most blocks for which paths are counted length by length; with more, the counts alone would fill megabytes."""


@record
class Census:
    """The paths from input to output, by their length: the number of residual branches that a path goes through.

    At each block a path goes through the residual branch, or around it by the block's shortcut; where a link ends, it
    may instead come from where the link begins.

    Attributes:
        counts: `counts[k]` paths have length k: binomial(L, k) for L blocks without links. None above `MOST_BLOCKS`.
        log10_total: the decimal logarithm of the number of paths.
        mean: the mean length.
        deviation: the standard deviation of the length.
        shares: `shares[k]` is the share of length k among the paths that are open in training, in expectation: a path
            is open while stochastic depth drops none of its blocks. Without survival, the share among all paths. None
            above `MOST_BLOCKS`.
        open_mean: the mean length by these shares.
        shortest: weighted layers on the path with the fewest; a projection on a shortcut or a link counts as one.
        longest: weighted layers on the path with the most.
    """

    counts: tuple[int, ...] | None
    log10_total: float
    mean: float
    deviation: float
    shares: tuple[float, ...] | None
    open_mean: float
    shortest: int
    longest: int


@record
class _Ways:
    """The ways through a unit, and the weighted layers that are passed on the way from each input.

    A chain of layers has one way, around its residual branch that does not exist.
    """

    through: bool
    around: bool
    links: tuple[bool, ...]
    fewest: tuple[float, ...]
    most: tuple[float, ...]


_Spine = list[tuple[Step, _Ways]]


def census(graph: Graph) -> Census:
    """Counts exactly, in time that grows with the square of the number of blocks; linearly above `MOST_BLOCKS`."""
    ways = {unit: _ways(unit) for unit in graph.units}
    spine = [(step, ways[step.unit]) for step in graph.steps]
    log_total, mean, deviation = _moments(spine, lambda _: 1.0)
    counts = _counts(spine) if len(graph.blocks) <= MOST_BLOCKS else None
    return Census(
        counts=counts,
        log10_total=log_total / log(10),
        mean=mean,
        deviation=deviation,
        shares=(_shares(spine) if graph.survival else _even(counts)) if counts else None,
        open_mean=_moments(spine, _survival)[1],
        shortest=int(_extreme(spine, min, [way.fewest for _, way in spine])),
        longest=int(_extreme(spine, max, [way.most for _, way in spine])),
    )


# ---------------------------------------------------------------- one unit


def _ways(unit: Unit) -> _Ways:
    inputs = range(len(unit.inputs))
    around, through = _routes(unit)
    return _Ways(
        through=through,
        around=around,
        links=tuple(_layers(unit, number, min, inf) < inf for number in inputs if number > 0),
        fewest=tuple(_layers(unit, number, min, inf) for number in inputs),
        most=tuple(_layers(unit, number, max, -inf) for number in inputs),
    )


def _routes(unit: Unit) -> tuple[bool, bool]:
    """Whether x reaches the output around the residual branch, and whether it does through it."""
    around = [True] + [False] * len(unit.links)
    through = [False] * len(unit.inputs)
    for node in unit.nodes:
        outside = any(around[source] for source in node.inputs)
        inside = any(through[source] for source in node.inputs)
        is_residual = node.part in ("residual", "survive")
        around.append(outside and not is_residual)
        through.append(inside or (outside and is_residual))
    return around[unit.output], through[unit.output]


def _layers(unit: Unit, number: int, choose: _Choose, unreached: float) -> float:
    """Weighted layers on the path from an input to the output that has the fewest, or the most."""
    layers = [unreached] * len(unit.inputs)
    layers[number] = 0
    for node in unit.nodes:
        layers.append(choose(layers[source] for source in node.inputs) + node.op.is_weighted())
    return layers[unit.output]


# ---------------------------------------------------------------- along the spine


def _extreme(spine: _Spine, choose: _Choose, layers: list[tuple[float, ...]]) -> float:
    reached = [0.0]
    for (step, _), of_step in zip(spine, layers, strict=True):
        reached.append(choose(reached[value] + more for value, more in zip(step.inputs, of_step, strict=True)))
    return reached[-1]


def _counts(spine: _Spine) -> tuple[int, ...]:
    """The number of paths of each length.

    All lengths are counted in one integer, each in a field of its own that the total cannot overflow: to pass a block
    is to add the integer to itself, moved on by one field.
    """
    width = _total(spine).bit_length()
    packed = [1]
    for step, ways in spine:
        x, *sources = (packed[value] for value in step.inputs)
        linked = sum(source for source, joins in zip(sources, ways.links, strict=True) if joins)
        packed.append(x * ways.around + ((x << width) if ways.through else 0) + linked)
    fields = packed[-1]
    counts: list[int] = []
    while fields:
        counts.append(fields & ((1 << width) - 1))
        fields >>= width
    return tuple(counts)


def _total(spine: _Spine) -> int:
    totals = [1]
    for step, ways in spine:
        x, *sources = (totals[value] for value in step.inputs)
        linked = sum(source for source, joins in zip(sources, ways.links, strict=True) if joins)
        totals.append(x * (ways.around + ways.through) + linked)
    return totals[-1]


def _moments(spine: _Spine, weight: Callable[[Step], float]) -> tuple[float, float, float]:
    """The natural logarithm of the number of paths, each residual branch weighted; their mean length, its deviation."""
    reached = [(0.0, 0.0, 0.0)]
    for step, ways in spine:
        (log_x, mean, variance), *sources = (reached[value] for value in step.inputs)
        kinds = [(float(ways.around), mean, variance), (ways.through * weight(step), mean + 1, variance)]
        for (log_source, mean, variance), joins in zip(sources, ways.links, strict=True):
            kinds.append((joins * exp(log_source - log_x), mean, variance))
        total = sum(share for share, _, _ in kinds)
        middle = sum(share * m for share, m, _ in kinds) / total
        spread = sum(share * (v + (m - middle) ** 2) for share, m, v in kinds) / total
        reached.append((log_x + log(total), middle, spread))
    log_total, mean, variance = reached[-1]
    return log_total, mean, sqrt(variance)


def _shares(spine: _Spine) -> tuple[float, ...]:
    """The share of each length, each residual branch weighted with its survival."""
    reached: list[tuple[float, list[float]]] = [(0.0, [1.0])]
    for step, ways in spine:
        (log_x, x), *sources = (reached[value] for value in step.inputs)
        kept = ways.through * _survival(step)
        shares = [ways.around * a + kept * b for a, b in zip([*x, 0.0], [0.0, *x], strict=True)]
        for (log_source, source), joins in zip(sources, ways.links, strict=True):
            share = joins * exp(log_source - log_x)
            shares[: len(source)] = [a + share * b for a, b in zip(shares, source, strict=False)]
        total = sum(shares)
        reached.append((log_x + log(total), [a / total for a in shares]))
    shares = reached[-1][1]
    while shares[-1] == 0:
        shares.pop()
    return tuple(shares)


def _even(counts: tuple[int, ...]) -> tuple[float, ...]:
    total = sum(counts)
    return tuple(count / total for count in counts)


def _survival(step: Step) -> float:
    return 1.0 if step.survival is None else step.survival
