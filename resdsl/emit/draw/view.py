"""Graph to view model: the rows, lanes, words and numbers that a picture of a network shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from resdsl.analysis.receptive import Seen, receptive_field
from resdsl.emit.draw.fold import Detail, Run, fold
from resdsl.emit.draw.kinds import unit_kinds
from resdsl.emit.draw.looks import Look, block_look, link_look
from resdsl.emit.draw.viewmodel import Chain, Lane, Mark, Marks, Net, Row, Stage
from resdsl.emit.draw.wording import (
    clean,
    count_words,
    kind_words,
    layer_ink,
    layer_words,
    plural,
    probability_words,
    range_words,
    times,
)
from resdsl.ir.graph import Graph, Link, Section, Step
from resdsl.ir.unit import Unit
from resdsl.source import Span


def view(graph: Graph, detail: Detail | Mapping[str, Detail], marks: Marks | None = None) -> Net:
    """What a picture of the network shows with this much detail, of all stages or of each by its label."""
    details = detail if isinstance(detail, Mapping) else dict.fromkeys((s.label for s in graph.stages()), detail)
    runs = {section.label: fold(graph, section, details[section.label], marks.steps if marks else {}) for section in graph.stages()}
    lanes = _lanes(graph, marks)
    stacks = [run for of_stage in runs.values() for run in of_stage if run.count > 1]
    inner = _inner_lanes(lanes, stacks)
    hidden = {lane.key for of_run in inner.values() for alike in of_run for lane in alike}
    fields = receptive_field(graph).sections
    numbers = {section.label: number for number, section in enumerate(graph.stages(), start=1)}
    kinds = {step: kind.number for kind in unit_kinds(graph) for step in kind.steps}
    parts = tuple(
        _stage(
            graph,
            section,
            numbers[section.label],
            tuple(
                replace(
                    _row(graph, section, run, _merged(run, inner.get(run.first, []))),
                    mark=_step_mark(run.first, marks),
                    kind=kinds[run.first],
                )
                for run in runs[section.label]
            ),
            _field_words(fields[section.label]),
        )
        if section.kind == "stage"
        else _chain(graph, section, _step_mark(section.first, marks))
        for section in graph.sections
    )
    drawn = tuple(lane for lane in lanes if lane.key not in hidden)
    deepest = max((link.level for link in graph.links), default=0)
    return Net(graph, title_words(graph), fact_words(graph), parts, drawn, deepest)


def title_words(graph: Graph) -> str:
    """The network's name and parameters: `ror3(depth = 110)`."""
    parameters = ", ".join(f"{name} = {value}" for name, value in graph.parameters)
    return clean(f"{graph.name}({parameters})" if parameters else graph.name)


def fact_words(graph: Graph) -> str:
    """One line of numbers: `54 blocks · 1.73 M params · 253 M MACs`."""
    params = sum(step.unit.n_params for step in graph.steps)
    macs = sum(step.unit.macs for step in graph.steps)
    facts = [plural(len(graph.blocks), "block")] if graph.blocks else []
    facts += [f"{count_words(params)} params", f"{count_words(macs)} MACs"]
    kept = [step.survival for step in graph.blocks if step.survival is not None]
    if kept:
        always = len(graph.blocks) - len(kept)
        facts.insert(1, f"{sum(kept) + always:.1f} kept on average")
    return " · ".join(facts)


def spec_lines(graph: Graph, span: Span | None) -> tuple[int, ...]:
    """The lines of the graph's own spec that a span covers; none where it stands in another file."""
    if span is None or span.source.text != graph.spec:
        return ()
    last = span.source.position(max(span.start, span.end - 1))[0]
    return tuple(range(span.line, last + 1))


def chain_words(unit: Unit) -> tuple[str, ...]:
    """The layers of a chain, each weighted or pooling layer with what follows it on one line, equal lines counted."""
    lines: list[str] = []
    for node in unit.nodes:
        if node.op.NAME == "flatten":  # it moves no value
            continue
        words = layer_words(node.op)
        begins = node.op.is_weighted() or layer_ink(node.op) == "pool" or not lines
        if begins:
            lines.append(words)
        else:
            lines[-1] += f" · {words}"
    counted: list[tuple[str, int]] = []
    for line in lines:
        if counted and counted[-1][0] == line:
            counted[-1] = line, counted[-1][1] + 1
        else:
            counted.append((line, 1))
    return tuple(f"{line}  ×{count}" if count > 1 else line for line, count in counted)


# ---------------------------------------------------------------- parts


def _stage(graph: Graph, section: Section, number: int, rows: tuple[Row, ...], field: str) -> Stage:
    units = [step.unit for step in graph.steps[section.first : section.last + 1]]
    params, macs = sum(unit.n_params for unit in units), sum(unit.macs for unit in units)
    tip = [f"stage {section.label}: {plural(len(units), 'block')}"]
    tip.append(f"{times(str(units[0].inputs[0]))} → {times(str(units[-1].output_shape))}")
    tip.append(f"{params:,} params · {macs:,} MACs")
    tip += [f"a pixel of its output sees {field} pixels of the input"] if field else []
    tip += [section.doc] if section.doc else []
    return Stage(
        section=section,
        number=number,
        rows=rows,
        output=units[-1].output_shape,
        params=params,
        macs=macs,
        field=field,
        tapped=section.label in graph.taps,
        lines=spec_lines(graph, section.span),
        tip=tuple(map(clean, tip)),
    )


