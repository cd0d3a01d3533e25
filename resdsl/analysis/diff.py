"""What differs between two networks: parts, blocks, links, survival, and what it all costs."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

from resdsl.ir.graph import Graph, Link, Section, Step
from resdsl.ir.unit import Unit
from resdsl.record import record

Mark = Literal["+", "-", "~"]
"""Added, removed, changed."""


@record
class Change:
    """One difference.

    Attributes:
        mark: what happened, seen from the first network.
        place: where: `s2[19..24]`, `link root`, `input`, `survival`.
        before: what stood there; empty where something was added.
        after: what stands there now; empty where something was removed.
    """

    mark: Mark
    place: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        told = " → ".join(filter(None, (self.before, self.after)))
        return f"{self.mark} {self.place}: {told}" if told else f"{self.mark} {self.place}"


@record
class Diff:
    """The differences between two networks, in the order of the networks.

    Attributes:
        changes: all of them.
        params: trainable values of the first and the second.
        macs: multiply-adds for one sample of each.
        steps: the mark of each step that is not the same in both, by its number (from 0): of the first, of the second.
        links: the mark of each link that is not the same in both, by its number: of the first, of the second.
    """

    changes: tuple[Change, ...]
    params: tuple[int, int]
    macs: tuple[int, int]
    steps: tuple[dict[int, Mark], dict[int, Mark]]
    links: tuple[dict[int, Mark], dict[int, Mark]]

    @property
    def is_empty(self) -> bool:
        """Whether the networks are the same, parts and names of parts included."""
        return not self.changes


def diff(first: Graph, second: Graph) -> Diff:
    """Compares parts by their labels and blocks in their order; names of networks and parameters are not compared."""
    changes: list[Change] = []
    steps: tuple[dict[int, Mark], dict[int, Mark]] = ({}, {})
    links: tuple[dict[int, Mark], dict[int, Mark]] = ({}, {})
    changes += _setting("input", str(first.input), str(second.input))
    for one, other in _pairs(first.sections, second.sections):
        changes += _section(first, second, one, other, steps)
    changes += _links(first, second, links)
    changes += _survival(first, second)
    changes += _setting("keys", first.keys, second.keys)
    changes += _setting("tap", ", ".join(first.taps), ", ".join(second.taps))
    changes += _setting("init", _init_words(first), _init_words(second))
    sums = [(sum(s.unit.n_params for s in g.steps), sum(s.unit.macs for s in g.steps)) for g in (first, second)]
    return Diff(tuple(changes), (sums[0][0], sums[1][0]), (sums[0][1], sums[1][1]), steps, links)


def _setting(place: str, before: str, after: str) -> list[Change]:
    if before == after:
        return []
    return [Change("+" if not before else "-" if not after else "~", place, before, after)]


def _init_words(graph: Graph) -> str:
    return ", ".join(
        f"{rule.name}({', '.join(map(str, rule.arguments))})" if rule.arguments else rule.name for rule in graph.init
    )


# ---------------------------------------------------------------- parts and blocks


def _pairs(first: Sequence[Section], second: Sequence[Section]) -> Iterator[tuple[Section | None, Section | None]]:
    """Sections of equal label and kind side by side, the others alone, in order."""
    keys = [[(section.label, section.kind) for section in sections] for sections in (first, second)]
    for tag, i, i_end, j, j_end in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(first[i:i_end], second[j:j_end], strict=True)
            continue
        yield from ((section, None) for section in first[i:i_end])
        yield from ((None, section) for section in second[j:j_end])


def _section(
    first: Graph,
    second: Graph,
    one: Section | None,
    other: Section | None,
    marks: tuple[dict[int, Mark], dict[int, Mark]],
) -> Iterator[Change]:
    before = list(range(one.first, one.last + 1)) if one else []
    after = list(range(other.first, other.last + 1)) if other else []
    keys = [[_key(g.steps[s].unit) for s in places] for g, places in ((first, before), (second, after))]
    for tag, i, i_end, j, j_end in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        n_changed = min(i_end - i, j_end - j)
        changed = before[i : i + n_changed], after[j : j + n_changed]
        marks[0].update(dict.fromkeys(changed[0], "~"))
        marks[1].update(dict.fromkeys(changed[1], "~"))
        removed, added = before[i + n_changed : i_end], after[j + n_changed : j_end]
        marks[0].update(dict.fromkeys(removed, "-"))
        marks[1].update(dict.fromkeys(added, "+"))
        if changed[0]:
            yield _changed(first, second, *changed)
        if removed:
            yield Change("-", _place(first, removed), before=_words(first, removed))
        if added:
            yield Change("+", _place(second, added), after=_words(second, added))


def _key(unit: Unit) -> Hashable:
    """What makes blocks the same: their layers, but for links that end there and whether they may be dropped."""
    nodes = tuple((node.op, node.shape, node.part) for node in unit.nodes if node.part not in {"link", "survive"})
    return unit.inputs[0], unit.output_shape, nodes


def _changed(first: Graph, second: Graph, before: Sequence[int], after: Sequence[int]) -> Change:
    was, now = _words(first, before), _words(second, after)
    if was == now:
        was, now = _detail(first, before), _detail(second, after)
    if was == now:
        now = f"{now}, other layers"
    return Change("~", _place(first, before), was, now)


def _place(graph: Graph, steps: Sequence[int]) -> str:
    one, last = graph.steps[steps[0]], graph.steps[steps[-1]]
    if not one.unit.is_block:
        return one.section
    return f"{one.section}[{one.place}]" if one == last else f"{one.section}[{one.place}..{last.place}]"


def _words(graph: Graph, steps: Sequence[int]) -> str:
    """The blocks, equal ones counted: `basic(64) * 2 + basic(64) via projection`."""
    runs: list[tuple[str, int]] = []
    for step in (graph.steps[position] for position in steps):
        words = _step_words(step)
        if runs and runs[-1][0] == words:
            runs[-1] = words, runs[-1][1] + 1
        else:
            runs.append((words, 1))
    told = [words if count == 1 else f"{words} * {count}" for words, count in runs]
    return " + ".join(told if len(told) <= 4 else [*told[:2], f"({len(told) - 3} more)", told[-1]])


def _step_words(step: Step) -> str:
    unit = step.unit
    if not unit.is_block:
        return " -> ".join(str(node.op) for node in unit.nodes)
    block = f"{unit.definition}({unit.arguments})" if unit.arguments else unit.definition
    return f"{block} via {unit.shortcut}"


def _detail(graph: Graph, steps: Sequence[int]) -> str:
    unit = graph.steps[steps[0]].unit
    layers = " -> ".join(str(node.op) for node in unit.nodes if node.part in {"before", "residual", "after", "chain"})
    return f"{unit.inputs[0]} -> {layers}"


# ---------------------------------------------------------------- links and survival


def _links(first: Graph, second: Graph, marks: tuple[dict[int, Mark], dict[int, Mark]]) -> Iterator[Change]:
    """Links are the same link if they have one name and go around one span; else one went and one came."""
    spans = [{(link.name, _span(graph, link)): i for i, link in enumerate(graph.links)} for graph in (first, second)]
    for key, i in spans[0].items():
        link = first.links[i]
        j = spans[1].get(key)
        if j is None:
            marks[0][i] = "-"
            yield Change("-", f"link {link.name}", before=_link_words(first, link))
        elif second.links[j].kind != link.kind:
            marks[0][i] = marks[1][j] = "~"
            yield Change("~", f"link {link.name}", _link_words(first, link), _link_words(second, second.links[j]))
    for key, j in spans[1].items():
        if key not in spans[0]:
            marks[1][j] = "+"
            yield Change("+", f"link {second.links[j].name}", after=_link_words(second, second.links[j]))


def _span(graph: Graph, link: Link) -> str:
    """The span as a spec writes it: `s1`, `s1..s3`, `s1[2..5]`."""
    start, end = graph.steps[link.first], graph.steps[link.last]
    whole = start.place == 1 and end.place == graph.section(end.section).n_steps
    if whole:
        return start.section if start.section == end.section else f"{start.section}..{end.section}"
    if start.section == end.section:
        return f"{start.section}[{start.place}..{end.place}]"
    return f"{start.section}[{start.place}]..{end.section}[{end.place}]"


def _link_words(graph: Graph, link: Link) -> str:
    return f"over {_span(graph, link)} via {link.kind}"


def _survival(first: Graph, second: Graph) -> list[Change]:
    found = _setting("survival", _survival_words(first), _survival_words(second))
    if found or len(first.blocks) != len(second.blocks):
        return found
    kept = [[step.survival for step in graph.blocks] for graph in (first, second)]
    if kept[0] == kept[1]:
        return []
    where = next(i for i, (a, b) in enumerate(zip(*kept, strict=True)) if a != b)
    step = first.blocks[where]
    return [Change("~", f"survival of {step.section}[{step.place}]", f"p = {kept[0][where]}", f"p = {kept[1][where]}")]


def _survival_words(graph: Graph) -> str:
    survival = graph.survival
    if survival is None:
        return ""
    return f"{survival.schedule}, per = {survival.per}, rescale = {survival.rescale}"
