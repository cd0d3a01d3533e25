"""Writes one region of a lowered network as a pure function."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from resdsl.emit.lowered.functional import FUNCTIONS, HELPERS, Layer
from resdsl.emit.names import is_module, tensor_names
from resdsl.emit.python.text import INDENT, WIDTH, call, call_arguments, docstring, filled, shape_comment
from resdsl.ir.unit import Node, Unit
from resdsl.ops.base import TorchCall
from resdsl.passes.lower import Region
from resdsl.shape import Shape

When = Literal["never", "training", "batch_statistics"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One tensor that a function takes.

    Attributes:
        variable: its name in the function.
        path: where it stands in the module of the step: `conv1.weight`; one that begins with `/` stands at the
            network's top.
        updated: in which case the function gives something else for what it becomes than itself: never, in
            training, or where a norm takes the statistics of the batch.
    """

    variable: str
    path: str
    updated: When


@dataclass(frozen=True, slots=True)
class RegionFunction:
    """A region as text.

    Attributes:
        name: the function's name.
        region: what it computes.
        parameters: the tensors that it takes after its inputs, in order.
        layers: the paths of its modules, and what makes each.
        moded: the paths of its modules that do something else in training.
        takes_scale: whether its residual branch can be scaled.
        lines: the definition; it gives its result alone, or a tuple of it and what the tensors that are updated become.
        helpers: the definitions that it needs.
    """

    name: str
    region: Region
    parameters: tuple[Parameter, ...]
    layers: tuple[tuple[str, TorchCall], ...]
    moded: tuple[str, ...]
    takes_scale: bool
    lines: tuple[str, ...]
    helpers: tuple[str, ...]


def write_region(name: str, region: Region, names: Mapping[int, str], *, per_sample: bool) -> RegionFunction:
    """The function of a region.

    Args:
        name: the function's name.
        region: what it computes.
        names: the path of each module, by the number of its node in the unit of the step.
        per_sample: whether what scales the residual branch differs between samples.
    """
    return _Writer(name, region, names, scale="scale.to({0}.dtype) * {0}" if per_sample else "scale * {0}").write()


