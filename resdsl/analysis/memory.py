"""How much memory a network takes: what training keeps for the backward pass, what evaluation needs at its peak."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from resdsl.ir.dropped import drop_residual
from resdsl.ir.graph import Graph, flatten
from resdsl.ir.unit import Unit
from resdsl.record import record

DType = Literal["float64", "float32", "bfloat16", "float16"]

BYTES: Mapping[DType, int] = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}
"""The bytes of one number."""
_INDEX_BYTES = 8


@record
class Memory:
    """The memory that a network takes; all numbers are bytes.

    Attributes:
        weights: the trained values. Their gradients take as much again, and SGD's momentum too; Adam keeps two more.
        buffers: the values of the state dict that are not trained; a count of batches has 8 bytes.
        saved: what autograd keeps of the activations for the backward pass when the loss is computed, every block kept:
            each tensor once, however many layers keep it, the input of the network too.
        saved_expected: the same on average under the survival schedule, where a dropped block keeps nothing of f.
        steps: `saved` by the step of the spine that computes it; the input of the network counts to the first.
        sections: the same by the label of the section.
        peak: the activations that are alive at once in evaluation, at most, where each is freed after its last use: the
            input of the network all the time, then what a layer takes and gives, and what links and shortcuts wait for.
            A compiled or exported program comes close to it; in eager Python, a variable holds its value longer.
    """

    weights: int
    buffers: int
    saved: int
    saved_expected: float
    steps: tuple[int, ...]
    sections: dict[str, int]
    peak: int


def memory(graph: Graph, *, batch: int = 1, dtype: DType = "float32") -> Memory:
    """The memory for a batch of samples whose weights and activations are of one type.

    Asks each distinct unit once; the rest is linear in the steps and links.
    """
    bytes_each = BYTES[dtype]
    weights = {unit: _count_weights(unit) for unit in graph.units}
    saved = _saved(graph, batch, bytes_each, survival=False)
    expected = _saved(graph, batch, bytes_each, survival=True) if graph.survival else saved
    first, second, *others = saved
    steps = tuple(map(round, (first + second, *others)))
    sections = {section.label: sum(steps[section.first : section.last + 1]) for section in graph.sections}
    return Memory(
        weights=sum(weights[step.unit][0] for step in graph.steps) * bytes_each,
        buffers=sum(weights[step.unit][1] * bytes_each + weights[step.unit][2] * _INDEX_BYTES for step in graph.steps),
        saved=round(sum(saved)),
        saved_expected=sum(expected),
        steps=steps,
        sections=sections,
        peak=_peak(graph) * batch * bytes_each,
    )


def read_bytes(size: str | int) -> int:
    """A number of bytes; as text with a unit, such as `8GiB`, `500 MB`. Raises ValueError for anything else."""
    if isinstance(size, int):
        return size
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", size.strip(), re.IGNORECASE)
    if found is None:
        raise ValueError(f"`{size}` is no amount of memory: write `8GiB`, `500MB` or a number of bytes")
    power = " KMGT".index(found[2].upper() or " ")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** power)


def _count_weights(unit: Unit) -> tuple[int, int, int]:
    """Trained values, other values, and counts of batches."""
    buffers = [buffer for node in unit.nodes for buffer in node.op.buffers(*unit.input_shapes(node))]
    n_counts = sum(not buffer.dims for buffer in buffers)
    return unit.n_params, sum(buffer.elements for buffer in buffers) - n_counts, n_counts


# ---------------------------------------------------------------- what training keeps


@record
class _Kept:
    """What autograd keeps of one run of a unit.

    Attributes:
        inputs: whether each input is kept.
        output: whether the output is, by the unit itself.
        alias: the input whose memory the output shares; None if it has memory of its own.
        stored: the values of one sample in the output's memory.
        inside: values of one sample that are kept besides: activations and masks.
        for_batch: the same, once for the batch.
        indices: 8-byte integers of one sample.
    """

    inputs: tuple[bool, ...]
    output: bool
    alias: int | None
    stored: int
    inside: int
    for_batch: int
    indices: int

    def inside_bytes(self, batch: int, bytes_each: int) -> int:
        """The bytes of everything but inputs and output."""
        return (self.inside * batch + self.for_batch) * bytes_each + self.indices * batch * _INDEX_BYTES


def _keep(unit: Unit) -> _Kept:
    roots = _roots(unit)
    kept: set[int] = set()
    floats = for_batch = indices = 0
    for value, node in enumerate(unit.nodes, start=len(unit.inputs)):
        saves = node.op.saves(*unit.input_shapes(node))
        kept.update(roots[node.inputs[number]] for number in saves.inputs)
        if saves.output:
            kept.add(roots[value])
        floats += saves.floats
        for_batch += saves.floats_per_batch
        indices += saves.indices
    output = roots[unit.output]
    inner = [value for value in kept if value >= len(unit.inputs) and value != output]
    return _Kept(
        inputs=tuple(value in kept for value in range(len(unit.inputs))),
        output=output in kept,
        alias=output if output < len(unit.inputs) else None,
        stored=unit.shape_of(output).elements,
        inside=floats + sum(unit.shape_of(value).elements for value in inner),
        for_batch=for_batch,
        indices=indices,
    )


def _roots(unit: Unit) -> list[int]:
    """For each value of a unit the one whose memory it lies in: itself, unless it is a view."""
    roots = list(range(len(unit.inputs)))
    for value, node in enumerate(unit.nodes, start=len(unit.inputs)):
        roots.append(roots[node.inputs[0]] if node.op.is_view() else value)
    return roots


def _saved(graph: Graph, batch: int, bytes_each: int, *, survival: bool) -> list[float]:
    """The expected bytes that are kept of each value of the spine, with all that computing it keeps besides."""
    whole = {unit: _keep(unit) for unit in graph.units}
    left = {unit: _keep(drop_residual(unit)[0]) for unit in graph.units} if survival else whole
    runs = [
        [(p := step.survival if survival and step.survival is not None else 1.0, whole[step.unit])]
        + ([(1 - p, left[step.unit])] if p < 1 else [])
        for step in graph.steps
    ]
    # unused[v]: the probability that nothing downstream keeps the memory of value v, through aliases of it too
    unused = [1.0] * (len(graph.steps) + 1)
    for position in range(len(graph.steps) - 1, -1, -1):
        for number, value in enumerate(graph.steps[position].inputs):
            unused[value] *= sum(
                p * (not kept.inputs[number]) * (unused[position + 1] if kept.alias == number else 1.0)
                for p, kept in runs[position]
            )
    saved = [graph.input.elements * batch * bytes_each * (1 - unused[0])]
    for position, run in enumerate(runs):
        total = 0.0
        for p, kept in run:
            stored = kept.stored * batch * bytes_each if kept.alias is None else 0
            is_kept = 1.0 if kept.output else 1 - unused[position + 1]
            total += p * (stored * is_kept + kept.inside_bytes(batch, bytes_each))
        saved.append(total)
    return saved


# ---------------------------------------------------------------- what evaluation needs


def _peak(graph: Graph) -> int:
    """The most values of one sample that are alive at once."""
    owner, stored, last_use = [0], [graph.input.elements], [0]
    for value, flat in enumerate(flatten(graph), start=1):
        is_view = flat.node.op.is_view()
        owner.append(owner[flat.inputs[0]] if is_view else value)
        stored.append(0 if is_view else flat.node.shape.elements)
        last_use.append(value)
        for source in flat.inputs:
            last_use[owner[source]] = value
    last_use[0] = last_use[owner[-1]] = len(stored)
    freed = [0] * (len(stored) + 1)
    for value, elements in enumerate(stored):
        freed[last_use[value]] += elements
    alive = peak = 0
    for value, elements in enumerate(stored):
        alive += elements
        peak = max(peak, alive)
        alive -= freed[value]
    return peak
