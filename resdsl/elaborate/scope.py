"""What names stand for: values of the language, and the scopes that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from resdsl.elaborate.problems import Echo
from resdsl.record import field, record, state
from resdsl.syntax import ast

if TYPE_CHECKING:
    from resdsl.elaborate.definitions import Module
    from resdsl.elaborate.tensors import Tensor, Zero

ClosureKind = Literal["block", "shortcut", "layer"]


@record
class Closure:
    """A block, shortcut kind or layer as a value: a reference, and the scope that its names belong to."""

    kind: ClosureKind
    reference: ast.Reference
    scope: Scope

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __str__(self) -> str:
        return self.reference.span.text


class Poison:
    """The value of a name that has none: looking it up raises `why`, or Echo where the mistake is already told."""

    def __init__(self, why: Exception | None = None) -> None:
        self.why = why


POISON: Final = Poison()

Plain = int | float | bool | str
Value: TypeAlias = "Plain | tuple[Value, ...] | Closure"
"""What an expression can be, apart from tensors: a size such as 3x3 is a tuple of whole numbers."""


@state
class Scope:
    """Names and what they stand for; a name that is not here is looked for in the parent.

    Attributes:
        module: the file whose definitions are visible.
        names: what is bound here.
        used: the names of this scope that something looked at.
    """

    module: Module
    parent: Scope | None = None
    names: dict[str, Value | Tensor | Zero | Poison] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]
    used: set[str] = field(factory=set[str])

    def child(self) -> Scope:
        """A new scope inside this one."""
        return Scope(self.module, self)

    def holds(self, name: str) -> bool:
        """Whether the name is bound here or further out; does not count as a use."""
        return name in self.names or (self.parent is not None and self.parent.holds(name))

    def find(self, name: str) -> Value | Tensor | Zero | None:
        """What the name stands for, or None. Raises Echo, or what is wrong with it, for a poisoned name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                scope.used.add(name)
                value = scope.names[name]
                if isinstance(value, Poison):
                    raise value.why or Echo
                return value
            scope = scope.parent
        return None

    def visible(self) -> set[str]:
        """All names bound here and further out."""
        return set(self.names) | (self.parent.visible() if self.parent else set())


def describe(value: Value | Tensor | Zero) -> str:
    """A value in the language's words, for messages: `a size 3x3`, `the whole number 3`."""
    match value:
        case bool():
            return "`true`" if value else "`false`"
        case int():
            return f"the whole number `{value}`"
        case float():
            return (
                f"the number `{int(value)}.0`"
                if value.is_integer() and abs(value) < 1e15
                else f"the number `{value:g}`"
            )
        case str():
            return f'the text "{value}"'
        case tuple():
            return f"the list `[{', '.join(map(write, value))}]`"
        case Closure():
            return f"the {value.kind if value.kind != 'shortcut' else 'shortcut kind'} `{value}`"
        case _:
            return "a tensor"


def write(value: Value | Tensor | Zero | Poison) -> str:
    """A value as `.res` text."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case tuple() if len(value) > 1 and all(
            isinstance(item, int) and not isinstance(item, bool) and item >= 0 for item in value
        ):
            return "x".join(map(str, value))
        case tuple():
            return write_list(value)
        case _:
            return str(value)


def write_list(items: tuple[Value, ...]) -> str:
    """A list as `.res` text; sizes in a row are one value with it, which `write` writes as `3x3`."""
    return f"[{', '.join(map(write, items))}]"
