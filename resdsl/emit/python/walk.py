"""Writes the walk of a batch through the blocks of one stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from resdsl.emit.python.repeats import repeats
from resdsl.emit.python.text import INDENT
from resdsl.ir.graph import Graph, Section


@dataclass(frozen=True, slots=True)
class Stretch:
    """Blocks that are called alike.

    Attributes:
        saves: the variables in which x is kept first, for the links that begin here.
        n_plain: how many blocks take x alone.
        joins: the variables that one more block takes besides x, for the links that end there; empty for no such block.
        draws: whether the blocks may be dropped.
    """

    saves: tuple[str, ...]
    n_plain: int
    joins: tuple[str, ...]
    draws: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """How one stage is walked.

    Attributes:
        opening: the variables in which x is kept on entering, for the links around the stage or more.
        stretches: its blocks, in order.
        draw: how a block that may be dropped is called, over `{block}` and `{inputs}`.
    """

    opening: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    draw: str

    @property
    def is_plain(self) -> bool:
        """Whether every block takes x alone, so that the stage is one `nn.Sequential`."""
        return all(not stretch.joins and not stretch.draws for stretch in self.stretches) and len(self.stretches) == 1

    def write(self, stage: str, indent: str) -> Iterator[str]:
        """The statements, after which x has gone through the stage: an expression such as `self.s1`."""
        first = self.stretches[0]
        yield from (f"{indent}{name} = x" for name in self.opening)
        if len(self.stretches) > 1:
            yield from self._write_iterated(stage, indent)
            return
        yield from (f"{indent}{name} = x" for name in first.saves)
        if self.is_plain:
            yield f"{indent}x = {stage}(x)"
        elif first.joins and not first.n_plain:
            yield f"{indent}x = {self._call(f'{stage}[0]', first.joins, first)}"
        elif first.joins:
            yield f"{indent}*blocks, last = {stage}"
            yield f"{indent}for block in blocks:"
            yield f"{indent}{INDENT}x = {self._call('block', (), first)}"
            yield f"{indent}x = {self._call('last', first.joins, first)}"
        else:
            yield f"{indent}for block in {stage}:"
            yield f"{indent}{INDENT}x = {self._call('block', (), first)}"

    def _write_iterated(self, stage: str, indent: str) -> Iterator[str]:
        yield f"{indent}blocks = iter({stage})"
        for times, pattern in repeats(self.stretches):
            inside = indent
            if times > 1:
                yield f"{indent}for _ in range({times}):"
                inside = indent + INDENT
            for stretch in pattern:
                yield from (f"{inside}{name} = x" for name in stretch.saves)
                if stretch.n_plain > 1:
                    yield f"{inside}for _ in range({stretch.n_plain}):"
                    yield f"{inside}{INDENT}x = {self._call('next(blocks)', (), stretch)}"
                elif stretch.n_plain:
                    yield f"{inside}x = {self._call('next(blocks)', (), stretch)}"
                if stretch.joins:
                    yield f"{inside}x = {self._call('next(blocks)', stretch.joins, stretch)}"

    def _call(self, block: str, joins: Sequence[str], stretch: Stretch) -> str:
        inputs = ", ".join(("x", *joins))
        return self.draw.format(block=block, inputs=inputs) if stretch.draws else f"{block}({inputs})"


def plan_walk(graph: Graph, section: Section, variables: Mapping[str, str]) -> Walk:
    """How a stage is walked: where x is saved for links, where they end, which blocks may be dropped.

    Args:
        graph: the network.
        section: the stage.
        variables: the variable of each link, by the link's name.
    """
    opening: list[str] = []
    begins: dict[int, list[str]] = {}
    for link in graph.links:
        if link.first == section.first and link.last >= section.last:
            opening.append(variables[link.name])
        elif section.first <= link.first <= section.last:
            begins.setdefault(link.first, []).append(variables[link.name])
    stretches: list[Stretch] = []
    for position in range(section.first, section.last + 1):
        step = graph.steps[position]
        saves = tuple(begins.get(position, ()))
        joins = tuple(variables[link] for link in step.unit.links)
        draws = step.survival is not None
        open_ = stretches[-1] if stretches else None
        if open_ is not None and not open_.joins and not saves and open_.draws == draws:
            stretches[-1] = Stretch(open_.saves, open_.n_plain + (not joins), joins, draws)
        else:
            stretches.append(Stretch(saves, int(not joins), joins, draws))
    return Walk(tuple(opening), tuple(stretches), draw=_DRAWS.get(graph.survival.per if graph.survival else "", ""))


_DRAWS = {"batch": "run({block}, next(draws), {inputs})", "sample": "{block}({inputs}, next(draws))"}
