"""Chooses which blocks of a stage are drawn alone and which runs of neighbours as one stack."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import groupby

from resdsl.emit.draw.reading import Reading
from resdsl.ir.graph import Link, Section
from resdsl.record import record


@record
class Detail:
    """How much of a stage is unfolded.

    Attributes:
        first: how many blocks, or spans, at the beginning of a stage or a span are drawn alone.
        last: how many at its end, where links land.
        alike: what makes neighbours equal: the same `unit`; the same `kind` of block, whatever its channels; the tag
            alone: `any` block; or nothing at all: `all` blocks.
    """

    first: int
    last: int
    alike: str = "unit"


UNLIKE = frozenset({"any", "all"})
"""Neighbours that differ are drawn as one."""

EVERYTHING = Detail(10**9, 10**9)
"""Every block alone."""


@record
class Run:
    """Steps `first` to `last` of the spine (both included) that are drawn as one."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """How many steps."""
        return self.last - self.first + 1


def fold(reading: Reading, section: Section, detail: Detail, tags: Mapping[int, Hashable]) -> tuple[Run, ...]:
    """The runs of a stage, in order; each of its steps is in exactly one.

    No link begins or ends inside a run unless it lies in it wholly, and steps with different `tags` are never in one,
    unless the detail says `all`.
    """
    whole = section.first, section.last
    spans = [
        (max(link.first, section.first), min(link.last, section.last), link)
        for link in reading.graph.links
        if link.first <= section.last and section.first <= link.last
    ]
    inside = [span for span in spans if span[:2] != whole]
    root = _tree(*whole, sorted(inside, key=lambda span: (span[0], -span[1], span[2].level)))
    return tuple(_runs(root.children, _Keys(reading, detail, tags)))


@record
class _Span:
    """Steps `first` to `last` with the spans inside; a single step has no children."""

    first: int
    last: int
    name: str
    children: tuple[_Span, ...]


def _tree(first: int, last: int, links: Sequence[tuple[int, int, Link]], name: str = "") -> _Span:
    """The nesting of links over the steps, each step that no link holds as a leaf."""
    children: list[_Span] = []
    at = first
    position = 0
    while at <= last:
        if position == len(links) or links[position][0] > at:
            children.append(_Span(at, at, "", ()))
            at += 1
            continue
        start, stop, link = links[position]
        end = position + 1
        while end < len(links) and links[end][0] <= stop:
            end += 1
        children.append(_tree(start, stop, links[position + 1 : end], f"{link.name} {link.kind}"))
        at, position = stop + 1, end
    return _Span(first, last, name, tuple(children))


@record
class _Keys:
    """What makes neighbours equal."""

    reading: Reading
    detail: Detail
    tags: Mapping[int, Hashable]

    def of(self, span: _Span) -> Hashable:
        """The key of a span, or of a single step."""
        if self.detail.alike in UNLIKE:
            return self.tags.get(span.first) if self.detail.alike == "any" else None
        if not span.children:
            return self.tags.get(span.first), self.reading.key(self.reading.graph.steps[span.first], self.detail.alike)
        return span.name, *map(self.of, span.children)


def _runs(children: Sequence[_Span], keys: _Keys) -> Iterator[Run]:
    detail = keys.detail
    head = children[: detail.first]
    tail = children[max(len(head), len(children) - detail.last) :]
    middle = children[len(head) : len(children) - len(tail)]
    for child in head:
        yield from _unfolded(child, keys)
    for _, equal in groupby(middle, key=keys.of):
        run = list(equal)
        if len(run) == 1 and detail.alike not in UNLIKE:
            yield from _unfolded(run[0], keys)
        else:
            yield Run(run[0].first, run[-1].last)
    for child in tail:
        yield from _unfolded(child, keys)


def _unfolded(span: _Span, keys: _Keys) -> Iterator[Run]:
    if span.children:
        yield from _runs(span.children, keys)
    else:
        yield Run(span.first, span.last)
