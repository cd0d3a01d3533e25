"""The modules that a class makes in its `__init__`, and how its `forward` reaches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from resdsl.emit.extern import resolve_target
from resdsl.emit.names import module_order
from resdsl.emit.python.text import BODY, INDENT, broken, call, call_arguments
from resdsl.ir.unit import Unit


@dataclass(frozen=True, slots=True)
class Member:
    """Layers that `forward` calls together: one module, or several in an `nn.Sequential`.

    Attributes:
        nodes: the layers, in order.
        path: where it stands in the class: `conv1`, `se["fc1"]`.
    """

    nodes: tuple[int, ...]
    path: str


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one unit, and the lines that make them."""

    members: tuple[Member, ...]
    lines: tuple[str, ...]

    @property
    def paths(self) -> Mapping[int, str]:
        """The place of each layer's own module: `conv1`, `downsample[0]`."""
        return {
            number: f"{member.path}[{index}]" if len(member.nodes) > 1 else member.path
            for member in self.members
            for index, number in enumerate(member.nodes)
        }


def make_members(unit: Unit, names: Mapping[int, str]) -> Members:
    """The unit's modules under the names of its nodes.

    A name with a point stands in a container: `downsample.0` and `downsample.1` in an `nn.Sequential` where they follow
    each other, `se.fc1` in an `nn.ModuleDict`.
    """
    containers: dict[str, list[int]] = {}
    for number in module_order(unit):
        containers.setdefault(names[number].partition(".")[0], []).append(number)
    members: list[Member] = []
    lines: list[str] = []
    for attribute, numbers in containers.items():
        inner = [names[number].partition(".")[2] for number in numbers]
        made = [module_call(unit, number) for number in numbers]
        if inner == [""]:
            members.append(Member((numbers[0],), attribute))
            lines.append(f"{BODY}self.{attribute} = {made[0]}")
        elif inner == [str(index) for index in range(len(inner))] and _is_sequence(unit, numbers):
            members.append(Member(tuple(numbers), attribute))
            lines += broken(f"self.{attribute} = nn.Sequential(", made, ")", BODY)
        else:
            members += [
                Member((number,), f'{attribute}["{name}"]') for number, name in zip(numbers, inner, strict=True)
            ]
            lines.append(f"{BODY}self.{attribute} = nn.ModuleDict({{")
            lines += [f'{BODY}{INDENT}"{name}": {text},' for name, text in zip(inner, made, strict=True)]
            lines.append(f"{BODY}}})")
    return Members(tuple(members), tuple(lines))


def module_call(unit: Unit, number: int) -> str:
    """How a layer's module is made: `nn.Conv2d(64, 64, 3, padding=1, bias=False)`."""
    node = unit.nodes[number]
    torch_call = node.op.torch_call(*unit.input_shapes(node))
    return call(resolve_target(torch_call.target), call_arguments(torch_call))


def _is_sequence(unit: Unit, numbers: list[int]) -> bool:
    """Whether each of the nodes feeds the next one, and nothing else."""
    values = [number + len(unit.inputs) for number in numbers]
    taken = [value for node in unit.nodes for value in node.inputs] + [unit.output]
    feeds = all(unit.nodes[after].inputs == (value,) for value, after in zip(values, numbers[1:], strict=False))
    return feeds and all(taken.count(value) == 1 for value in values[:-1])
