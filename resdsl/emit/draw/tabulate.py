"""The table of the papers: rows are stages, columns are networks, cells are blocks as brackets of layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from resdsl.analysis.depth import depth
from resdsl.analysis.structure import Run, structure
from resdsl.emit.draw.align import align
from resdsl.emit.draw.fold import Detail
from resdsl.emit.draw.inside import inside_words
from resdsl.emit.draw.naming import names
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.view import view
from resdsl.emit.draw.viewmodel import Chain, Net, Stage
from resdsl.emit.draw.wording import clean, count_words, kind_words, probability_words, times
from resdsl.ir.graph import Graph
from resdsl.record import record


@record
class Matrix:
    """Layers in brackets, and how often: `[3×3, 64; 3×3, 64] × 3`; without brackets where `count` is 0.

    With `survivals`, the words are about these, and a picture has a bar of them below.
    """

    layers: tuple[str, ...]
    count: int = 0
    survivals: tuple[float, ...] = ()


Cell = tuple[Matrix, ...]


@record
class Table:
    """Texts in rows and columns.

    Attributes:
        title: of the whole.
        nets: the heads of the columns of networks.
        rows: label, output size, and a cell of each network.
        sums: label and one text for each network: depth, parameters, multiply-adds.
    """

    title: str
    nets: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Cell, ...]], ...]
    sums: tuple[tuple[str, tuple[str, ...]], ...]


def tabulate(graphs: Sequence[Graph], *, shade: bool = False) -> Table:
    """The table of one or more networks; with `shade`, with the survival of each stage."""
    nets = [view(Reading(graph), Detail(1, 0)) for graph in graphs]
    runs = {graph: structure(graph) for graph in graphs}
    rows: list[tuple[str, str, tuple[Cell, ...]]] = []
    for parts in align(nets):
        labels = dict.fromkeys(part.section.label for part in parts if part)
        sizes = dict.fromkeys(_size(part) for part in parts if part)
        cells = tuple(_cell(net, part, runs[net.graph], shade=shade) for net, part in zip(nets, parts, strict=True))
        rows.append((" / ".join(map(clean, labels)), " / ".join(sizes), cells))
    depths = [depth(graph) for graph in graphs]
    sums = [
        ("depth", tuple(str(one.depth) for one in depths)),
        ("params", tuple(f"{_params(net):,}" for net in nets)),
        ("MACs", tuple(count_words(sum(part.macs for part in net.parts)) for net in nets)),
    ]
    if any(graph.survival for graph in graphs):
        kept = tuple(f"{one.expected_depth:.1f}" if g.survival else "" for one, g in zip(depths, graphs, strict=True))
        sums.insert(1, ("depth on average", kept))
    title = ", ".join(net.title for net in nets)
    return Table(title, tuple(name.bold for name in names(graphs)), tuple(rows), tuple(sums))


def _params(net: Net) -> int:
    return sum(part.params for part in net.parts)


def _size(part: Chain | Stage) -> str:
    return times(part.output.size)


def _cell(net: Net, part: Chain | Stage | None, runs: Mapping[str, tuple[Run, ...]], *, shade: bool) -> Cell:
    if part is None:
        return ()
    if isinstance(part, Chain):
        return (Matrix(part.words),)
    steps = net.graph.steps[part.section.first : part.section.last + 1]
    matrices = [_matrix(run) for run in runs[part.section.label]]
    if len(matrices) > 4:
        matrices = [*matrices[:2], Matrix((f"… {len(matrices) - 3} more kinds",)), matrices[-1]]
    kept = [step.survival for step in steps if step.survival is not None]
    if shade and kept:
        matrices.append(Matrix((probability_words(kept[0], kept[-1]),), survivals=tuple(kept)))
    return tuple(matrices)


def _matrix(run: Run) -> Matrix:
    """The weighted layers of a run of blocks, without those of gates inside it."""
    return Matrix(inside_words(run.layers) or (kind_words(run.definition),), run.count)