def _chain(graph: Graph, section: Section, mark: Mark) -> Chain:
    unit = graph.steps[section.first].unit
    tip = (
        f"{section.label}: {' → '.join(layer_words(node.op) for node in unit.nodes)}",
        f"{times(str(unit.inputs[0]))} → {times(str(unit.output_shape))}",
        f"{unit.n_params:,} params · {unit.macs:,} MACs",
    )
    return Chain(
        section=section,
        words=chain_words(unit) or ("identity",),
        unit=unit,
        output=unit.output_shape,
        params=unit.n_params,
        macs=unit.macs,
        tapped=section.label in graph.taps,
        lines=spec_lines(graph, section.span),
        tip=tuple(map(clean, tip)),
        mark=mark,
    )


def _step_mark(step: int, marks: Marks | None) -> Mark:
    return marks.steps.get(step, "=") if marks else ""


def _row(graph: Graph, section: Section, run: Run, inner: tuple[Lane, ...]) -> Row:
    steps = graph.steps[run.first : run.last + 1]
    units = [step.unit for step in steps]
    places = steps[0].place, steps[-1].place
    survivals = tuple(1.0 if step.survival is None else step.survival for step in steps)
    has_survival = any(step.survival is not None for step in steps)
    names = list(dict.fromkeys(unit.definition for unit in units))
    return Row(
        key=f"{section.label}.{places[0]}" + (f"-{places[1]}" if run.count > 1 else ""),
        name=kind_words(names[0]) if len(names) == 1 else f"{len(names)} kinds",
        places=places,
        first=run.first,
        last=run.last,
        unit=units[0],
        look=next((look for look in map(block_look, dict.fromkeys(units)) if look), None),
        inner=inner,
        survival=(survivals[0], survivals[-1]) if has_survival else None,
        survivals=survivals if has_survival else (),
        notes=_notes(units),
        lines=tuple(sorted({line for step in steps for line in spec_lines(graph, step.span)})),
        tip=_row_tip(section, steps),
    )


def _notes(units: Sequence[Unit]) -> tuple[str, ...]:
    first, last = units[0].output_shape.channels, units[-1].output_shape.channels
    return (f"{first}…{last} channels",) if first != last else ()


def _row_tip(section: Section, steps: Sequence[Step]) -> tuple[str, ...]:
    units = [step.unit for step in steps]
    place = range_words(steps[0].place, steps[-1].place).replace("–", "..")
    block = f"{units[0].definition}({units[0].arguments})" if units[0].arguments else units[0].definition
    tip = [f"{section.label}[{place}]  {block}" + (f"  ×{len(units)}" if len(units) > 1 else "")]
    tip.append(f"{times(str(units[0].inputs[0]))} → {times(str(units[-1].output_shape))}")
    tip.append(f"{sum(unit.n_params for unit in units):,} params · {sum(unit.macs for unit in units):,} MACs")
    kinds = ", ".join(kind_words(kind) for kind in dict.fromkeys(unit.shortcut for unit in units))
    tip.append(f"shortcut: {kinds}")
    kept = [step.survival for step in steps if step.survival is not None]
    if kept:
        tip.append(f"survives with {probability_words(kept[0], kept[-1])}")
    tip += [f"link {link} ends here" for link in units[-1].links]
    return tuple(map(clean, tip))


def _field_words(seen: Seen) -> str:
    if seen == "everything":
        return ""
    sizes = [str(field.size) for field in seen]
    return sizes[0] if len(set(sizes)) == 1 else "×".join(sizes)


# ---------------------------------------------------------------- links


def _lanes(graph: Graph, marks: Marks | None) -> tuple[Lane, ...]:
    """A lane for every link, in the graph's order."""
    total = Counter(link.name for link in graph.links)
    seen: Counter[str] = Counter()
    looks = _link_looks(graph)
    lanes: list[Lane] = []
    for number, (link, look) in enumerate(zip(graph.links, looks, strict=True)):
        mark: Mark = marks.links.get(number, "=") if marks else ""
        seen[link.name] += 1
        key = f"link.{link.name}" + (f".{seen[link.name]}" if total[link.name] > 1 else "")
        lines = spec_lines(graph, link.span)
        lanes.append(Lane(key, clean(link.name), link.level, look, link.first, link.last, lines=lines, mark=mark))
    return tuple(lanes)


def _link_looks(graph: Graph) -> list[Look | None]:
    """The look of each link's junction, which stands in the unit of its last block, inner links first."""
    looks: dict[int, Look | None] = {}
    arrived: Counter[int] = Counter()
    for position, link in sorted(enumerate(graph.links), key=lambda one: -one[1].level):
        unit, number = graph.steps[link.last].unit, arrived[link.last]
        arrived[link.last] += 1
        looks[position] = link_look(unit, number, link.kind) if number < len(unit.links) else None
    return [looks[position] for position in range(len(graph.links))]


def _inner_lanes(lanes: Sequence[Lane], stacks: Sequence[Run]) -> dict[int, list[list[Lane]]]:
    """By the first step of a stack: the links that lie in it and are not around the whole of it, by level."""
    stack_of = {step: run for run in stacks for step in range(run.first, run.last + 1)}
    by_level: dict[tuple[int, int], list[Lane]] = {}
    for lane in lanes:
        run = stack_of.get(lane.first)
        if run and lane.last <= run.last and (lane.first, lane.last) != (run.first, run.last):
            by_level.setdefault((run.first, lane.level), []).append(lane)
    inner: dict[int, list[list[Lane]]] = {}
    for (first, _), alike in sorted(by_level.items()):
        inner.setdefault(first, []).append(alike)
    return inner


def _merged(run: Run, by_level: Sequence[list[Lane]]) -> tuple[Lane, ...]:
    """One lane for all links of a level that lie in a stack."""
    return tuple(replace(alike[0], first=run.first, last=run.last, count=len(alike)) for alike in by_level)
