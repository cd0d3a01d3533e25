"""What a torch module computes, layer by layer: its exported graph, each call read as a layer of the language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from operator import getitem
from typing import Any, cast

import torch
from torch import nn
from torch.export import ExportedProgram

from resdsl.diagnostics import InternalError, ResError
from resdsl.integrations.importer.aten import read_call
from resdsl.integrations.importer.call import Call, Made, Unsayable, Weight
from resdsl.integrations.importer.export import export_module
from resdsl.integrations.importer.refused import place_between, place_of, refused
from resdsl.ops import Op, SettingError, Subsample
from resdsl.shape import Shape, ShapeError


@dataclass(frozen=True, slots=True)
class Traced:
    """One value: the layer that computes it, and where in the model it does.

    Attributes:
        op: the layer; None for the network's input.
        inputs: the values it takes, by number.
        shape: what leaves it, for one sample.
        path: the module it runs in, `layer1.0.conv1`.
        place: the same for people; between which modules, where that is the model itself.
        tensors: by a tensor's name in the language's module (`weight`), its key in the model's state dict.
    """

    op: Op | None
    inputs: tuple[int, ...]
    shape: Shape
    path: str
    place: str
    tensors: Mapping[str, str]

    @property
    def layer(self) -> Op:
        """The layer of a value that is not the input."""
        if self.op is None:
            raise InternalError("the network's input is no layer")
        return self.op


@dataclass(frozen=True)
class Trace:
    """All values of a model, in topological order; value 0 is its input. Every value reaches the output, the last."""

    values: tuple[Traced, ...]

    @property
    def output(self) -> int:
        """The value that leaves."""
        return len(self.values) - 1

    @property
    def input(self) -> Shape:
        """The shape of one sample."""
        return self.values[0].shape

    def between(self, entry: int, end: int) -> list[int]:
        """The values after `entry` that `end` is computed from, itself among them, in order."""
        found: set[int] = set()
        pending = [end]
        while pending:
            value = pending.pop()
            if value != entry and value not in found:
                found.add(value)
                pending += self.values[value].inputs
        return sorted(found)

    @cached_property
    def uses(self) -> Mapping[int, int]:
        """How many layers take each value."""
        return Counter(source for value in self.values for source in value.inputs)


def read_model(model: nn.Module, shape: Shape, *, in_training: bool) -> Trace:
    """The layers of a model in evaluation or in training, for samples of a shape; the model is left as it was.

    Raises:
        ResError: where torch cannot export it, or it computes what the language has no layer for.
    """
    return _Reader(export_module(model, shape, in_training=in_training), shape, in_training=in_training).read()


class _Reader:
    """Walks an exported graph, and numbers its values; a call that changes nothing is the value that it takes."""

    def __init__(self, exported: ExportedProgram, shape: Shape, *, in_training: bool) -> None:
        self.exported = exported
        self.in_training = in_training
        self.places = _places(exported)
        self.values: list[Traced] = [Traced(None, (), shape, "", "", {})]
        self.numbers: dict[torch.fx.Node, int] = {}
        self.weights: dict[torch.fx.Node, Weight] = {}

    def read(self) -> Trace:
        signature = self.exported.graph_signature
        keys = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        tensors = {**self.exported.constants, **self.exported.state_dict}
        for node in self.exported.graph.nodes:
            if node.op == "placeholder" and node.name in keys:
                key = keys[node.name]
                is_trained = node.name in signature.inputs_to_parameters
                self.weights[node] = Weight(key, cast("torch.Tensor", tensors[key]), is_trained)
            elif node.op == "placeholder":
                self.numbers[node] = 0
            elif node.op == "call_function":
                self._read_call(node)
            elif node.op == "output":
                (returned,) = cast("tuple[tuple[object, ...]]", node.args)
                if len(returned) == 1 and isinstance(returned[0], torch.fx.Node) and returned[0] in self.numbers:
                    return _without_shared(_without_unused(self.values, self.numbers[returned[0]]))
        raise self._refused("the model returns several tensors, or none that it computes from its input")

    def _refused(self, message: str, place: str = "") -> ResError:
        return refused(f"in training, {message}" if self.in_training else message, place)

    def _read_call(self, node: torch.fx.Node) -> None:
        place = self.places[node]
        if node.target is getitem and node.args[0] in self.numbers and (not node.args[1] or not node.users):
            self.numbers[node] = self.numbers[node.args[0]]
            return  # of the pair of a pooling: the values; the places of the largest are never used
        if node.target is getitem:
            raise self._refused("the language takes the first alone of what a layer gives", place)
        schema = getattr(node.target, "_schema", None)
        if schema is None:
            raise self._refused(
                f"the language has no layer for `{getattr(node.target, '__name__', node.target)}`", place
            )
        call = self._call(node, schema)
        if _counts_batches(call):
            return
        try:
            made = read_call(call)
            if isinstance(made, int):
                self.numbers[node] = made
                return
            for layer in made:
                self._add(layer, _path(node), place)
            self.numbers[node] = len(self.values) - 1
        except (Unsayable, SettingError) as error:
            raise self._refused(str(error), place) from None
        except ShapeError as error:
            raise self._refused(error.message, place) from None
        if (found := self.values[-1].shape.dims) != (wanted := _dims(node)[1:]):
            ours, theirs = "x".join(map(str, found)), "x".join(map(str, wanted)) or "no tensor"
            raise self._refused(f"`{self.values[-1].op}` makes {ours} in the language, {theirs} here", place)

    def _call(self, node: torch.fx.Node, schema: Any) -> Call:
        given: dict[str, object] = {
            argument.name: argument.default_value for argument in schema.arguments if argument.has_default_value()
        }
        given |= dict(zip([argument.name for argument in schema.arguments], node.args, strict=False))
        given |= node.kwargs
        values: dict[str, int] = {}
        arguments: dict[str, object] = {}
        for name, value in given.items():
            arguments[name] = self._resolve(value)
            parts = cast("list[object]", value) if isinstance(value, list | tuple) else []
            named: list[tuple[str, object]] = [(name, value)]
            named += [(f"{name}.{place}", part) for place, part in enumerate(parts)]
            for key, part in named:
                if isinstance(part, torch.fx.Node) and part in self.numbers:
                    values[key] = self.numbers[part]
        shapes = {value: self.values[value].shape for value in values.values()}
        word = str(schema.name).removeprefix("aten::")
        return Call(word.removesuffix("_"), arguments, values, shapes, _dims(node), self.in_training)

    def _resolve(self, value: object) -> object:
        if isinstance(value, torch.fx.Node):
            return self.weights.get(value, value)
        if isinstance(value, list | tuple):
            return tuple(self._resolve(item) for item in cast("list[object]", value))
        return value

    def _add(self, layer: Made, path: str, place: str) -> None:
        inputs = tuple(len(self.values) - 1 if value < 0 else value for value in layer.inputs)
        op = layer.op
        if isinstance(op, Subsample) and isinstance(first := self.values[inputs[0]].op, Subsample):
            # `x[:, :, ::2, ::2]` is a call for each dimension
            op = Subsample(tuple(one * other for one, other in zip(first.stride, op.stride, strict=True)))
            inputs = self.values[inputs[0]].inputs
        shape = op.infer(*(self.values[value].shape for value in inputs))
        self.values.append(Traced(op, inputs, shape, path, place, layer.tensors))


def _without_unused(values: list[Traced], output: int) -> Trace:
    """The values that the output is computed from, numbered anew."""
    used = {output}
    for number in range(output, 0, -1):
        if number in used:
            used.update(values[number].inputs)
    if 0 not in used or output == 0:
        raise refused("the model computes nothing from its input")
    places = {number: place for place, number in enumerate(sorted(used))}
    kept = [values[number] for number in sorted(used)]
    return Trace(tuple(replace(value, inputs=tuple(places[source] for source in value.inputs)) for value in kept))


def _without_shared(trace: Trace) -> Trace:
    """The trace, if every layer has weights of its own."""
    homes: dict[str, str] = {}
    for value in trace.values:
        for key in value.tensors.values():
            if key in homes:
                raise refused(
                    f"two layers share the weight `{key}`; each layer of the language has its own", value.place
                )
            homes[key] = value.path
    return trace


def _path(node: torch.fx.Node) -> str:
    """The path of the innermost module that a call was made in; an empty one for the model itself."""
    stack = cast("Mapping[str, tuple[str, object]]", node.meta.get("nn_module_stack") or {})
    return list(stack.values())[-1][0] if stack else ""


def _places(exported: ExportedProgram) -> dict[torch.fx.Node, str]:
    """Where each call is made, for people."""
    calls = [node for node in exported.graph.nodes if node.op == "call_function"]
    paths = [_path(node) for node in calls]
    before, after = list(accumulate(paths, _last)), list(accumulate(reversed(paths), _last))[::-1]
    return {
        node: place_of(path) if path else place_between(earlier, later)
        for node, path, earlier, later in zip(calls, paths, before, after, strict=True)
    }


def _last(known: str, path: str) -> str:
    return path or known


def _counts_batches(call: Call) -> bool:
    """Whether a call only counts what a batch normalisation has seen in training."""
    counter = call.arguments.get("self")
    return call.name == "add" and isinstance(counter, Weight) and counter.key.endswith("num_batches_tracked")


def _dims(node: torch.fx.Node) -> tuple[int, ...]:
    """The dimensions of what a call gives, the batch first, of a pair the first's; empty where it is no tensor."""
    value: object = node.meta.get("val")
    first = cast("tuple[object, ...]", value)[0] if isinstance(value, tuple) else value
    return tuple(int(size) for size in first.shape) if isinstance(first, torch.Tensor) else ()
