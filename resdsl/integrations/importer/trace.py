"""What a torch module computes, layer by layer: its exported graph, each call read as a layer of the language."""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from typing import Any, cast

import torch
from torch import nn
from torch.export import ExportedProgram, export
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from resdsl.diagnostics import InternalError
from resdsl.integrations.importer.aten import read_call
from resdsl.integrations.importer.call import Call, Made, Unsayable, Weight
from resdsl.integrations.importer.refused import refused
from resdsl.ops import Op, SettingError, Subsample
from resdsl.shape import Shape, ShapeError

BATCH = 2
"""Samples in the batch that is traced: one would hide what becomes of the batch's dimension."""


@dataclass(frozen=True, slots=True)
class Traced:
    """One value: the layer that computes it, and where in the model it does.

    Attributes:
        op: the layer; None for the network's input.
        inputs: the values it takes, by number.
        shape: what leaves it, for one sample.
        path: the module it runs in, `layer1.0.conv1`.
        tensors: by a tensor's name in the language's module (`weight`), its key in the model's state dict.
    """

    op: Op | None
    inputs: tuple[int, ...]
    shape: Shape
    path: str
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


def trace_module(model: nn.Module, shape: Shape) -> Trace:
    """The layers of a model in evaluation, for samples of a shape; the model is left as it was.

    Raises:
        ResError: where torch cannot export it, or it computes what the language has no layer for.
    """
    with _evaluating(model):
        exported = _export(model, shape)
    return _Reader(exported, shape).read()


@contextmanager
def _evaluating(model: nn.Module) -> Generator[None]:
    was_training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, training in was_training.items():
            module.training = training


def _export(model: nn.Module, shape: Shape) -> ExportedProgram:
    reference = next(model.parameters(), torch.empty(0))
    sample = torch.zeros(BATCH, *shape.dims, dtype=reference.dtype, device=reference.device)
    logger = logging.getLogger("torch")
    level = logger.level
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()), torch.no_grad():
            warnings.simplefilter("ignore")
            logger.setLevel(logging.CRITICAL)
            return export(model, (sample,), strict=False)
    except GuardOnDataDependentSymNode as error:
        message = f"`{type(model).__name__}` computes what its input's values decide on, as by `if x.sum() > 0`"
        raise refused(message, help="a network of the language is the same for every sample") from error
    except Exception as error:
        first = str(error).strip().partition("\n")[0]
        message = f"torch cannot trace `{type(model).__name__}` for samples of {shape}: {type(error).__name__}: {first}"
        raise refused(message, help="is that the shape of its input? a model takes one tensor") from error
    finally:
        logger.setLevel(level)


class _Reader:
    """Walks an exported graph, and numbers its values; a call that changes nothing is the value that it takes."""

    def __init__(self, exported: ExportedProgram, shape: Shape) -> None:
        self.exported = exported
        self.values: list[Traced] = [Traced(None, (), shape, "", {})]
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
                self.weights[node] = Weight(key, cast("torch.Tensor", tensors[key]))
            elif node.op == "placeholder":
                self.numbers[node] = 0
            elif node.op == "call_function":
                self._read_call(node)
            elif node.op == "output":
                (returned,) = cast("tuple[tuple[object, ...]]", node.args)
                if len(returned) == 1 and isinstance(returned[0], torch.fx.Node) and returned[0] in self.numbers:
                    return _without_shared(_without_unused(self.values, self.numbers[returned[0]]))
        raise refused("the model returns several tensors, or none that it computes from its input")

    def _read_call(self, node: torch.fx.Node) -> None:
        path = _path(node)
        schema = getattr(node.target, "_schema", None)
        if schema is None:
            raise refused(f"the language has no layer for `{getattr(node.target, '__name__', node.target)}`", path)
        try:
            made = read_call(self._call(node, schema))
            if isinstance(made, int):
                self.numbers[node] = made
                return
            for layer in made:
                self._add(layer, path)
            self.numbers[node] = len(self.values) - 1
        except (Unsayable, SettingError) as error:
            raise refused(str(error), path) from None
        except ShapeError as error:
            raise refused(error.message, path) from None
        if (found := self.values[-1].shape.dims) != (wanted := _dims(node)[1:]):
            raise refused(f"`{self.values[-1].op}` makes {found} in the language, {wanted} here", path)

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
        return Call(word.removesuffix("_"), arguments, values, shapes, _dims(node))

    def _resolve(self, value: object) -> object:
        if isinstance(value, torch.fx.Node):
            return self.weights.get(value, value)
        if isinstance(value, list | tuple):
            return tuple(self._resolve(item) for item in cast("list[object]", value))
        return value

    def _add(self, layer: Made, path: str) -> None:
        inputs = tuple(len(self.values) - 1 if value < 0 else value for value in layer.inputs)
        op = layer.op
        if isinstance(op, Subsample) and isinstance(first := self.values[inputs[0]].op, Subsample):
            # `x[:, :, ::2, ::2]` is a call for each dimension
            op = Subsample(tuple(one * other for one, other in zip(first.stride, op.stride, strict=True)))
            inputs = self.values[inputs[0]].inputs
        shape = op.infer(*(self.values[value].shape for value in inputs))
        self.values.append(Traced(op, inputs, shape, path, layer.tensors))


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
    return Trace(
        tuple(Traced(v.op, tuple(places[source] for source in v.inputs), v.shape, v.path, v.tensors) for v in kept)
    )


def _without_shared(trace: Trace) -> Trace:
    """The trace, if every layer has weights of its own."""
    homes: dict[str, str] = {}
    for value in trace.values:
        for key in value.tensors.values():
            if key in homes:
                raise refused(
                    f"two layers share the weight `{key}`; each layer of the language has its own", value.path
                )
            homes[key] = value.path
    return trace


def _path(node: torch.fx.Node) -> str:
    """The path of the innermost module that a call was made in; an empty one for the model itself."""
    stack = cast("Mapping[str, tuple[str, object]]", node.meta.get("nn_module_stack") or {})
    return list(stack.values())[-1][0] if stack else ""


def _dims(node: torch.fx.Node) -> tuple[int, ...]:
    """The dimensions of what a call gives, the batch first; empty where it is no tensor."""
    value = node.meta.get("val")
    return tuple(int(size) for size in value.shape) if isinstance(value, torch.Tensor) else ()
