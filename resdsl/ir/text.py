"""A graph as readable text: for goldens, for people who debug a spec, stable from release to release."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from resdsl.ir.graph import Graph, Section, Step
from resdsl.ir.unit import Unit


def to_text(graph: Graph) -> str:
    """The whole graph: what it is, its spine with equal neighbours on one line, then each distinct unit once.

    A line of a unit: the part of the block, the value's number, the layer, the values it takes, the shape that leaves.
    """
    return "\n".join([*_head(graph), "", *_spine(graph), *_units(graph)]) + "\n"


def _head(graph: Graph) -> Iterator[str]:
    parameters = ", ".join(f"{name} = {value}" for name, value in graph.parameters)
    yield f"network {graph.name}({parameters})"
    yield f"  input {graph.input}"
    for rule in graph.init:
        arguments = ", ".join(f"{number:g}" for number in rule.arguments)
        yield f"  init {rule.name}({arguments})" if arguments else f"  init {rule.name}"
    if graph.survival:
        yield f"  survive {graph.survival.schedule}, per = {graph.survival.per}, rescale = {graph.survival.rescale}"
    if graph.taps:
        yield f"  tap {', '.join(graph.taps)}"
    yield f"  keys {graph.keys}"
    for link in graph.links:
        span = f"{_place(graph, link.first)} to {_place(graph, link.last)}"
        yield f"  link {link.name}, level {link.level}: {span} via {link.kind}"


def _place(graph: Graph, position: int) -> str:
    step = graph.steps[position]
    return f"{step.section}[{step.place}]" if step.unit.is_block else step.section


# ---------------------------------------------------------------- spine


def _spine(graph: Graph) -> Iterator[str]:
    numbers = {unit: number for number, unit in enumerate(graph.units, start=1)}
    rows: list[tuple[str, ...]] = []
    for section in graph.sections:
        steps = graph.steps[section.first : section.last + 1]
        for unit, alike in groupby(enumerate(steps, start=1), key=lambda placed: placed[1].unit):
            rows.append(_row(section, unit, numbers[unit], list(alike), graph))
    yield from _columns(rows)


def _row(section: Section, unit: Unit, number: int, alike: list[tuple[int, Step]], graph: Graph) -> tuple[str, ...]:
    (first, first_step), (last, last_step) = alike[0], alike[-1]
    label = section.label
    if unit.is_block:
        label += f"[{first}..{last}]" if last > first else f"[{first}]"
    links = " ".join(f"+ {link.name}" for link in graph.links_into(section.first + first - 1))
    return label, f"unit {number}", str(unit.output_shape), links, _survival(first_step, last_step)


def _survival(first: Step, last: Step) -> str:
    if first.survival is None or last.survival is None:
        return ""
    ends = [f"{step.survival:.6g}" for step in (first, last)]
    return f"p = {ends[0]}" if ends[0] == ends[1] else f"p = {ends[0]} … {ends[1]}"


# ---------------------------------------------------------------- units


def _units(graph: Graph) -> Iterator[str]:
    for number, unit in enumerate(graph.units, start=1):
        yield ""
        arguments = f"({unit.arguments})" if unit.arguments else ""
        shortcut = f", shortcut {unit.shortcut}" if unit.shortcut else ""
        yield f"unit {number}: {unit.definition}{arguments}{shortcut}"
        yield from _columns(list(_unit_rows(unit)))


def _unit_rows(unit: Unit) -> Iterator[tuple[str, ...]]:
    names = _value_names(unit)
    for name, shape in zip(names, unit.inputs, strict=False):
        yield "input", name, "", "", str(shape)
    for number, node in enumerate(unit.nodes, start=1):
        inputs = ", ".join(names[value] for value in node.inputs)
        yield f"{node.part} {node.group}".rstrip(), str(number), str(node.op), inputs, str(node.shape)
    if unit.output != len(names) - 1:
        yield "output", names[unit.output], "", "", str(unit.output_shape)


def _value_names(unit: Unit) -> list[str]:
    """x, the links by their names, then the numbers of the nodes from 1."""
    return ["x", *unit.links, *(str(number) for number in range(1, len(unit.nodes) + 1))]


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
