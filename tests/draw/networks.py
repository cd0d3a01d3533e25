"""Networks drawn by chance, as graphs: 1 to 5 stages of 1 to 400 blocks, up to 5 levels of shortcuts, every kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st

from resdsl.ir.graph import Graph, Link, Section, Step, Survival
from resdsl.ir.unit import Unit
from resdsl.ops import BatchNorm, Conv, GlobalAvgpool, Linear, Maxpool, Relu
from resdsl.shape import Shape
from tests.ir.build import (
    Block,
    Junction,
    basic,
    bottleneck,
    chain,
    conv_shortcut,
    gate,
    none,
    preact_basic,
    projection,
    scale,
    zero_pad,
)

JUNCTIONS: dict[str, Junction] = {
    "projection": projection,
    "zero_pad": zero_pad,
    "conv_shortcut": conv_shortcut,
    "scale": scale(0.5, 0.5),
    "gate": gate(),
    "exclusive_gate": gate(exclusive=True),
    "none": none,
}
BLOCKS = {"basic": basic, "bottleneck": bottleneck, "preact_basic": preact_basic}
STEMS = ((Conv((3, 3), 16),), (Conv((7, 7), 16, (2, 2)), BatchNorm(), Relu(), Maxpool((3, 3), (2, 2))))
LABELS = ("s1", "s2", "s3", "conv4", "stage5", "x", "wide_stage", "transition", "www_mmm_www", "m" * 55, "a_b_" * 15)
"""Short names, broad ones, and ones that no card has room for."""


@dataclass(frozen=True)
class Plan:
    """A stage before it is built: its label, its runs of blocks, the stride of the first."""

    label: str
    runs: tuple[tuple[str, str, int, int], ...]
    stride: int

    @property
    def n_blocks(self) -> int:
        return sum(count for *_, count in self.runs)


@st.composite
def graphs(draw: st.DrawFn, max_blocks: int = 400) -> Graph:
    """Any network of these: mixed blocks, plain ones, chains between stages, no head, taps, survival, nested links."""
    n_stages = draw(st.integers(1, 5))
    names = draw(st.permutations(LABELS))
    plans = [draw(_plans(name, first=i == 0, max_blocks=max_blocks)) for i, name in enumerate(names[:n_stages])]
    between = draw(st.integers(0, 2)) if n_stages > 1 else 0
    survives = draw(st.booleans())
    p_last = draw(st.sampled_from([0.5, 0.2, 1.0]))
    links = _links(draw, [plan.n_blocks for plan in plans])
    builder = _Builder(Shape(3, (64, 64)), survives=survives)
    builder.add_chain("stem", "stem", draw(st.sampled_from(STEMS)))
    n_blocks = sum(plan.n_blocks for plan in plans)
    for number, plan in enumerate(plans):
        if between == number and number:
            builder.add_chain(names[n_stages], "layers", (Conv((1, 1), 24), BatchNorm(), Relu()))
        builder.add_stage(plan, links, n_blocks, p_last)
    if draw(st.booleans()):
        builder.add_chain("head", "head", (GlobalAvgpool(), Linear(10)))
    taps = (names[0],) if draw(st.booleans()) else ()
    return builder.done(links, draw(st.sampled_from(["net", "a_network_with_quite_a_long_name_that_goes_on"])), taps)


@st.composite
def _plans(draw: st.DrawFn, label: str, *, first: bool, max_blocks: int) -> Plan:
    width = draw(st.sampled_from([16, 32, 64]))
    runs: list[tuple[str, str, int, int]] = []
    n_runs = draw(st.sampled_from([1, 1, 1, 2, 3]))
    for _ in range(n_runs):
        count = draw(st.integers(1, 4) | st.integers(1, max(4, max_blocks // n_runs)))
        runs.append((draw(st.sampled_from([*BLOCKS])), draw(st.sampled_from([*JUNCTIONS])), width, count))
    return Plan(label, tuple(runs), 1 if first else draw(st.sampled_from([1, 2])))


@dataclass(frozen=True)
class Span:
    """A link around blocks `first` to `last`, both included, from 0 over all blocks."""

    name: str
    level: int
    first: int
    last: int


def _links(draw: st.DrawFn, counts: list[int]) -> list[Span]:
    """Nested spans: over all, over stages, and inside stages down to a level that is drawn."""
    depth = draw(st.integers(1, 5)) - 1  # levels of links; the blocks' own shortcuts are one more
    spans: list[Span] = []
    if not depth:
        return spans
    total = sum(counts)
    over_all = draw(st.booleans())
    if over_all:
        spans.append(Span("root", 1, 0, total - 1))
    at = 0
    for count in counts:
        if draw(st.integers(0, 3)):
            _split(draw, spans, at, at + count - 1, 1 + over_all, depth, f"level{1 + over_all}")
        at += count
    return spans


def _split(draw: st.DrawFn, spans: list[Span], first: int, last: int, level: int, depth: int, name: str) -> None:
    if level > depth or len(spans) > 120:
        return
    spans.append(Span(name, level, first, last))
    count = last - first + 1
    n_parts = draw(st.sampled_from([2, 3, 3]))
    if count < n_parts or not draw(st.integers(0, 4)):
        return
    size = count // n_parts
    for part in range(n_parts):
        start = first + part * size
        end = last if part == n_parts - 1 else start + size - 1
        _split(draw, spans, start, end, level + 1, depth, f"level{level + 1}")


@cache
def _block(name: str, junction: str, width: int, stride: int) -> Block:
    return BLOCKS[name](width, stride, junction=JUNCTIONS[junction], shortcut=junction)


@cache
def _unit(block: Block, x: Shape, links: tuple[tuple[str, Shape], ...], survive: bool) -> Unit:
    return block.unit(x, [(name, shape, conv_shortcut) for name, shape in links], survive=survive)


_chain = cache(chain)


class _Builder:
    def __init__(self, input: Shape, *, survives: bool) -> None:
        self.input, self.survives = input, survives
        self.steps: list[Step] = []
        self.sections: list[Section] = []
        self.block_steps: list[int] = []
        self.shapes = [input]

    def add_chain(self, label: str, kind: str, ops: tuple[object, ...]) -> None:
        self._add(_chain(kind, self.shapes[-1], ops), label, 1, ())
        self.sections.append(Section(label, kind, len(self.steps) - 1, len(self.steps) - 1))

    def add_stage(self, plan: Plan, links: list[Span], n_blocks: int, p_last: float) -> None:
        first = len(self.steps)
        ending: dict[int, list[Span]] = {}
        for link in links:
            ending.setdefault(link.last, []).append(link)
        place = 0
        for name, junction, width, count in plan.runs:
            for _ in range(count):
                place += 1
                stride = plan.stride if place == 1 else 1
                kind = junction
                out = 4 * width if name == "bottleneck" else width
                if out < self.shapes[-1].channels and kind not in {"none", "conv_shortcut"}:
                    kind = "projection"  # the others cannot take channels away
                number = len(self.block_steps)
                self.block_steps.append(len(self.steps))
                here = sorted(ending.get(number, []), key=lambda link: -link.level)
                sources = tuple(self.block_steps[link.first] for link in here)
                joined = tuple((link.name, self.shapes[s]) for link, s in zip(here, sources, strict=True))
                survives = self.survives and kind != "none"  # a plain block would leave nothing
                unit = _unit(_block(name, kind, width, stride), self.shapes[-1], joined, survives)
                p = 1 - (number + 1) / n_blocks * (1 - p_last) if survives else None
                self._add(unit, plan.label, place, sources, p)
        self.sections.append(Section(plan.label, "stage", first, len(self.steps) - 1))

    def done(self, links: list[Span], name: str, taps: tuple[str, ...]) -> Graph:
        at = self.block_steps
        placed = [Link(one.name, "by hand", one.level, at[one.first], at[one.last], at[one.first]) for one in links]
        kept = any(step.survival is not None for step in self.steps)
        return Graph(
            name=name,
            parameters=(("depth", "110"),),
            input=self.input,
            steps=tuple(self.steps),
            sections=tuple(self.sections),
            links=tuple(sorted(placed, key=lambda link: (link.level, link.first))),
            survival=Survival("linear(0.5)") if kept else None,
            taps=taps,
        )

    def _add(self, unit: Unit, label: str, place: int, sources: tuple[int, ...], survival: float | None = None) -> None:
        self.steps.append(Step(unit, (len(self.steps), *sources), label, place, survival))
        self.shapes.append(unit.output_shape)
