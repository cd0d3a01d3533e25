"""Graph to view model: the rows, lanes, words and numbers that a picture of a network shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from resdsl.emit.draw.fold import Detail, Run, fold
from resdsl.emit.draw.reading import Reading, distinct
from resdsl.emit.draw.viewmodel import Chain, Lane, Mark, Marks, Net, Row, Stage
from resdsl.emit.draw.wording import (
    clean,
    kind_words,
    layer_ink,
    layer_words,
    plural,
    probability_words,
    range_words,
    times,
)
from resdsl.ir.graph import Section, Step
from resdsl.ir.unit import Unit
from resdsl.record import evolve


def view(reading: Reading, detail: Detail | Mapping[str, Detail], marks: Marks | None = None) -> Net:
    """What a picture of the network shows with this much detail, of all stages or of each by its label."""
    graph = reading.graph
    stages = list(graph.stages())
    details = detail if isinstance(detail, Mapping) else {section.label: detail for section in stages}
    tags: Mapping[int, Mark] = marks.steps if marks else {}
    runs = {section.label: fold(reading, section, details[section.label], tags) for section in stages}
    lanes = _marked(reading.lanes, marks)
    inner = _inner_lanes(lanes, [run for of_stage in runs.values() for run in of_stage if run.count > 1])
    hidden = {lane.key for of_run in inner.values() for alike in of_run for lane in alike}
    parts: list[Chain | Stage] = []
    n_stages = 0
    for section in graph.sections:
        if section.kind == "stage":
            n_stages += 1
            rows = (_row(reading, section, run, inner.get(run.first, ()), marks) for run in runs[section.label])
            parts.append(_stage(reading, section, n_stages, tuple(rows)))
        else:
            parts.append(_chain(reading, section, _step_mark(section.first, marks)))
    drawn = tuple(lane for lane in lanes if lane.key not in hidden)
    deepest = max((link.level for link in graph.links), default=0)
    return Net(graph, reading.title, reading.facts, tuple(parts), drawn, deepest)


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


def _stage(reading: Reading, section: Section, number: int, rows: tuple[Row, ...]) -> Stage:
    units = [step.unit for step in reading.graph.steps[section.first : section.last + 1]]
    params, macs = sum(unit.n_params for unit in units), sum(unit.macs for unit in units)
    field = reading.fields[section.label]
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
        tapped=section.label in reading.graph.taps,
        lines=reading.lines(section.span),
        tip=tuple(map(clean, tip)),
    )


def _chain(reading: Reading, section: Section, mark: Mark) -> Chain:
    unit = reading.graph.steps[section.first].unit
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
        tapped=section.label in reading.graph.taps,
        lines=reading.lines(section.span),
        tip=tuple(map(clean, tip)),
        mark=mark,
    )


def _step_mark(step: int, marks: Marks | None) -> Mark:
    return marks.steps.get(step, "=") if marks else ""


def _common(marks: Iterable[Mark]) -> Mark:
    """The mark of all; where they differ, something is changed."""
    found = set(marks)
    return found.pop() if len(found) == 1 else "~"


def _row(reading: Reading, section: Section, run: Run, inner: Sequence[Sequence[Lane]], marks: Marks | None) -> Row:
    steps = reading.graph.steps[run.first : run.last + 1]
    units = distinct(step.unit for step in steps)
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
        look=next((look for look in map(reading.look, units) if look), None),
        inner=tuple(
            evolve(
                alike[0], first=run.first, last=run.last, count=len(alike), mark=_common(lane.mark for lane in alike)
            )
            for alike in inner
        ),
        survival=(survivals[0], survivals[-1]) if has_survival else None,
        survivals=survivals if has_survival else (),
        notes=_notes([steps[0].unit, steps[-1].unit]),
        inside=_inside(reading, units),
        lines=reading.lines_of(steps),
        tip=_row_tip(section, steps),
        mark=_common(_step_mark(step, marks) for step in range(run.first, run.last + 1)),
        kind=reading.kinds[run.first],
    )


def _notes(units: Sequence[Unit]) -> tuple[str, ...]:
    first, last = units[0].output_shape.channels, units[-1].output_shape.channels
    return (f"{first}…{last} channels",) if first != last else ()


def _inside(reading: Reading, units: Sequence[Unit]) -> str:
    told = {reading.inside(unit) for unit in units}
    return told.pop() if len(told) == 1 else ""


def _row_tip(section: Section, steps: Sequence[Step]) -> tuple[str, ...]:
    units = [step.unit for step in steps]
    place = range_words(steps[0].place, steps[-1].place).replace("–", "..")
    block = f"{units[0].definition}({units[0].arguments})" if units[0].arguments else units[0].definition
    tip = [f"{section.label}[{place}]  {block}" + (f"  ×{len(units)}" if len(units) > 1 else "")]
    tip.append(f"{times(str(units[0].inputs[0]))} → {times(str(units[-1].output_shape))}")
    tip.append(f"{sum(unit.n_params for unit in units):,} params · {sum(unit.macs for unit in units):,} MACs")
    kinds = ", ".join(kind_words(kind) for kind in dict.fromkeys(unit.shortcut for unit in distinct(units)))
    tip.append(f"shortcut: {kinds}")
    kept = [step.survival for step in steps if step.survival is not None]
    if kept:
        tip.append(f"survives with {probability_words(kept[0], kept[-1])}")
    tip += [f"link {link} ends here" for link in units[-1].links]
    return tuple(map(clean, tip))


# ---------------------------------------------------------------- links


def _marked(lanes: tuple[Lane, ...], marks: Marks | None) -> tuple[Lane, ...]:
    if marks is None:
        return lanes
    return tuple(evolve(lane, mark=marks.links.get(number, "=")) for number, lane in enumerate(lanes))


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
