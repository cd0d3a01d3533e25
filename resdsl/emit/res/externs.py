"""Declares the foreign blocks of a printed network: one signature for each, whatever its uses differ in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.ops import Extern
from resdsl.ops.setting import Value, write_value

_Place: TypeAlias = "tuple[int, tuple[tuple[str, Value], ...]]"
"""What a signature is computed from: the channels that come in, and the arguments."""


@dataclass(slots=True)
class Externs:
    """The uses of foreign blocks, by their name."""

    uses: dict[str, dict[_Place, Extern]] = field(default_factory=dict[str, dict[_Place, Extern]])

    def use(self, op: Extern, channels: int) -> str:
        """How a stage names the block, where these channels come in.

        Raises:
            ResError: where another use of that name has other parameters, or another signature at such a place.
        """
        uses = self.uses.setdefault(op.name, {})
        same = uses.setdefault((channels, op.arguments), op)
        parameters = {tuple(name for name, _ in arguments) for _, arguments in uses}
        if same != op or len(parameters) > 1:
            message = f"the foreign block `{op.name}` is declared in two ways in this network, which no one text says"
            raise ResError([Diagnostic(Code.NAME_TAKEN, message)])
        arguments = ", ".join(f"{name} = {_write(value)}" for name, value in op.arguments)
        return f"{op.name}({arguments})" if arguments else op.name

    def declarations(self) -> Iterator[str]:
        """The definitions, in order of first use."""
        for name, uses in self.uses.items():
            parameters = ", ".join(parameter for parameter, _ in next(iter(uses.values())).arguments)
            channels = _by_place(uses, lambda op: op.channels)
            keeps = all(op.channels == place[0] for place, op in uses.items())
            stride = _by_place(uses, lambda op: op.stride)
            yield (
                f"extern block {name}{f'({parameters})' if parameters else ''} -> ({'in' if keeps else channels})"
                f" / {stride if stride.isdigit() else f'({stride})'}"
                f", params = {_by_place(uses, lambda op: op.n_weights)}, macs = {_by_place(uses, lambda op: op.n_macs)}"
            )


def _by_place(uses: dict[_Place, Extern], number: Callable[[Extern], int]) -> str:
    """A number of the signature as an expression: `if in == 16 then 1024 else 4096`."""
    numbers = {place: number(op) for place, op in uses.items()}
    if len(set(numbers.values())) == 1:
        return str(next(iter(numbers.values())))
    *others, (_, last) = numbers.items()
    return " ".join([*(f"if {_is_at(place, uses)} then {value} else" for place, value in others), str(last)])


def _is_at(place: _Place, uses: dict[_Place, Extern]) -> str:
    """The condition that holds at one place of all, by what differs between them."""
    channels, arguments = place
    conditions = [f"in == {channels}"] if len({other for other, _ in uses}) > 1 else []
    for number, (name, value) in enumerate(arguments):
        if len({given[number][1] for _, given in uses}) > 1:
            conditions.append(f"{name} == {_write(value)}")
    return " and ".join(conditions)


def _write(value: Value) -> str:
    """A value that reads as the same value again: 2.0 is no 2, and a list of one is a list."""
    match value:
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        case float():
            return repr(value)
        case tuple():
            return f"[{', '.join(map(_write, value))}]"
        case _:
            return write_value(value)
