"""From items in series to blocks, links and the chains between them, as the language cuts a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from os.path import commonprefix
from typing import TypeAlias

from resdsl.diagnostics import ResError
from resdsl.integrations.importer.refused import refused
from resdsl.integrations.importer.structure import Item, Junction, Region, Single
from resdsl.integrations.importer.trace import Trace
from resdsl.ops import Add, BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from resdsl.ops.activation import Activation

Piece: TypeAlias = "Single | Region"
"""A layer, or several layers as one: what a chain is made of."""


@dataclass(frozen=True, slots=True)
class SeenBlock:
    """A block as it stands in the trace: y = after(links(f + shortcut)).

    Attributes:
        x: the value that enters.
        before: the layers that come first; the residual branch takes what they give.
        shares: whether the shortcut takes that, too, rather than x.
        residual: the layers of the branch after `before`.
        shortcut: the layers of the shortcut; empty for the identity.
        f: the value that the branch computes.
        junction: the value of the addition.
        total: the value after the links that end here.
        after: the layers after that.
    """

    x: int
    before: tuple[Piece, ...]
    shares: bool
    residual: tuple[Piece, ...]
    shortcut: tuple[Piece, ...]
    f: int
    junction: int
    total: int
    after: tuple[Piece, ...]

    @property
    def entry(self) -> int:
        """The value that the shortcut takes."""
        return self.before[-1].exit if self.before and self.shares else self.x

    @property
    def y(self) -> int:
        """The value that leaves."""
        return self.after[-1].exit if self.after else self.total


@dataclass(frozen=True, slots=True)
class SeenLink:
    """A link as it stands in the trace: around blocks `first` to `last` (from 0), from `entry`, into `exit`."""

    first: int
    last: int
    entry: int
    f: int
    shortcut: tuple[Piece, ...]
    exit: int


@dataclass(frozen=True, slots=True)
class SeenNetwork:
    """Blocks in order; `chains[k]` are the layers before block k that belong to none, the last those of the head."""

    blocks: tuple[SeenBlock, ...]
    chains: tuple[tuple[Piece, ...], ...]
    links: tuple[SeenLink, ...]


def find_blocks(trace: Trace, items: tuple[Item, ...]) -> SeenNetwork:
    """Cuts a network into blocks, links and chains.

    Raises:
        ResError: where it has no block, or a shortcut that the language has no place for.
    """
    walk = _Walk(trace)
    walk.items(items)
    if not walk.blocks:
        raise _no_block(trace)
    after = _common_start(trace, walk.gaps)
    pattern = _shared_pattern(trace, walk, after)
    blocks: list[SeenBlock] = []
    chains: list[tuple[Piece, ...]] = []
    gaps = walk.gaps
    for number, junction in enumerate(walk.blocks):
        gap = _without(trace, gaps[number], after) if number else gaps[0]
        n_before = len(pattern) if _takes_from(trace, gap, junction, pattern) else 0
        chains.append(gap[: len(gap) - n_before])
        blocks.append(_block(trace, junction, gap[len(gap) - n_before :], pattern))
    for number in range(len(blocks)):
        gap = gaps[number + 1]
        ends = tuple(gap[: len(after)]) if _texts(trace, gap)[: len(after)] == after else ()
        total = max([link.exit for link in walk.links if link.last == number], default=blocks[number].junction)
        blocks[number] = replace(blocks[number], total=total, after=ends)
    chains.append(_without(trace, gaps[-1], after))
    _check_links(trace, blocks, walk.links)
    return SeenNetwork(tuple(blocks), tuple(chains), tuple(walk.links))


def _no_block(trace: Trace) -> ResError:
    """The error for a network without a block; additions in it join paths that share layers."""
    added = next((value for value in trace.values if isinstance(value.op, Add)), None)
    if added is None:
        return refused("no shortcut is added anywhere: this is no residual network")
    message = "an addition joins paths that share layers or other additions; a shortcut goes around a block by itself"
    return refused(message, added.place)


@dataclass(slots=True)
class _Walk:
    """Collects, in order, the junctions that are blocks, the pieces between them, and the links around them."""

    trace: Trace
    blocks: list[Junction] = field(default_factory=list[Junction])
    gaps: list[tuple[Piece, ...]] = field(default_factory=lambda: [()])
    links: list[SeenLink] = field(default_factory=list[SeenLink])

    def items(self, items: tuple[Item, ...]) -> None:
        for item in items:
            if isinstance(item, Junction):
                self._junction(item)
            else:
                self.gaps[-1] = (*self.gaps[-1], item)

    def _junction(self, junction: Junction) -> None:
        n_inner = sum(1 for _ in _inner(junction))
        if n_inner == 0:
            self.blocks.append(junction)
            self.gaps.append(())
            return
        last = junction.f[-1]
        if not isinstance(last, Junction):
            if n_inner <= _MOST_INNER:
                self.blocks.append(replace(junction, f=tuple(map(self._region, junction.f))))
                self.gaps.append(())
                return
            place = self.trace.values[junction.exit].place
            message = f"a shortcut goes around {n_inner} blocks and the layers after them"
            raise refused(message, place, help="a `link` of the language ends where its last block does")
        first = len(self.blocks)
        self.items(junction.f)
        self.links.append(
            SeenLink(first, len(self.blocks) - 1, junction.entry, last.exit, _pieces(junction.shortcut), junction.exit)
        )

    def _region(self, item: Item) -> Item:
        """An addition inside a branch is a part of its layers, not a block."""
        if not isinstance(item, Junction):
            return item
        return Region(item.entry, tuple(self.trace.between(item.entry, item.exit)))


_MOST_INNER = 2
"""As many additions may be parts of a branch; more are blocks."""


def _inner(junction: Junction) -> Iterator[Junction]:
    for item in junction.f:
        if isinstance(item, Junction):
            yield item
            yield from _inner(item)


def _pieces(items: tuple[Item, ...]) -> tuple[Piece, ...]:
    return tuple(item for item in items if not isinstance(item, Junction))


def _block(trace: Trace, junction: Junction, before: tuple[Piece, ...], pattern: tuple[str, ...]) -> SeenBlock:
    """The block of a junction; `before` stands in front of it, or begins its branch."""
    residual = _pieces(junction.f)
    x = trace.values[before[0].exit].inputs[0] if before else junction.entry
    shares = bool(before)
    if not before and pattern and _texts(trace, residual)[: len(pattern)] == pattern:
        before, residual = residual[: len(pattern)], residual[len(pattern) :]
    f = junction.f[-1].exit if junction.f else junction.entry
    return SeenBlock(x, before, shares, residual, _pieces(junction.shortcut), f, junction.exit, junction.exit, ())


def _common_start(trace: Trace, gaps: list[tuple[Piece, ...]]) -> tuple[str, ...]:
    """The normalisations and activations that every block but perhaps the last is followed by."""
    return tuple(commonprefix([_leading(trace, gap) for gap in gaps[1:-1] or gaps[-1:]]))  # noqa: RUF071  of tuples


def _shared_pattern(trace: Trace, walk: _Walk, after: tuple[str, ...]) -> tuple[str, ...]:
    """The pre-activation that some block's shortcut takes and other blocks begin their branch with; or nothing."""
    leading = Counter(_leading(trace, _pieces(junction.f)) for junction in walk.blocks)
    gaps = [walk.gaps[0], *(_without(trace, gap, after) for gap in walk.gaps[1:-1])]
    for pattern, _ in leading.most_common():
        if any(_takes_from(trace, gap, junction, pattern) for gap, junction in zip(gaps, walk.blocks, strict=True)):
            return pattern
    return ()


