"""Places links: which blocks each goes around, how they nest, and which end where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from resdsl.diagnostics import Code, Note, nearest
from resdsl.elaborate.evaluate import evaluate_int
from resdsl.elaborate.problems import Problems, mistake
from resdsl.elaborate.scope import Scope
from resdsl.elaborate.shortcuts import Junction
from resdsl.record import record
from resdsl.source import Span
from resdsl.syntax import ast


@record
class StageBlocks:
    """The blocks `first` to `last` (both included, from 0 over the whole network) of a stage."""

    label: str
    first: int
    last: int

    @property
    def n_blocks(self) -> int:
        """How many blocks it has."""
        return self.last - self.first + 1


@record
class LinkSpan:
    """A link around the blocks `first` to `last`, both included, from 0 over the whole network.

    `level` is 1 for the outermost, and grows inwards; `order` tells links with equal spans apart: the lower is inner.
    """

    name: str
    junction: Junction
    first: int
    last: int
    span: Span
    order: int
    level: int = 0


def place_links(
    statements: Sequence[tuple[ast.Link | ast.Levels, Scope]], stages: Sequence[StageBlocks], problems: Problems
) -> tuple[LinkSpan, ...]:
    """All links with their levels, outer before inner, then by first block; mistakes go to `problems`."""
    spans: list[LinkSpan] = []
    for statement, scope in statements:
        with problems.collect():
            junction = Junction(statement.kinds, scope)
            for name, first, last in _spans(statement, scope, stages):
                spans.append(LinkSpan(name, junction, first, last, statement.span, order=len(spans)))
    return _nest(spans, problems)


def _spans(
    statement: ast.Link | ast.Levels, scope: Scope, stages: Sequence[StageBlocks]
) -> Iterator[tuple[str, int, int]]:
    if not stages:
        raise mistake(Code.LINK_SPAN, "there are no blocks that a link could go around", statement.span)
    match statement:
        case ast.Levels():
            yield from _levels(statement, scope, stages)
        case ast.Link():
            for first, last in _over(statement, scope, stages):
                yield statement.name, first, last


def _over(link: ast.Link, scope: Scope, stages: Sequence[StageBlocks]) -> Iterator[tuple[int, int]]:
    over = link.over
    match over:
        case ast.OverAll():
            yield stages[0].first, stages[-1].last
        case ast.OverEachStage():
            yield from ((stage.first, stage.last) for stage in stages)
        case ast.OverEach():
            yield from _each(over, scope, stages)
        case ast.OverStage():
            stage = _stage(over.label, over.span, stages)
            yield stage.first, stage.last
        case ast.OverBlock():
            stage = _stage(over.label, over.span, stages)
            block = _block(over.index, scope, stage)
            yield block, block
        case ast.OverBlocks():
            stage = _stage(over.label, over.span, stages)
            first, last = _block(over.first, scope, stage), _block(over.last, scope, stage)
            if last < first:
                raise mistake(Code.LINK_SPAN, f"the span `{over.span.text}` is empty", over.span)
            yield first, last
        case ast.OverStages():
            first, last = _stage(over.first, over.span, stages), _stage(over.last, over.span, stages)
            if last.first < first.first:
                message = f"`{over.last}` comes before `{over.first}`"
                raise mistake(Code.LINK_SPAN, message, over.span, help=f"write `{over.last}..{over.first}`")
            yield first.first, last.last


def _each(over: ast.OverEach, scope: Scope, stages: Sequence[StageBlocks]) -> Iterator[tuple[int, int]]:
    size = evaluate_int(over.blocks, scope, "the number of blocks that each link goes around")
    for stage in stages:
        if stage.n_blocks % size:
            message = f"`each {size}` does not divide the {stage.n_blocks} blocks of {stage.label}"
            raise mistake(Code.LINK_SPAN, message, over.span)
        yield from ((first, first + size - 1) for first in range(stage.first, stage.last + 1, size))


def _stage(label: str, span: Span, stages: Sequence[StageBlocks]) -> StageBlocks:
    for stage in stages:
        if stage.label == label:
            return stage
    labels = [stage.label for stage in stages]
    near = nearest(label, labels)
    help = f"did you mean `{near}`?" if near else f"the stages are {', '.join(labels)}"
    raise mistake(Code.NETWORK_LABEL, f"no stage is labelled `{label}`", span, help=help)


def _block(index: ast.Expression, scope: Scope, stage: StageBlocks) -> int:
    place = evaluate_int(index, scope, "a block's place in its stage")
    if place > stage.n_blocks:
        message = f"{stage.label} has {stage.n_blocks} blocks; there is no number {place}"
        raise mistake(Code.LINK_SPAN, message, index.span)
    return stage.first + place - 1


def _levels(statement: ast.Levels, scope: Scope, stages: Sequence[StageBlocks]) -> Iterator[tuple[str, int, int]]:
    """RoR-m: level 1 around all, level 2 around each stage, each further level splits every span in three."""
    count = evaluate_int(statement.count, scope, "the number of levels")
    if count >= 2:
        yield "level1", stages[0].first, stages[-1].last
    spans = [(stage.first, stage.last) for stage in stages]
    for level in range(2, count):
        yield from ((f"level{level}", first, last) for first, last in spans)
        if level + 1 < count:
            spans = [third for span in spans for third in _thirds(span, level + 1, statement)]


def _thirds(span: tuple[int, int], level: int, statement: ast.Levels) -> Iterator[tuple[int, int]]:
    first, last = span
    size, rest = divmod(last - first + 1, 3)
    if rest or not size:
        message = f"level {level} splits spans of {last - first + 1} blocks in three, which leaves a rest"
        help = "choose fewer levels, or a depth whose stages divide by three that often"
        raise mistake(Code.LINK_LEVELS, message, statement.count.span, help=help)
    yield from ((start, start + size - 1) for start in range(first, last + 1, size))


def _nest(spans: list[LinkSpan], problems: Problems) -> tuple[LinkSpan, ...]:
    placed: list[LinkSpan] = []
    open_spans: list[LinkSpan] = []
    for span in sorted(spans, key=lambda span: (span.first, -span.last, -span.order)):
        while open_spans and open_spans[-1].last < span.first:
            open_spans.pop()
        if open_spans and span.last > open_spans[-1].last:
            _report_crossing(open_spans[-1], span, problems)
            continue
        level = len(open_spans) + 1
        placed.append(LinkSpan(span.name, span.junction, span.first, span.last, span.span, span.order, level))
        open_spans.append(span)
    return tuple(sorted(placed, key=lambda span: (span.level, span.first)))


def _report_crossing(outer: LinkSpan, inner: LinkSpan, problems: Problems) -> None:
    crossing = mistake(
        Code.LINK_CROSSES,
        f"link {inner.name} goes around blocks {inner.first + 1}..{inner.last + 1} and crosses "
        f"link {outer.name}, around blocks {outer.first + 1}..{outer.last + 1}",
        inner.span,
        notes=(Note(outer.span, "the other link"),) if outer.span != inner.span else (),
        help="links nest or are disjoint: let one hold the other",
    )
    problems.add(crossing.diagnostic)
