"""Names the emitted classes: one for each distinct unit, one for the network."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from resdsl.emit.names import StepNames
from resdsl.ir.graph import Graph
from resdsl.ir.unit import Unit
from resdsl.shape import Shape


def class_names(graph: Graph, names: Sequence[StepNames], reserved: Iterable[str]) -> tuple[str, Mapping[Unit, str]]:
    """The network's class name, and that of every unit that has a module of its own.

    A block is named by its definition and what its numbers do: `Bottleneck64To256`, `Basic16`, `Basic32To64Stride2`,
    `Basic64WithMiddleAndRoot` where links end. Where two would be equal, more is told: the size it works on, the
    shortcut, the arguments; at last a number. A chain is named by its section.
    """
    labels = {
        step.unit: step.section
        for step, place in zip(reversed(graph.steps), reversed(names), strict=True)
        if place.path
    }
    units = [unit for unit in graph.units if unit in labels]
    found = {unit: _name(unit, labels[unit]) for unit in units}
    for tell in _DISTINCTIONS:
        found = _distinguish(found, tell)
    taken = {*_TAKEN, *reserved}
    network = _free(_camel(graph.name), taken)
    return network, {unit: _free(name, taken) for unit, name in found.items()}


def _distinguish(names: Mapping[Unit, str], tell: Callable[[Unit], str]) -> dict[Unit, str]:
    """The names, with what `tell` says behind those that are shared by units of which it says different things."""
    alike: dict[str, list[Unit]] = {}
    for unit, name in names.items():
        alike.setdefault(name, []).append(unit)
    tells_apart = {name for name, units in alike.items() if len({tell(unit) for unit in units}) > 1}
    return {unit: name + (tell(unit) if name in tells_apart else "") for unit, name in names.items()}


def _name(unit: Unit, label: str) -> str:
    if not unit.is_block:
        return _camel(label)
    entering, leaving = unit.inputs[0], unit.output_shape
    channels = (
        f"{entering.channels}To{leaving.channels}" if entering.channels != leaving.channels else str(leaving.channels)
    )
    links = f"With{'And'.join(map(_camel, unit.links))}" if unit.links else ""
    return f"{_camel(unit.definition)}{channels}{_stride(entering, leaving)}{links}"


def _stride(entering: Shape, leaving: Shape) -> str:
    if entering.spatial == leaving.spatial or entering.rank != leaving.rank:
        return ""
    strides = [-(-before // after) for before, after in zip(entering.spatial, leaving.spatial, strict=True)]
    return f"Stride{strides[0] if len(set(strides)) == 1 else 'x'.join(map(str, strides))}"


def _camel(name: str) -> str:
    """`preact_basic` as `PreactBasic`; numbers stay apart: `ror3_110` as `Ror3_110`."""
    spaced = re.sub(r"(?<=[0-9])[^0-9A-Za-z]+(?=[0-9])", "\0", name)
    parts = re.split(r"[^0-9A-Za-z\0]+", spaced)
    camel = "".join(part[:1].upper() + part[1:] for part in parts).replace("\0", "_") or "Unnamed"
    return f"N{camel}" if camel[0].isdigit() else camel


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where it is taken; from then on it is."""
    free, number = name, 2
    while free in taken or keyword.iskeyword(free):
        free, number = f"{name}Variant{number}", number + 1
    taken.add(free)
    return free


_DISTINCTIONS: tuple[Callable[[Unit], str], ...] = (
    lambda unit: f"On{unit.inputs[0].size}",
    lambda unit: f"Via{_camel(unit.shortcut)}" if unit.shortcut else "",
    lambda unit: f"From{'And'.join(str(shape.channels) for shape in unit.inputs[1:])}" if unit.links else "",
)
"""What is told of units whose names would be equal: the size, the shortcut, the channels of the links' sources."""

_TAKEN = frozenset({*dir(builtins), "torch", "nn", "F", "run", "SPEC", "LAYERS"})