def _takes_from(trace: Trace, gap: tuple[Piece, ...], junction: Junction, pattern: tuple[str, ...]) -> bool:
    """Whether the layers in front of a block end with the pre-activation that its own branch does not begin with."""
    begins = _texts(trace, _pieces(junction.f))[: len(pattern)]
    return pattern != () and _texts(trace, gap)[-len(pattern) :] == pattern != begins


def _leading(trace: Trace, pieces: tuple[Piece, ...]) -> tuple[str, ...]:
    """The normalisations and activations that some layers begin with."""
    found: list[str] = []
    for piece in pieces:
        if not isinstance(piece, Single) or not isinstance(trace.values[piece.exit].op, NORMS | Activation):
            break
        found.append(_text(trace, piece))
    return tuple(found)


def _without(trace: Trace, gap: tuple[Piece, ...], after: tuple[str, ...]) -> tuple[Piece, ...]:
    return gap[len(after) :] if _texts(trace, gap)[: len(after)] == after else gap


def _texts(trace: Trace, pieces: tuple[Piece, ...]) -> tuple[str, ...]:
    return tuple(_text(trace, piece) for piece in pieces)


def _text(trace: Trace, piece: Piece) -> str:
    return str(trace.values[piece.exit].op) if isinstance(piece, Single) else f"region {piece.exit}"


def _check_links(trace: Trace, blocks: list[SeenBlock], links: list[SeenLink]) -> None:
    """Raises ResError for a link that does not take what enters its first block."""
    for link in links:
        if link.entry != blocks[link.first].x:
            message = "a shortcut around several blocks takes what enters the layers in front of them"
            place = trace.values[link.exit].place
            raise refused(message, place, help="a `link` of the language takes what enters its first block")


NORMS = BatchNorm | GroupNorm | LayerNorm | InstanceNorm
"""The layers that `norm` may stand for."""
