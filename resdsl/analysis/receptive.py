"""How much of the input one output pixel sees: the theoretical receptive field, by section and dimension."""

from __future__ import annotations

from typing import Literal

from resdsl.ir.graph import Graph
from resdsl.ir.unit import Unit
from resdsl.record import record


@record
class Field:
    """What the pixels of a value see along one dimension; all numbers are pixels of the network's input.

    Pixel m, from 0, sees the input pixels `stride·m + first` to `stride·m + last`, both included; some may lie
    outside the input, in its padding.
    """

    stride: int = 1
    first: int = 0
    last: int = 0

    @property
    def size(self) -> int:
        """The receptive field."""
        return self.last - self.first + 1

    @property
    def centre(self) -> float:
        """The input pixel, from 0, in the middle of what pixel 0 sees."""
        return (self.first + self.last) / 2


Everything = Literal["everything"]
"""What a pixel sees after global pooling."""

Seen = tuple[Field, ...] | Everything
"""What the pixels of a value see: a field for each dimension, or the whole input."""


@record
class ReceptiveField:
    """The receptive field at the end of each section, by label, and at the network's output.

    Every path counts: what an output pixel sees is the smallest window that holds what it sees along each path, through
    shortcuts, links and gates too. So after squeeze-and-excitation, whose gate looks at all pixels, it is everything.
    """

    sections: dict[str, Seen]
    output: Seen


def receptive_field(graph: Graph) -> ReceptiveField:
    """Computes each distinct unit once; the rest is one merge for each step and link."""
    through = {unit: _through(unit) for unit in graph.units}
    seen: list[Seen] = [(Field(),) * graph.input.rank]
    for step in graph.steps:
        entries = zip(step.inputs, through[step.unit], strict=True)
        seen.append(_merge([_compose(seen[value], path) for value, path in entries if path is not None]))
    return ReceptiveField({section.label: seen[section.last + 1] for section in graph.sections}, seen[-1])


def _through(unit: Unit) -> tuple[Seen | None, ...]:
    """What the unit's output sees of each of its inputs; None for an input that no path leads from."""
    return tuple(_from_input(unit, number) for number in range(len(unit.inputs)))


def _from_input(unit: Unit, number: int) -> Seen | None:
    seen: list[Seen | None] = [None] * len(unit.inputs)
    seen[number] = (Field(),) * unit.inputs[number].rank
    for node in unit.nodes:
        paths: list[Seen] = []
        for value in node.inputs:
            before, shape = seen[value], unit.shape_of(value)
            if before is None:
                continue
            windows = node.op.window(shape)
            if windows is None or (len(node.inputs) > 1 and shape.spatial != node.shape.spatial):
                paths.append("everything")  # pooled over all pixels, or one pixel spread over all
            else:
                step = tuple(
                    Field(window.stride, -window.padding, window.dilation * (window.kernel - 1) - window.padding)
                    for window in windows
                )
                paths.append(_compose(before, step))
        seen.append(_merge(paths) if paths else None)
    return seen[unit.output]


def _compose(outer: Seen, inner: Seen) -> Seen:
    """What `inner` sees of a value whose pixels see `outer`."""
    if outer == "everything" or inner == "everything":
        return "everything"
    return tuple(
        Field(o.stride * i.stride, o.first + o.stride * i.first, o.last + o.stride * i.last)
        for o, i in zip(outer, inner, strict=True)
    )


def _merge(paths: list[Seen]) -> Seen:
    """The smallest window that holds all paths; of differing strides (on a single pixel they may), the largest."""
    fields: list[tuple[Field, ...]] = []
    for path in paths:
        if path == "everything":
            return "everything"
        fields.append(path)
    return tuple(
        Field(max(f.stride for f in along), min(f.first for f in along), max(f.last for f in along))
        for along in zip(*fields, strict=True)
    )
