"""How a signal, and its gradient, pass along the shortcuts: the analysis of He et al. 2016b, §2 and §3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from math import copysign, inf, log2

from resdsl.ir.graph import Graph
from resdsl.ir.unit import Node, Unit
from resdsl.record import record

EXTREME = 10.0
"""A product beyond 2^±10 vanishes or explodes: `scale(0.5)` does after ten blocks (He et al. 2016b, §3.1)."""


@record
class Product:
    """A product of constants: each factor with the number of times that it stands in it, in order of first use."""

    factors: tuple[tuple[float, int], ...] = ()

    @property
    def value(self) -> float:
        """The product itself, as far as a float can hold it; 1 for none."""
        sign = 1.0
        for factor, count in self.factors:
            sign *= copysign(1.0, factor) ** count
        return sign * (2.0**self.log2 if self.log2 < 1024 else inf)

    @property
    def log2(self) -> float:
        """The logarithm, to base 2, of its magnitude: -54 for 0.5^54."""
        return sum(count * (log2(abs(factor)) if factor else -inf) for factor, count in self.factors)

    @property
    def is_extreme(self) -> bool:
        """Whether it vanishes or explodes."""
        return abs(self.log2) > EXTREME

    def __str__(self) -> str:
        """As `0.5^54`; factors of 1 stay unsaid."""
        factors = [(factor, count) for factor, count in self.factors if factor != 1]
        written = [f"{factor:g}^{count}" if count > 1 else f"{factor:g}" for factor, count in factors]
        return " · ".join(written) or "1"


@record
class Passage:
    """How x passes a block along its shortcut, or how the source of a link reaches the sum where the link ends.

    Attributes:
        coefficient: h in y = h·x + f, x's constant coefficient in what leaves the junction: 1 for an identity, k for
            `scale(k)`, 0 without a shortcut; for noise, its mean in training. None where it is not constant.
        kept: the probability with which a value of x passes in training: 0.5 for `dropout_shortcut(0.5)`.
        broken_by: the first layer on x's way through the whole block, `after` included, that is not a constant
            factor: a convolution, an activation, the product of a gate; `none` without a shortcut; empty where the
            way is clean, as He et al. call it.
    """

    coefficient: float | None
    kept: float
    broken_by: str


@record
class Path:
    """The identity path through consecutive blocks.

    Attributes:
        coefficient: the product of the blocks' constant coefficients, the λ of He et al. 2016b, eq. 8.
        varying: how many blocks have a coefficient that is not constant: of a projection or a gate.
        kept: the probability with which a value passes all blocks in training.
    """

    coefficient: Product
    varying: int
    kept: Product


@record
class GradientPath:
    """How a signal passes along the shortcuts, without any residual branch.

    Attributes:
        blocks: each block, in order; block l of the papers is `blocks[l - 1]`.
        stages: the path through each stage, by label.
        whole: the path through all blocks.
        clean: first and last block, numbered from 1, of each longest run that x passes by constant factors alone: the
            gradient at its end reaches its start directly (He et al. 2016b, eq. 5).
        links: each link of the graph, in its order.
    """

    blocks: tuple[Passage, ...]
    stages: dict[str, Path]
    whole: Path
    clean: tuple[tuple[int, int], ...]
    links: tuple[Passage, ...]


def gradient_path(graph: Graph) -> GradientPath:
    """Asks each distinct unit once; the rest is one walk over the steps."""
    passages = {unit: _passage(unit, 0) for unit in graph.units if unit.is_block}
    blocks = tuple(passages[step.unit] for step in graph.blocks)
    stages = {
        section.label: _path(passages[step.unit] for step in graph.steps[section.first : section.last + 1])
        for section in graph.stages()
    }
    arriving = cache(_passage)
    links = {
        id(link): arriving(step.unit, number)
        for position, step in enumerate(graph.steps)
        for number, link in enumerate(graph.links_into(position), start=1)
    }
    return GradientPath(
        blocks=blocks,
        stages=stages,
        whole=_path(blocks),
        clean=tuple(_clean_runs(graph, passages)),
        links=tuple(links[id(link)] for link in graph.links),
    )


def _path(passages: Iterable[Passage]) -> Path:
    coefficients: Counter[float] = Counter()
    kept: Counter[float] = Counter()
    varying = 0
    for passage in passages:
        kept[passage.kept] += 1
        if passage.coefficient is None:
            varying += 1
        else:
            coefficients[passage.coefficient] += 1
    return Path(Product(tuple(coefficients.items())), varying, Product(tuple(kept.items())))


def _clean_runs(graph: Graph, passages: dict[Unit, Passage]) -> Iterator[tuple[int, int]]:
    first = block = 0
    for step in graph.steps:
        is_clean = step.unit.is_block and not passages[step.unit].broken_by
        if not is_clean and first:
            yield first, block
            first = 0
        block += step.unit.is_block
        if is_clean and not first:
            first = block
    if first:
        yield first, block


# ---------------------------------------------------------------- one unit


@record
class _Signal:
    """How much of x is in a value: a constant multiple, none of it (0), or what a layer made of it (None)."""

    coefficient: float | None = 0.0
    kept: float = 1.0
    broken_by: str = ""


def _passage(unit: Unit, number: int) -> Passage:
    """How the input of that number passes, the residual branch set to zero."""
    signals = [_Signal() for _ in unit.inputs]
    signals[number] = _Signal(1.0)
    at_junction = signals[number]
    for node in unit.nodes:
        signals.append(_pass_on(node, [signals[value] for value in node.inputs]))
        if node.part != "after":
            at_junction = signals[-1]
    leaving = signals[unit.output]
    broken_by = leaving.broken_by or ("" if leaving.coefficient else "none")
    return Passage(at_junction.coefficient, at_junction.kept, broken_by)


def _pass_on(node: Node, signals: list[_Signal]) -> _Signal:
    carrying = [signal for signal in signals if signal.coefficient != 0]
    if not carrying or node.part in ("residual", "survive"):
        return _Signal()
    kept = min(signal.kept for signal in carrying) * node.op.kept()
    broken = next((signal for signal in carrying if signal.coefficient is None), None)
    gain = node.op.gain()
    if gain is None and len(signals) > 1:
        return _Signal(None, kept, str(node.op))
    if broken is not None:
        return _Signal(None, kept, broken.broken_by)
    if gain is None:
        return _Signal(None, kept, str(node.op))
    return _Signal(gain * sum(signal.coefficient or 0.0 for signal in carrying), kept)
