"""One call of an exported graph, and what it may be in the language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar, cast

import torch

from resdsl.ops import Op
from resdsl.shape import Shape


class Unsayable(Exception):  # noqa: N818 - on its way to an error that knows the place
    """The language has no layer for a call; says in the user's terms what the call does."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor of the model itself, by its key in the state dict; trained where it is no buffer."""

    key: str
    tensor: torch.Tensor
    is_trained: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A layer: what it computes from which values; -1 is the value of the layer before it in the same call."""

    op: Op
    inputs: tuple[int, ...]
    tensors: Mapping[str, str] = field(default_factory=dict[str, str])


Step: TypeAlias = "int | tuple[Made, ...]"
"""The value that a call only passes on, or the layers that it is."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the operator's name, its arguments by name, the shape of each value, the dimensions of the result.

    `in_training` says which of the two the model was traced in.

    An argument that is a value of the network is its number; one that is a tensor of the model is a Weight.
    """

    name: str
    arguments: Mapping[str, object]
    values: Mapping[str, int]
    shapes: Mapping[int, Shape]
    dims: tuple[int, ...]
    in_training: bool

    @property
    def x(self) -> int:
        """The value that the call is about. Raises Unsayable where it is none of the network's."""
        name = "input" if "input" in self.arguments else "self"
        if name not in self.values:
            raise Unsayable(f"`{self.name}` makes weights out of weights in each pass; the language has trained ones")
        return self.values[name]

    @property
    def shape(self) -> Shape:
        """The shape of x."""
        return self.shapes[self.x]

    def get(self, name: str, kind: type[_T]) -> _T:
        """An argument of a type. Raises Unsayable where it is of another."""
        value = self.arguments.get(name)
        if isinstance(value, kind) and name not in self.values:
            return value
        made = "is computed in each pass; weights of the language are what is trained, as it is"
        raise Unsayable(f"the `{name}` of `{self.name}` {made}")

    def number(self, name: str) -> float:
        """An argument that is a number."""
        value = self.arguments.get(name)
        if isinstance(value, int | float) and name not in self.values:
            return float(value)
        raise Unsayable(f"`{self.name}` has a `{name}` that is not a number")

    def has(self, name: str) -> bool:
        """Whether an optional argument is given."""
        return self.arguments.get(name) is not None

    def sizes(self, name: str) -> tuple[int, ...]:
        """One whole number for each spatial dimension."""
        value = self.arguments.get(name)
        items = cast("Sequence[object]", value) if isinstance(value, tuple | list) else (value,)
        numbers = tuple(item for item in items if isinstance(item, int))
        if len(numbers) != len(items):
            raise Unsayable(f"`{self.name}` has a `{name}` that is not fixed")
        return numbers * self.shape.rank if len(numbers) == 1 else numbers

    def tensors(self, *names: str) -> dict[str, str]:
        """The keys of the weights among some arguments. Raises Unsayable where one of them is not trained."""
        return {name: trained(self.get(name, Weight)) for name in names if self.has(name)}

    def buffers(self, *names: str) -> dict[str, str]:
        """The keys of buffers among some arguments."""
        return {name: self.get(name, Weight).key for name in names}


def trained(weight: Weight) -> str:
    """The key of a weight. Raises Unsayable where it is a buffer, which training leaves as it is."""
    if not weight.is_trained:
        raise Unsayable(
            f"`{weight.key}` is a buffer, which training leaves as it is; weights of the language are trained"
        )
    return weight.key