class _Writer:
    """Writes one function, a line for each layer."""

    def __init__(self, name: str, region: Region, names: Mapping[int, str], *, scale: str) -> None:
        self.name = name
        self.scale = scale
        self.region = region
        self.unit: Unit = region.unit
        self.names = names
        self.taken = {"training", "batch_statistics", "scale", "torch", "nn", "F", name}
        self.taken |= {"take_over", "hand_over", *HELPERS}
        self.parameters: list[Parameter] = []
        self.helpers: dict[str, None] = {}
        self.updates: list[str] = []
        self.layers: list[tuple[str, TorchCall]] = []
        self.moded: list[str] = []
        self.variables: dict[int, str] = {}

    def write(self) -> RegionFunction:
        unit = self.unit
        for value, link in enumerate(("x", *unit.links)):
            self.variables[value] = self._free(link)
        inputs = list(self.variables.values())
        body = list(self._body())
        takes_scale = any(node.part == "survive" for node in unit.nodes)
        keywords = ["*", "training", "batch_statistics", *(["scale"] if takes_scale else [])]
        signature = [*inputs, *(parameter.variable for parameter in self.parameters), *keywords]
        lines = [
            *_broken(f"def {self.name}(", signature, "):", ""),
            *docstring(self._about(), INDENT),
            *body,
            *_broken("return ", [self.variables[unit.output], *self.updates], "", INDENT),
        ]
        return RegionFunction(
            self.name,
            self.region,
            tuple(self.parameters),
            tuple(self.layers),
            tuple(self.moded),
            takes_scale,
            tuple(lines),
            tuple(self.helpers),
        )

    def _body(self) -> Iterator[str]:
        unit = self.unit
        for value, is_masked in enumerate(self.region.masks):
            if is_masked and any(value in node.inputs for node in unit.nodes):
                self.helpers[TAKE_OVER] = None
                yield f"{INDENT}{self.variables[value]} = take_over({self.variables[value]})"
        for number, node in enumerate(unit.nodes):
            value = number + len(unit.inputs)
            operands = [self.variables[source] for source in node.inputs]
            expression, updated = self._express(number, node, operands)
            variable = self.variables[value] = self._free(self._label(number, node))
            targets = ", ".join((variable, *updated))
            yield from _statement(f"{targets} = {expression}", shape_comment(node.shape))

    def _express(self, number: int, node: Node, operands: list[str]) -> tuple[str, list[str]]:
        """The source of a layer's result, and the variables of its new tensors, which come with it."""
        shapes = self.unit.input_shapes(node)
        if node.part == "survive":
            return f"{operands[0]} if scale is None else {self.scale.format(operands[0])}", []
        if is_module(self.unit, node):
            return self._express_module(number, node, operands[0], shapes[0])
        torch_call = node.op.torch_call(*shapes)
        if torch_call.form == "expression":
            return re.sub(r"\{(\d+)\}", lambda found: operands[int(found[1])], torch_call.target), []
        if self.region.gives_relu and number + len(self.unit.inputs) == self.unit.output:
            self.helpers[HAND_OVER] = None
            return call("hand_over", operands), []
        return call(torch_call.target, [*operands, *call_arguments(torch_call)]), []

    def _express_module(self, number: int, node: Node, x: str, shape: Shape) -> tuple[str, list[str]]:
        torch_call = node.op.torch_call(shape)
        function = FUNCTIONS[torch_call.target]
        path = self.names[self.region.origins[number]]
        self.layers.append((path, torch_call))
        tensors: dict[str, str] = {}
        for tensor in tensor_names(self.unit, number):
            if tensor == "num_batches_tracked":  # counted by whoever calls, for all norms at once
                continue
            tensors[tensor] = self._free(f"{path}.{tensor}")
            updated = _UPDATED.get(tensor, "training") if tensor in function.updates else "never"
            self.parameters.append(Parameter(tensors[tensor], f"{path}.{tensor}", updated))
        self.helpers.update(dict.fromkeys(function.helpers))
        if function.updates or node.op.is_random():
            self.moded.append(path)
        updates = [tensors[tensor] for tensor in function.updates]
        self.updates += updates
        return function.write(Layer(torch_call, x, shape.rank, tensors)), updates

    def _label(self, number: int, node: Node) -> str:
        if node.part != "survive" and is_module(self.unit, node):
            return self.names[self.region.origins[number]]
        return f"{node.group}_{node.op.LABEL}" if node.group else node.op.LABEL

    def _free(self, name: str) -> str:
        """A variable of that name, with a number behind it where it is taken; from then on it is."""
        stem = re.sub(r"\W+", "_", name).strip("_")
        stem = f"{stem}_" if keyword.iskeyword(stem) else stem
        variable, number = stem, 2
        while variable in self.taken:
            variable, number = f"{stem}_{number}", number + 1
        self.taken.add(variable)
        return variable

    def _about(self) -> Iterator[str]:
        unit = self.unit
        arguments = f"({unit.arguments})" if unit.arguments else ""
        what = f"`{unit.definition}{arguments}`"
        if unit.shortcut:
            what += f", shortcut `{unit.shortcut}`" + "".join(f", link `{link}`" for link in unit.links)
        yield f"{what}: {', '.join(map(str, unit.inputs))} -> {unit.output_shape}."


def _statement(text: str, comment: str) -> Iterator[str]:
    """A statement with its comment; the arguments of its call on lines of their own where it is long."""
    if len(INDENT + text) <= WIDTH or not text.endswith(")"):
        yield f"{INDENT}{text}  {comment}"
        return
    opening, _, arguments = text[:-1].partition("(")
    *lines, last = _broken(f"{opening}(", arguments.split(", "), ")", INDENT)
    yield from lines
    yield f"{last}  {comment}"


def _broken(opening: str, items: Sequence[str], closing: str, indent: str) -> list[str]:
    """`opening item, item closing` on one line where it fits, else with as many items a line as fit."""
    whole = f"{indent}{opening}{', '.join(items)}{closing}"
    if len(whole) <= WIDTH:
        return [whole]
    start, end = (opening, closing) if closing else (f"{opening}(", ")")
    return [f"{indent}{start}", *filled(items, indent + INDENT), f"{indent}{end}"]


_UPDATED: Mapping[str, When] = {
    "running_mean": "batch_statistics",
    "running_var": "batch_statistics",
}

TAKE_OVER = '''\
class _TakeOver(torch.autograd.Function):
    """x, which left a ReLU: backward, the mask of that ReLU."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return torch.where(x <= 0, 0.0, gradient)


take_over = _TakeOver.apply
'''

HAND_OVER = '''\
class _HandOver(torch.autograd.Function):
    """The ReLU of x: backward nothing, for whoever reads its result masks the gradient."""

    @staticmethod
    def forward(ctx, x):
        return F.relu(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


hand_over = _HandOver.apply
'''
