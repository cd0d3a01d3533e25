"""Graphs built by hand: the networks of the papers without the language, for tests of what reads a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from resdsl.ir.graph import Graph, Link, Section, Step, Survival
from resdsl.ir.unit import Node, Part, Unit
from resdsl.ops import (
    Add,
    Affine,
    BatchNorm,
    Conv,
    Flatten,
    GlobalAvgpool,
    Linear,
    Maxpool,
    Multiply,
    Op,
    PadChannels,
    Relu,
    Sigmoid,
    Subsample,
    Survive,
)
from resdsl.shape import Shape


class UnitBuilder:
    """Adds nodes one by one; a value is a number, as in the unit."""

    def __init__(self, *inputs: Shape) -> None:
        self.shapes = list(inputs)
        self.n_inputs = len(inputs)
        self.nodes: list[Node] = []

    def add(self, op: Op, *values: int, part: Part = "residual", group: str = "") -> int:
        shapes = [self.shapes[value] for value in values]
        if op.is_identity(*shapes):
            return values[0]
        shape = op.infer(*shapes)
        self.nodes.append(Node(op, values, shape, part, group))
        self.shapes.append(shape)
        return len(self.shapes) - 1

    def chain(self, value: int, ops: Sequence[Op], part: Part = "residual", group: str = "") -> int:
        for op in ops:
            value = self.add(op, value, part=part, group=group)
        return value

    def unit(self, definition: str, output: int, **fields: object) -> Unit:
        return Unit(definition, tuple(self.shapes[: self.n_inputs]), tuple(self.nodes), output, **fields)


Junction = Callable[[UnitBuilder, int, int, Part, str], int]
"""Puts a shortcut kind into a unit: of x and f, in a part and group, the value y."""


def around(*ops: Op) -> Junction:
    """y = (x -> ops) + f"""
    return lambda unit, x, f, part, group: unit.add(Add(), unit.chain(x, ops, part, group), f, part=part, group=group)


def identity(unit: UnitBuilder, x: int, f: int, part: Part, group: str) -> int:
    """y = x + f"""
    return unit.add(Add(), x, f, part=part, group=group)


def none(_unit: UnitBuilder, _x: int, f: int, _part: Part, _group: str) -> int:
    """y = f"""
    return f


def projection(unit: UnitBuilder, x: int, f: int, part: Part, group: str) -> int:
    """y = (x -> conv(1x1, out, /stride) -> bn) + f where the shape changes, else x + f"""
    return around(*() if unit.shapes[x] == unit.shapes[f] else (_conv_to(unit, x, f), BatchNorm()))(
        unit, x, f, part, group
    )


def conv_shortcut(unit: UnitBuilder, x: int, f: int, part: Part, group: str) -> int:
    """y = (x -> conv(1x1, out, /stride)) + f"""
    return around(_conv_to(unit, x, f))(unit, x, f, part, group)


def conv_where_needed(unit: UnitBuilder, x: int, f: int, part: Part, group: str) -> int:
    """y = (x -> conv(1x1, out, /stride)) + f where the shape changes, else x + f"""
    return (identity if unit.shapes[x] == unit.shapes[f] else conv_shortcut)(unit, x, f, part, group)


def zero_pad(unit: UnitBuilder, x: int, f: int, part: Part, group: str) -> int:
    """y = (x -> subsample(/stride) -> pad_channels(out)) + f"""
    return around(*_pad_to(unit, x, f))(unit, x, f, part, group)


def scale(k: float, on_f: float = 1.0) -> Junction:
    """y = k * (x, zero-padded) + on_f * f"""

    def place(unit: UnitBuilder, x: int, f: int, part: Part, group: str) -> int:
        kx = unit.chain(x, (*_pad_to(unit, x, f), Affine(k)), part, group)
        return unit.add(Add(), kx, unit.chain(f, (Affine(on_f),), part, group), part=part, group=group)

    return place


def gate(*, exclusive: bool = False) -> Junction:
    """y = (1 - g) * (x, zero-padded) + f, or + g * f, with g = x -> conv(1x1, out, bias = -6) -> sigmoid"""

    def place(unit: UnitBuilder, x: int, f: int, part: Part, group: str) -> int:
        padded = unit.chain(x, _pad_to(unit, x, f), part, group)
        g = unit.chain(padded, (Conv((1, 1), unit.shapes[f].channels, bias=-6.0), Sigmoid()), part, group)
        kept = unit.add(Multiply(), unit.chain(g, (Affine(-1.0, 1.0),), part, group), padded, part=part, group=group)
        gf = unit.add(Multiply(), g, f, part=part, group=group) if exclusive else f
        return unit.add(Add(), kept, gf, part=part, group=group)

    return place


def _conv_to(unit: UnitBuilder, x: int, f: int) -> Conv:
    return Conv((1, 1), unit.shapes[f].channels, _strides(unit, x, f))


def _pad_to(unit: UnitBuilder, x: int, f: int) -> tuple[Op, Op]:
    return Subsample(_strides(unit, x, f)), PadChannels(unit.shapes[f].channels)


def _strides(unit: UnitBuilder, x: int, f: int) -> tuple[int, ...]:
    return tuple(a // b for a, b in zip(unit.shapes[x].spatial, unit.shapes[f].spatial, strict=True))


@dataclass(frozen=True)
class Block:
    """y = after(junction(x or before(x), survive(residual(before(x)))))"""

    residual: tuple[Op, ...]
    before: tuple[Op, ...] = ()
    after: tuple[Op, ...] = ()
    junction: Junction = projection
    squeeze: int = 0
    shares: bool | None = None  # whether the shortcut takes before(x); None: where the shape changes
    name: str = "block"
    shortcut: str = "shortcut"

    def unit(self, x: Shape, links: Sequence[tuple[str, Shape, Junction]], *, survive: bool) -> Unit:
        unit = UnitBuilder(x, *(shape for _, shape, _ in links))
        ready = unit.chain(0, self.before, "before")
        f = unit.chain(ready, self.residual)
        if self.squeeze:
            f = squeeze_excite(unit, f, self.squeeze)
        if survive:
            f = unit.add(Survive(), f, part="survive")
        shares = unit.shapes[0] != unit.shapes[f] if self.shares is None else self.shares
        y = self.junction(unit, ready if shares else 0, f, "shortcut", "")
        for number, (name, _, junction) in enumerate(links, start=1):
            y = junction(unit, number, y, "link", name)
        names = tuple(name for name, _, _ in links)
        kinds = tuple("by hand" for _ in links)
        output = unit.chain(y, self.after, "after")
        return unit.unit(self.name, output, shortcut=self.shortcut, links=names, link_kinds=kinds)


def squeeze_excite(unit: UnitBuilder, x: int, reduction: int) -> int:
    """g * x with g = x -> global_avgpool -> conv -> relu -> conv -> sigmoid"""
    channels = unit.shapes[x].channels
    inner = Conv((1, 1), channels // reduction, bias=0.0)
    ops = (GlobalAvgpool(), inner, Relu(), Conv((1, 1), channels, bias=0.0), Sigmoid())
    g = unit.chain(x, ops, group="squeeze_excite")
    return unit.add(Multiply(), g, x, group="squeeze_excite")


Sections = Sequence[tuple[str, str, Sequence[Block] | Sequence[Op]]]
"""Label, kind, and the blocks of a stage or the ops of a chain."""


@dataclass(frozen=True)
class Around:
    """A link around blocks `first` to `last`, both included, from 0 over all blocks; `level` 1 is the outermost."""

    name: str
    level: int
    first: int
    last: int
    junction: Junction = conv_shortcut


@dataclass
class _Assembly:
    steps: list[Step] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    block_steps: list[int] = field(default_factory=list)
    units: dict[Unit, Unit] = field(default_factory=dict)


def assemble(
    input: Shape,
    sections: Sections,
    *,
    links: Sequence[Around] = (),
    survive: Callable[[int, int], float] | None = None,
    per: str = "batch",
    **fields: object,
) -> Graph:
    """The graph; `survive(l, L)` is the survival probability of block l = 1..L."""
    made = _Assembly()
    n_blocks = sum(len(content) for _, kind, content in sections if kind == "stage")
    first_steps: dict[int, int] = {}
    shapes = [input]
    for label, kind, content in sections:
        first = len(made.steps)
        for place, block in enumerate(content if kind == "stage" else [content], start=1):
            position = len(made.steps)
            survival = None
            inputs: tuple[int, ...] = (position,)
            if kind == "stage":
                number = len(made.block_steps)
                first_steps[number] = position
                made.block_steps.append(position)
                ending = sorted((link for link in links if link.last == number), key=lambda link: -link.level)
                sources = [first_steps[link.first] for link in ending]
                joined = [
                    (link.name, shapes[source], link.junction) for link, source in zip(ending, sources, strict=True)
                ]
                unit = block.unit(shapes[-1], joined, survive=survive is not None)
                survival = survive(number + 1, n_blocks) if survive else None
                inputs += tuple(sources)
            else:
                unit = chain(kind, shapes[-1], block)
            unit = made.units.setdefault(unit, unit)
            made.steps.append(Step(unit, inputs, label, place, survival))
            shapes.append(unit.output_shape)
        made.sections.append(Section(label, kind, first, len(made.steps) - 1))
    placed = [
        Link(
            link.name,
            "by hand",
            link.level,
            made.block_steps[link.first],
            made.block_steps[link.last],
            first_steps[link.first],
        )
        for link in sorted(links, key=lambda link: (link.level, link.first))
    ]
    schedule = Survival("by hand", per) if survive else None
    given: dict[str, object] = {"name": "net", "parameters": (), **fields}
    return Graph(
        input=input,
        steps=tuple(made.steps),
        sections=tuple(made.sections),
        links=tuple(placed),
        survival=schedule,
        **given,
    )


def chain(kind: str, x: Shape, ops: Sequence[Op]) -> Unit:
    """A chain of layers; flattens a single pixel before a linear layer, as elaboration does."""
    unit = UnitBuilder(x)
    value = 0
    for op in ops:
        if isinstance(op, Linear) and unit.shapes[value].rank:
            value = unit.add(Flatten(), value, part="chain")
        value = unit.add(op, value, part="chain")
    return unit.unit(kind, value)


# ---------------------------------------------------------------- the papers' networks


def conv(kernel: int, channels: int, stride: int = 1, **settings: object) -> Conv:
    return Conv((kernel, kernel), channels, (stride, stride), **settings)


def basic(width: int, stride: int = 1, **fields: object) -> Block:
    """He et al. 2016, Fig. 5 (left)"""
    residual = (conv(3, width, stride), BatchNorm(), Relu(), conv(3, width), BatchNorm())
    return Block(residual, after=(Relu(),), name="basic", **fields)


def bottleneck(
    width: int, stride: int = 1, *, v1: bool = False, groups: int = 1, inner: int = 0, **fields: object
) -> Block:
    """He et al. 2016, Fig. 5 (right); the stride on the 3x3, or as v1 on the first 1x1"""
    inner = inner or width
    first, second = (stride, 1) if v1 else (1, stride)
    residual = (
        conv(1, inner, first), BatchNorm(), Relu(),
        conv(3, inner, second, groups=groups), BatchNorm(), Relu(),
        conv(1, 4 * width), BatchNorm(),
    )  # fmt: skip
    return Block(residual, after=(Relu(),), name="bottleneck", **fields)


def preact_basic(width: int, stride: int = 1, **fields: object) -> Block:
    """He et al. 2016b, Fig. 4(e)"""
    residual = (conv(3, width, stride), BatchNorm(), Relu(), conv(3, width))
    return Block(residual, before=(BatchNorm(), Relu()), name="preact_basic", **fields)


def preact_bottleneck(width: int, stride: int = 1, **fields: object) -> Block:
    """He et al. 2016b, the 164- and 1001-layer networks; the stride on the first 1x1"""
    residual = (
        conv(1, width, stride), BatchNorm(), Relu(), conv(3, width), BatchNorm(), Relu(), conv(1, 4 * width),
    )  # fmt: skip
    return Block(residual, before=(BatchNorm(), Relu()), name="preact_bottleneck", **fields)


def stage(block: Callable[..., Block], width: int, n: int, stride: int = 1, **fields: object) -> list[Block]:
    return [block(width, stride, **fields), *[block(width, **fields)] * (n - 1)]


IMAGENET_STEM = (conv(7, 64, 2), BatchNorm(), Relu(), Maxpool((3, 3), (2, 2)))
POST_HEAD = (GlobalAvgpool(), Linear(10))
PRE_HEAD = (BatchNorm(), Relu(), GlobalAvgpool(), Linear(10))


def imagenet(
    block: Callable[..., Block], counts: Sequence[int], *, size: int = 224, classes: int = 1000, **fields: object
) -> Graph:
    """ResNet-18 … 152 of He et al. 2016, Table 1, option B."""
    stages: Sections = [
        (f"conv{i + 2}", "stage", stage(block, 64 * 2**i, n, 1 if i == 0 else 2, **fields))
        for i, n in enumerate(counts)
    ]
    head = ("head", "head", (GlobalAvgpool(), Linear(classes)))
    return assemble(Shape(3, (size, size)), [("stem", "stem", IMAGENET_STEM), *stages, head])


def cifar(
    n: int,
    block: Callable[..., Block] = basic,
    *,
    widen: int = 1,
    stem: Sequence[Op] = (conv(3, 16), BatchNorm(), Relu()),
    head: Sequence[Op] = POST_HEAD,
    links: Sequence[Around] = (),
    survive: Callable[[int, int], float] | None = None,
    **fields: object,
) -> Graph:
    """Three stages of n blocks, 16, 32 and 64 times `widen` channels (He et al. 2016, §4.2); option A unless said."""
    fields.setdefault("junction", zero_pad)
    stages: Sections = [
        (f"s{i + 1}", "stage", stage(block, 16 * widen * 2**i, n, 1 if i == 0 else 2, **fields)) for i in range(3)
    ]
    sections = [("stem", "stem", stem), *stages, ("head", "head", head)]
    return assemble(Shape(3, (32, 32)), sections, links=links, survive=survive)


def ror_links(n: int) -> list[Around]:
    """RoR-3: root around everything, middle around each stage, all 1x1 convolutions (Zhang et al. 2016, Fig. 2)."""
    return [Around("root", 1, 0, 3 * n - 1), *(Around("middle", 2, i * n, (i + 1) * n - 1) for i in range(3))]


def ror3(n: int, **fields: object) -> Graph:
    return cifar(n, links=ror_links(n), **fields)


def wrn(n: int, widen: int, **fields: object) -> Graph:
    """WRN-(6n+4)-k (Zagoruyko & Komodakis 2016): bare stem, projections without norm from before(x)."""
    return cifar(n, preact_basic, widen=widen, stem=(conv(3, 16),), head=PRE_HEAD, junction=conv_where_needed, **fields)


def huang(last: float) -> Callable[[int, int], float]:
    """p_l = 1 - l/L (1 - p_L) (Huang et al. 2016, eq. 4)"""
    return lambda l, L: 1 - l / L * (1 - last)
