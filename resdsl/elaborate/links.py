"""Places links: which blocks each goes around, how they nest, and which end where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd

from resdsl.diagnostics import Code, Fix, Note
from resdsl.elaborate.evaluate import evaluate_int
from resdsl.elaborate.problems import Echo, Mistake, Problems, mistake
from resdsl.elaborate.scope import Scope
from resdsl.elaborate.shortcuts import Junction
from resdsl.elaborate.work import LINK, foresee, spend
from resdsl.record import evolve, record
from resdsl.source import Span
from resdsl.syntax import ast


@record
class StageBlocks:
    """The blocks `first` to `last` (both included, from 0 over the whole network) of a stage.

    Where `is_known` is false, how many it has is a guess.
    """

    label: str
    first: int
    last: int
    span: Span
    is_known: bool = True

    @property
    def n_blocks(self) -> int:
        """How many blocks it has."""
        return self.last - self.first + 1


@record
class LinkSpan:
    """A link around the blocks `first` to `last`, both included, from 0 over the whole network.

    `level` is 1 for the outermost, and grows inwards; `order` tells links with equal spans apart: the lower is inner.
    `over` is the text that says what it goes around.
    """

    name: str
    junction: Junction
    first: int
    last: int
    span: Span
    over: Span
    order: int
    level: int = 0


def place_links(
    statements: Sequence[tuple[ast.Link | ast.Levels, Scope]], stages: Sequence[StageBlocks], problems: Problems
) -> tuple[LinkSpan, ...]:
    """All links with their levels, outer before inner, then by first block; mistakes go to `problems`."""
    spans: list[LinkSpan] = []
    for statement, scope in statements:
        with problems.go_on():
            junction = Junction(statement.kinds, scope)
            over = statement.over.span if isinstance(statement, ast.Link) else statement.count.span
            found = tuple(_spans(statement, scope, stages))  # of a wrong statement none
            spend(LINK * len(found), statement.span)
            for name, first, last in found:
                spans.append(LinkSpan(name, junction, first, last, statement.span, over, order=len(spans)))
    return _nest(spans, stages, problems)


def _spans(
    statement: ast.Link | ast.Levels, scope: Scope, stages: Sequence[StageBlocks]
) -> Iterator[tuple[str, int, int]]:
    if not stages:
        message = "there are no blocks that a link could go around"
        raise mistake(
            Code.LINK_SPAN, message, statement.span, help="blocks stand in stages: `stage s1 : basic(16) * 3`"
        )
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
            stage = _stage(over.label, stages)
            yield stage.first, stage.last
        case ast.OverBlock():
            stage = _stage(over.label, stages)
            block = _block(over.index, scope, stage)
            yield block, block
        case ast.OverBlocks():
            stage = _stage(over.label, stages)
            first, last = _block(over.first, scope, stage), _block(over.last, scope, stage)
            if last < first:
                message = f"the span `{over.span.text}` is empty: the last block comes before the first"
                raise _backwards(over, message, f"{over.label}[{over.last.span.text}..{over.first.span.text}]")
            yield first, last
        case ast.OverStages():
            first, last = _stage(over.first, stages), _stage(over.last, stages)
            if last.first < first.first:
                message = f"`{over.last}` comes before `{over.first}`"
                raise _backwards(over, message, f"{over.last}..{over.first}")
            yield first.first, last.last


def _backwards(over: ast.Over, message: str, right: str) -> Mistake:
    return mistake(Code.LINK_SPAN, message, over.span, help=f"write `{right}`", fixes=(Fix(over.span, right),))


def _each(over: ast.OverEach, scope: Scope, stages: Sequence[StageBlocks]) -> Iterator[tuple[int, int]]:
    size = evaluate_int(over.blocks, scope, "the number of blocks that each link goes around")
    foresee(LINK * (sum(stage.n_blocks for stage in stages if stage.is_known) // size), over.span)
    for stage in stages:
        if not stage.is_known:
            continue
        if stage.n_blocks % size:
            message = f"`each {size}` does not divide the {_blocks(stage.n_blocks)} of {stage.label}"
            notes = (Note(stage.span, f"has {_blocks(stage.n_blocks)}"),)
            common = gcd(*(stage.n_blocks for stage in stages))
            divisors = [number for number in range(2, common + 1) if common % number == 0]
            help = f"every stage can be divided by {', '.join(map(str, divisors))}" if divisors else _IN_PARTS
            raise mistake(Code.LINK_SPAN, message, over.span, notes=notes, help=help)
        yield from ((first, first + size - 1) for first in range(stage.first, stage.last + 1, size))


def _stage(label: str, stages: Sequence[StageBlocks]) -> StageBlocks:
    labelled = [stage for stage in stages if stage.label == label]
    if len(labelled) != 1:
        raise Echo  # its name is told before
    return labelled[0]


def _block(index: ast.Expression, scope: Scope, stage: StageBlocks) -> int:
    place = evaluate_int(index, scope, "a block's place in its stage")
    if not stage.is_known:
        raise Echo
    if place > stage.n_blocks:
        message = f"{stage.label} has {_blocks(stage.n_blocks)}; there is no number {place}"
        notes = (Note(stage.span, f"has {_blocks(stage.n_blocks)}"),)
        raise mistake(Code.LINK_SPAN, message, index.span, notes=notes)
    return stage.first + place - 1


def _blocks(number: int) -> str:
    return "one block" if number == 1 else f"{number} blocks"


_IN_PARTS = "the links of one stage are written one by one: `link a over s1[1..4] via …`"


def _levels(statement: ast.Levels, scope: Scope, stages: Sequence[StageBlocks]) -> Iterator[tuple[str, int, int]]:
    """RoR-m: level 1 around all, level 2 around each stage, each further level splits every span in three."""
    count = evaluate_int(statement.count, scope, "the number of levels")
    if not all(stage.is_known for stage in stages):
        raise Echo
    if count >= 2:
        yield "level1", stages[0].first, stages[-1].last
    most = 2 + min(_divides_by_three(stage.n_blocks) for stage in stages)
    spans = [(stage.first, stage.last) for stage in stages]
    for level in range(2, count):
        yield from ((f"level{level}", first, last) for first, last in spans)
        if level + 1 < count:
            if level == most:
                raise _too_many_levels(statement, most + 1, stages)
            spans = [third for span in spans for third in _thirds(*span)]


def _divides_by_three(number: int) -> int:
    """How often a number can be divided by three."""
    times = 0
    while number % 3 == 0:
        number //= 3
        times += 1
    return times


def _thirds(first: int, last: int) -> Iterator[tuple[int, int]]:
    size = (last - first + 1) // 3
    yield from ((start, start + size - 1) for start in range(first, last + 1, size))


def _too_many_levels(statement: ast.Levels, level: int, stages: Sequence[StageBlocks]) -> Mistake:
    stage = min(stages, key=lambda stage: _divides_by_three(stage.n_blocks))
    size = stage.n_blocks // 3 ** (level - 3)
    message = f"level {level} would split spans of {_blocks(size)} in three"
    notes = (Note(stage.span, f"has {_blocks(stage.n_blocks)}"),)
    help = f"`levels {level}` is the most that these stages allow"
    return mistake(Code.LINK_LEVELS, message, statement.count.span, notes=notes, help=help)


def _nest(spans: list[LinkSpan], stages: Sequence[StageBlocks], problems: Problems) -> tuple[LinkSpan, ...]:
    placed: list[LinkSpan] = []
    open_spans: list[LinkSpan] = []
    for span in sorted(spans, key=lambda span: (span.first, -span.last, -span.order)):
        while open_spans and open_spans[-1].last < span.first:
            open_spans.pop()
        if open_spans and span.last > open_spans[-1].last:
            _report_crossing(open_spans[-1], span, stages, problems)
            continue
        placed.append(evolve(span, level=len(open_spans) + 1))
        open_spans.append(span)
    return tuple(sorted(placed, key=lambda span: (span.level, span.first)))


def _report_crossing(one: LinkSpan, other: LinkSpan, stages: Sequence[StageBlocks], problems: Problems) -> None:
    """Tells it at the statement that comes later in the file."""
    in_one_file = one.over.source is other.over.source
    earlier, later = sorted((one, other), key=lambda link: link.over.start if in_one_file else link.order)
    crossing = mistake(
        Code.LINK_CROSSES,
        f"link {later.name} goes around {_places(later, stages)}, and crosses link {earlier.name}, "
        f"which goes around {_places(earlier, stages)}",
        later.over,
        notes=(Note(earlier.over, "the other"),) if earlier.over != later.over else (),
        help="links nest or are disjoint: let one hold the other",
    )
    problems.add(crossing.diagnostic)


def _places(link: LinkSpan, stages: Sequence[StageBlocks]) -> str:
    places = [
        f"{stage.label}[{block - stage.first + 1 if stage.is_known else '?'}]"
        for block in (link.first, link.last)
        for stage in stages
        if stage.first <= block <= stage.last
    ]
    return f"{places[0]} to {places[1]}"
