"""What names stand for: values of the language, and the scopes that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from resdsl.elaborate.problems import Echo
from resdsl.record import field, record, state
from resdsl.shape import Unknown
from resdsl.syntax import ast

if TYPE_CHECKING:
    from resdsl.elaborate.definitions import Module
    from resdsl.elaborate.tensors import Tensor, Zero

ClosureKind = Literal["block", "shortcut", "layer"]


@record
class Closure:
    """A block, shortcut kind or layer as a value: a reference, and the scope that its names belong to.

    `outer` is what the name of the reference stands for, where that is a value itself: in `norm norm(2)` the norm of
    before, not the one that is made.
    """

    kind: ClosureKind
    reference: ast.Reference
    scope: Scope
    outer: Closure | None = None

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __str__(self) -> str:
        return self.reference.span.text


class Poison:
    """The value of a name that has none: looking it up raises `why`, or Echo where the mistake is already told."""

    def __init__(self, why: Exception | None = None) -> None:
        self.why = why


POISON: Final = Poison()


def if_known(size: int | tuple[int, ...]) -> int | tuple[int, ...] | Poison:
    """A size as the value of a name: none where it is not known."""
    sizes = size if isinstance(size, tuple) else (size,)
    return POISON if any(isinstance(one, Unknown) for one in sizes) else size


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
        lets: what the names among these that were computed were computed from.
    """

    module: Module
    parent: Scope | None = None
    names: dict[str, Value | Tensor | Zero | Poison] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]
    used: set[str] = field(factory=set[str])
    lets: dict[str, ast.Expression] = field(factory=dict[str, "ast.Expression"])

    def child(self) -> Scope:
        """A new scope inside this one."""
        return Scope(self.module, self)

    def holds(self, name: str) -> bool:
        """Whether the name is bound here or further out; does not count as a use."""
        return self.holder(name) is not None

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

    def suspect(self, expression: ast.Syntax) -> None:
        """Takes their values from the names that an expression looks at: a mistake in it may come from any of them."""
        for name in names_in(expression):
            holding = self.holder(name) if name not in ("in", "out") else None
            if holding is not None and isinstance(holding.names[name], int | float | str | tuple | Closure):
                holding.forget(name)

    def forget(self, name: str) -> None:
        """Takes its value from a name of this scope, and from those that are computed of it."""
        self.names[name] = POISON
        for other, value in self.lets.items():
            if self.names[other] is not POISON and name in names_in(value):
                self.forget(other)

    def holder(self, name: str) -> Scope | None:
        """The scope that binds a name, this one or one further out, if any does."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.parent
        return scope

    def visible(self) -> set[str]:
        """All names bound here and further out."""
        return set(self.names) | (self.parent.visible() if self.parent else set())


def names_in(expression: ast.Syntax) -> Iterator[str]:
    """The names that stand in an expression."""
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Reference):
            yield node.name
        waiting += node.parts


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
            return f'the text "{shorten(value)}"'
        case tuple():
            return f"the list `{_brief_list(value, SHOWN)}`"
        case Closure():
            kind = value.kind if value.kind != "shortcut" else "shortcut kind"
            return f"the {kind} `{shorten(str(value))}`"
        case _:
            return "a tensor"


def shorten(text: str) -> str:
    """The text as messages show it, which may be as long as a file."""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def brief(value: Value | Tensor | Zero | Poison) -> str:
    """A value as `.res` text as far as messages show it: a list of 10,000 items is not written out for each of them."""
    match value:
        case tuple():
            return (
                write(value) if len(value) <= _ITEMS and not any(map(_holds_more, value)) else _brief_list(value, SHOWN)
            )
        case _:
            return shorten(write(value))


def _brief_list(items: tuple[Value, ...], room: int) -> str:
    """The first of the items, until the room is full."""
    written: list[str] = []
    for item in items:
        if room <= 0:
            written.append("…")
            break
        written.append(
            _brief_list(item, room) if isinstance(item, tuple) and _holds_more(item) else shorten(write(item))
        )
        room -= len(written[-1]) + 2
    return f"[{', '.join(written)}]"


def _holds_more(item: Value) -> bool:
    """Whether a list holds lists, or many items."""
    return isinstance(item, tuple) and (len(item) > _ITEMS or any(isinstance(inner, tuple) for inner in item))


SHOWN: Final = 200
"""Characters of a value that messages show."""
_ITEMS: Final = 20


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
