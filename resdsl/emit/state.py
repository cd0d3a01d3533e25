"""The tensors of a network's state, without torch: their shapes, and their keys under a naming scheme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from resdsl.diagnostics import ResError
from resdsl.emit.names import StepNames, layer_tensors, module_order, name_modules, resolve_scheme
from resdsl.emit.schemes import SCHEMES, Scheme
from resdsl.ir.graph import Graph
from resdsl.ir.unit import Unit
from resdsl.record import record


@record
class StateTensor:
    """One tensor of a network's state, as a scheme has it.

    Attributes:
        key: what the scheme calls it; empty where it has no name for it, or does not store it.
        dims: its dimensions there.
        own_dims: its dimensions in the module that is built: those, in one order, with one-sized ones more or less.
        is_stored: whether the scheme stores it at all: that of Caffe has no counts of batches.
        is_counter: whether it counts batches (`num_batches_tracked`), which nothing that is computed depends on.
    """

    key: str
    dims: tuple[int, ...]
    own_dims: tuple[int, ...]
    is_stored: bool = True
    is_counter: bool = False

    @property
    def n_values(self) -> int:
        """How many numbers it holds."""
        return prod(self.own_dims)


def state_tensors(graph: Graph, scheme: str) -> tuple[StateTensor, ...]:
    """Every tensor of the state, in the order of the emitted module's own state dict, as a scheme has it.

    A library's name stands for all that it has, as in `keys …`.

    Raises:
        ResError: where there is no such scheme.
    """
    return scheme_tensors(graph, resolve_scheme(graph, scheme))


def scheme_tensors(graph: Graph, scheme: str) -> tuple[StateTensor, ...]:
    """The same for exactly this scheme. Raises ResError where there is no such scheme."""
    steps, _ = name_modules(graph, scheme)
    found: list[StateTensor] = []
    for position, names in enumerate(steps):
        found += _step_tensors(graph, position, names, SCHEMES[scheme])
    return tuple(found)


def state_keys(graph: Graph, scheme: str) -> Iterator[str]:
    """The keys of the state dict under a scheme, in the order of the emitted module's own state dict.

    Raises:
        ResError: where there is no such scheme, or it has no name for a part of this network.
    """
    _check_complete(graph, scheme)
    return (tensor.key for tensor in state_tensors(graph, scheme) if tensor.is_stored)


def key_map(graph: Graph, frm: str = "native", to: str = "torchvision") -> dict[str, str]:
    """For each key of the state dict under scheme `frm`, the key of the same tensor under scheme `to`.

    What one of them does not store is left out.

    Raises:
        ResError: where a scheme does not exist, or has no name for a part of this network.
    """
    _check_complete(graph, frm)
    _check_complete(graph, to)
    pairs = zip(state_tensors(graph, frm), state_tensors(graph, to), strict=True)
    return {one.key: other.key for one, other in pairs if one.is_stored and other.is_stored}


def _check_complete(graph: Graph, scheme: str) -> None:
    _, problems = name_modules(graph, resolve_scheme(graph, scheme))
    if problems:
        raise ResError(problems)


def _step_tensors(graph: Graph, position: int, names: StepNames, scheme: Scheme) -> Iterator[StateTensor]:
    unit = graph.steps[position].unit
    for number in module_order(unit):
        label = unit.nodes[number].op.LABEL
        module = names.key(number) if number in names.nodes else None
        stored: Mapping[str, str] | None = scheme.tensors.get(label)
        for tensor in layer_tensors(unit, number):
            template = "{module}.{name}" if stored is None else stored.get(tensor.name)
            dims = tensor.dims
            if label == "linear" and tensor.name == "weight" and module in scheme.convolutions:
                dims = (dims[0], *_flattened(unit, number))
            yield StateTensor(
                "" if module is None or template is None else template.format(module=module, name=tensor.name),
                dims,
                tensor.dims,
                is_stored=template is not None,
                is_counter=tensor.name == "num_batches_tracked",
            )


def _flattened(unit: Unit, number: int) -> tuple[int, ...]:
    """The dimensions that a linear layer sees as one: those before the flattening, else its channels by 1x1."""
    (value,) = unit.nodes[number].inputs
    producer = unit.nodes[value - len(unit.inputs)] if value >= len(unit.inputs) else None
    if producer is not None and producer.op.LABEL == "flatten":
        return unit.input_shapes(producer)[0].dims
    return (*unit.shape_of(value).dims, 1, 1)
