"""Prints a graph as a `.res` program that needs no other file and means the same network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from resdsl.analysis.cost import cost
from resdsl.diagnostics import InternalError
from resdsl.emit.res.definitions import Definitions
from resdsl.emit.res.region import Region
from resdsl.ir.graph import Graph, InitRule, Link, Section, Step
from resdsl.ir.unit import Node, Unit
from resdsl.ops import Extern
from resdsl.ops.setting import write_value


def print_res(graph: Graph) -> str:
    """The network after all names and defaults are resolved, as `.res` text with the same digest."""
    definitions = Definitions()
    body = list(_statements(graph, definitions))
    network = "\n".join([f"network {graph.name} {{", *(f"  {line}" if line else "" for line in body), "}"])
    return "\n\n".join(["res 1", *definitions.externs.declarations(), *definitions.texts, network]) + "\n"


def _statements(graph: Graph, definitions: Definitions) -> Iterator[str]:
    if graph.about:
        yield f"about {_quote(graph.about)}"
    yield from (f"cite {_quote(cite)}" for cite in graph.cites)
    yield f"input {graph.input}"
    yield ""
    whole = graph.survival is not None and all(step.survival is not None for step in graph.blocks)
    n_blocks = 0
    for section in graph.sections:
        steps = graph.steps[section.first : section.last + 1]
        survives = graph.survival is not None and not whole and steps[0].survival is not None
        own = f" {{ survive {_schedule(steps, n_blocks)}{_options(graph)} }}" if survives else ""
        yield _section(section, steps, definitions) + own
        n_blocks += section.n_steps if section.kind == "stage" else 0
    yield ""
    yield from _links(graph, definitions)
    if whole:
        yield f"survive {_schedule(graph.blocks, 0)}{_options(graph)}"
    if graph.init:
        yield f"init {', '.join(map(_rule, graph.init))}"
    if graph.taps:
        yield f"tap {', '.join(graph.taps)}"
    yield f"keys {graph.keys}"
    yield f"expect params = {cost(graph).total.params:_}"
    yield f"expect output = {graph.output}"


def _rule(rule: InitRule) -> str:
    return f"{rule.name}({', '.join(map(write_value, rule.arguments))})" if rule.arguments else rule.name


def _section(section: Section, steps: tuple[Step, ...], definitions: Definitions) -> str:
    if section.kind != "stage":
        text, _ = definitions.chain(steps[0].unit, "chain", 0)
        word = f"layers {section.label} :" if section.kind == "layers" else section.kind
        return f"{word} {text or 'identity'}"
    runs: list[str] = []
    for name, run in groupby(_block(step, definitions) for step in steps):
        count = len(list(run))
        runs.append(f"{name} * {count}" if count > 1 else name)
    return f"stage {section.label} : {' + '.join(runs)}"


def _block(step: Step, definitions: Definitions) -> str:
    unit = step.unit
    before, b = definitions.chain(unit, "before", 0)
    extern = next((node.op for node in unit.nodes if isinstance(node.op, Extern)), None)
    residual, f = definitions.chain(unit, "residual", b)
    survived = next((value for value, node in _numbered(unit) if node.part == "survive"), f)
    kind, y = _junction(unit, b, survived, definitions)
    for number in range(1, len(unit.inputs)):
        y = _link_region(unit, number, y).exit
    after, _ = definitions.chain(unit, "after", y)
    if extern is not None:
        return f"{definitions.externs.use(extern, unit.inputs[0].channels)} via {kind}"
    body = [f"before {before}{_shared(unit, b)}"] if before else []
    body.append(f"residual {residual or 'identity'}")
    body += [f"after {after}"] if after else []
    body.append(f"shortcut {kind}")
    return definitions.add("block", unit.definition, body)


def _junction(unit: Unit, b: int, f: int, definitions: Definitions) -> tuple[str, int]:
    values = tuple(value for value, node in _numbered(unit) if node.part == "shortcut")
    if not values:
        return definitions.add("shortcut", unit.shortcut, ["y = f"]), f
    sources = {source for value in values for source in unit.nodes[value - len(unit.inputs)].inputs}
    entry = b if b in sources else 0
    region = Region(unit, values, entry, values[-1])
    return definitions.kind(unit.shortcut, unit, region, f), values[-1]


def _link_region(unit: Unit, number: int, f: int) -> Region:
    """The nodes of the link that brings input `number`: those up to where all that it brings has met f."""
    name = unit.links[number - 1]
    values = [value for value, node in _numbered(unit) if node.part == "link" and _belongs(node.group, name)]
    own: list[int] = []
    reached = {number, f}
    for value in values:
        if value > f and all(source in reached for source in unit.nodes[value - len(unit.inputs)].inputs):
            own.append(value)
            reached.add(value)
    if not own:
        raise InternalError(f"the link {name} computes nothing")
    return Region(unit, tuple(own), number, own[-1])


def _belongs(group: str, link: str) -> bool:
    return group == link or group.startswith(f"{link}_")


def _shared(unit: Unit, b: int) -> str:
    shortcut = [node for node in unit.nodes if node.part == "shortcut"]
    takes_before = b != 0 and any(b in node.inputs for node in shortcut)
    f = next(node.shape for node in reversed(unit.nodes) if node.part in {"residual", "survive", "before"})
    changes = f != unit.inputs[0]
    if takes_before == changes:
        return ""
    return ", shared = stage" if takes_before else ", shared = never"


def _links(graph: Graph, definitions: Definitions) -> Iterator[str]:
    """Outer before inner; but of those around the same blocks, the one that stands first is the inner one."""
    names = [link.name for link in graph.links]
    outermost = {(link.first, link.last): link.level for link in reversed(graph.links)}
    numbered = sorted(enumerate(graph.links), key=lambda entry: _written_at(entry[1], outermost))
    for number, link in numbered:
        unit = graph.steps[link.last].unit
        ending = sorted((other for other in graph.links if other.last == link.last), key=lambda other: -other.level)
        y = _after_junction(unit)
        for place, other in enumerate(ending, start=1):
            region = _link_region(unit, place, y)
            if other is link:
                kind = definitions.kind(link.kind, unit, region, y)
                name = link.name if names.count(link.name) == 1 else f"{link.name}_{number + 1}"
                yield f"link {name} over {_span(graph, link)} via {kind}"
            y = region.exit


def _written_at(link: Link, outermost: Mapping[tuple[int, int], int]) -> tuple[int, int, int]:
    return outermost[link.first, link.last], link.first, -link.level


def _after_junction(unit: Unit) -> int:
    parts = ("before", "residual", "survive", "shortcut")
    return max((value for value, node in _numbered(unit) if node.part in parts), default=0)


def _span(graph: Graph, link: Link) -> str:
    first = _section_of(graph, link.first)
    last = _section_of(graph, link.last)
    if first is last:
        return f"{first.label}[{link.first - first.first + 1}..{link.last - first.first + 1}]"
    return f"{first.label}..{last.label}"


def _section_of(graph: Graph, step: int) -> Section:
    return next(section for section in graph.sections if section.first <= step <= section.last)


def _schedule(steps: tuple[Step, ...], n_before: int) -> str:
    """p_l of some blocks, of which `n_before` others stand in front."""
    probabilities = [step.survival for step in steps]
    if len(set(probabilities)) == 1:
        return write_value(probabilities[0])
    place = f"l - {n_before}" if n_before else "l"
    return f"[{', '.join(map(write_value, probabilities))}][{place}]"


def _options(graph: Graph) -> str:
    survival = graph.survival
    return f", per = {survival.per}, rescale = {survival.rescale}" if survival else ""


def _numbered(unit: Unit) -> Iterator[tuple[int, Node]]:
    return enumerate(unit.nodes, start=len(unit.inputs))


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
