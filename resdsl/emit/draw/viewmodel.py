"""What a picture of a network shows, before it has a place: rows of blocks, chains, links, and numbers beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from resdsl.emit.draw.looks import Look
from resdsl.ir.graph import Graph, Section
from resdsl.ir.unit import Unit
from resdsl.record import record
from resdsl.shape import Shape

Mark = Literal["", "+", "-", "~", "="]
"""In a picture of changes: added, removed, changed, the same; empty in all others."""


@record
class Marks:
    """What happened to the steps and links of one of two networks, by their numbers; the others are the same."""

    steps: Mapping[int, Mark]
    links: Mapping[int, Mark]


@record
class Lane:
    """A link as it is drawn around rows: from the first step that it spans to the last.

    Attributes:
        key: `link.root`, `link.middle.2`: unique in a network.
        name: the author's.
        level: 1 for the outermost.
        look: how its kind looks; None for a link without a path for x.
        first: the first step that it goes around (from 0).
        last: the last one.
        count: how many equal links it stands for: in a stack, one for each repetition.
        lines: the lines of the spec that made it.
        mark: what happened to it, in a picture of changes.
    """

    key: str
    name: str
    level: int
    look: Look | None
    first: int
    last: int
    count: int = 1
    lines: tuple[int, ...] = ()
    mark: Mark = ""


@record
class Row:
    """One block, or a run of neighbours that are drawn as one.

    Attributes:
        key: `s1.3`, `s1.2-17`.
        name: what the blocks are, in words: the definition, or `12 kinds` where they differ.
        places: the first and last place in the stage, from 1.
        first: the first step of the spine.
        last: the last one.
        unit: that of the first block.
        look: how the blocks' own shortcut looks; None for none.
        inner: the links that lie wholly in a run, outer first.
        survival: p_l of the first and the last block; None where no schedule applies.
        survivals: p_l of every block.
        notes: further facts, in words (`16…270 channels`).
        inside: the layers of each block, in words (`3×3, 64 · 3×3, 64`); empty where the blocks of a run differ.
        lines: the lines of the spec that placed the blocks.
        tip: what to tell about it.
        mark: what happened to it, in a picture of changes.
        kind: the number of its kind of unit, as the view `unit` has it.
    """

    key: str
    name: str
    places: tuple[int, int]
    first: int
    last: int
    unit: Unit
    look: Look | None
    inner: tuple[Lane, ...] = ()
    survival: tuple[float, float] | None = None
    survivals: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    inside: str = ""
    lines: tuple[int, ...] = ()
    tip: tuple[str, ...] = ()
    mark: Mark = ""
    kind: int = 1

    @property
    def count(self) -> int:
        """How many blocks it stands for."""
        return self.last - self.first + 1


@record
class Stage:
    """A stage and its rows.

    Attributes:
        section: of the graph.
        number: among the stages, from 1.
        rows: in order; together they hold every block once.
        output: the shape that leaves.
        params: trainable values.
        macs: multiply-adds for one sample.
        field: the receptive field of what leaves, in words; empty where every pixel sees everything.
        tapped: whether its output is returned as a feature.
        lines: the lines of the spec that made it.
        tip: what to tell about it.
    """

    section: Section
    number: int
    rows: tuple[Row, ...]
    output: Shape
    params: int
    macs: int
    field: str = ""
    tapped: bool = False
    lines: tuple[int, ...] = ()
    tip: tuple[str, ...] = ()


@record
class Chain:
    """Layers one after another: stem, head, or a chain between stages.

    Attributes:
        section: of the graph.
        words: its layers, one weighted layer with what follows it a line: `conv 3×3, 16 · BN · ReLU`.
        unit: the layers.
        output: the shape that leaves.
        params: trainable values.
        macs: multiply-adds for one sample.
        tapped: whether its output is returned as a feature.
        lines: the lines of the spec that made it.
        tip: what to tell about it.
        mark: what happened to it, in a picture of changes.
    """

    section: Section
    words: tuple[str, ...]
    unit: Unit
    output: Shape
    params: int
    macs: int
    tapped: bool = False
    lines: tuple[int, ...] = ()
    tip: tuple[str, ...] = ()
    mark: Mark = ""


@record
class Net:
    """A network as it is shown.

    Attributes:
        graph: it.
        title: its name and parameters.
        facts: one line of numbers.
        parts: chains and stages, in order.
        lanes: the links that are drawn around rows, outer first; the others are in `Row.inner`.
        n_levels: the deepest level of a link; 0 where there is none.
    """

    graph: Graph
    title: str
    facts: str
    parts: tuple[Chain | Stage, ...]
    lanes: tuple[Lane, ...]
    n_levels: int

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages alone."""
        return tuple(part for part in self.parts if isinstance(part, Stage))

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, in order."""
        return tuple(row for stage in self.stages for row in stage.rows)

    @property
    def has_survival(self) -> bool:
        """Whether a schedule applies to any block."""
        return any(row.survival is not None for row in self.rows)
