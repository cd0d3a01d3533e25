"""Writes the class of one distinct unit: a block, or a chain of layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.emit.attributes import free_attribute
from resdsl.emit.python.forward import SCALE, SCALE_SAMPLES, Body, operations, write_forward
from resdsl.emit.python.members import Member, Members
from resdsl.emit.python.text import BODY, INDENT, docstring
from resdsl.ir.dropped import drop_residual
from resdsl.ir.graph import Survival
from resdsl.ir.unit import Unit


@dataclass(frozen=True, slots=True)
class UnitClass:
    """What a class is made of.

    Attributes:
        name: the class's name.
        unit: what it computes.
        members: its modules.
        source: the `.res` text that placed it first, for its docstring; empty where the unit's own name says it.
        survival: how blocks are dropped; None where they are not.
        is_first: whether it is the first class of its definition, which says what the definition is.
    """

    name: str
    unit: Unit
    members: Members
    source: str
    survival: Survival | None
    is_first: bool

    @property
    def survives(self) -> bool:
        """Whether its residual branch may be dropped or scaled."""
        return any(node.part == "survive" for node in self.unit.nodes)


def write_class(made: UnitClass) -> list[str]:
    """The lines of the class.

    Raises:
        ResError: where the block cannot be dropped because its junction does more to f than add and scale it.
    """
    inputs = input_variables(made.unit)
    lines = [f"class {made.name}(nn.Module):", *docstring(_about(made), INDENT), ""]
    if made.members.lines:
        lines += [f"{INDENT}def __init__(self):", f"{BODY}super().__init__()", *made.members.lines, ""]
    lines += _forward(made, inputs)
    if made.survives and made.survival is not None and made.survival.per == "batch":
        lines += ["", *_skip(made, inputs)]
    return lines


def input_variables(unit: Unit) -> tuple[str, ...]:
    """The parameters of `forward`: x, then each link by its name, made different from what the body uses."""
    taken = set(VARIABLES)
    variables = ["x"]
    for link in unit.links:
        variables.append(free_attribute(link, taken))
        taken.add(variables[-1])
    return tuple(variables)


def _forward(made: UnitClass, inputs: Sequence[str]) -> Iterator[str]:
    per_sample = made.survival is not None and made.survival.per == "sample"
    computation = operations(made.unit, made.members.members, SCALE_SAMPLES if per_sample else SCALE)
    scale = ", scale=None" if made.survives else ""
    yield f"{INDENT}def forward(self, {', '.join(inputs)}{scale}):"
    yield from write_forward(Body(computation, made.unit.output, inputs))


def _skip(made: UnitClass, inputs: Sequence[str]) -> Iterator[str]:
    """The block when its residual branch is dropped: that branch set to zero, and all that falls away with it."""
    unit, origins = drop_residual(made.unit)
    if any(node.part == "survive" for node in unit.nodes):
        message = f"`{unit.definition}` may be dropped, and `{unit.shortcut}` does more with f than add and scale it"
        help = "a dropped block computes nothing of f: no layer of the shortcut's equations can take it"
        raise ResError([Diagnostic(Code.SHORTCUT_EQUATION, message, unit.span, help=help)])
    place = {origin: number for number, origin in enumerate(origins)}
    left = [
        Member(tuple(place[number] for number in member.nodes), member.path)
        for member in made.members.members
        if all(number in place for number in member.nodes)
    ]
    yield f"{INDENT}def skip(self, {', '.join(inputs)}):"
    yield f'{BODY}"""The block without its residual branch."""'
    yield from write_forward(Body(operations(unit, left), unit.output, inputs))


def _about(made: UnitClass) -> Iterator[str]:
    unit = made.unit
    shapes = f"{unit.inputs[0]} -> {unit.output_shape}"
    cite = f" ({unit.cite})" if unit.cite else ""
    if unit.is_block:
        arguments = f"({unit.arguments})" if unit.arguments else ""
        links = "".join(f", link `{link}`" for link in unit.links)
        yield f"`{unit.definition}{arguments}`, shortcut `{unit.shortcut}`{links}: {shapes}{cite}."
    else:
        yield f"`{made.source or unit.definition}`: {shapes}{cite}."
    if made.is_first:
        yield " ".join(unit.doc.split())


VARIABLES = frozenset(
    {
        "self",
        "x",
        "f",
        "g",
        "h",
        "s",
        "y",
        "scale",
        "torch",
        "nn",
        "F",
        "block",
        "blocks",
        "draws",
        "last",
        "features",
        "run",
    }
)
"""The variables of emitted code; a link of such a name gets another."""
