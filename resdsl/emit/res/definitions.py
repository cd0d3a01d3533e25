"""Gathers the definitions that a printed network needs, each once, under a name of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from resdsl.emit.res.externs import Externs
from resdsl.emit.res.region import Region, is_chain, print_equations
from resdsl.ir.unit import Node, Part, Unit
from resdsl.ops import OPS


@dataclass(slots=True)
class Definitions:
    """Definitions by their text without the name: equal ones are one; and the foreign blocks that are used."""

    names: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    texts: list[str] = field(default_factory=list[str])
    externs: Externs = field(default_factory=Externs)

    def add(self, kind: str, wish: str, body: list[str]) -> str:
        """The name of a definition with this body, near the one that is wished for."""
        text = "\n".join(f"  {line}" for line in body)
        if (kind, text) not in self.names:
            taken = {name for (of_kind, _), name in self.names.items() if of_kind == kind}
            name = _free(wish, taken, avoid=kind == "layer")
            self.names[kind, text] = name
            self.texts.append(f"{kind} {name} {{\n{text}\n}}")
        return self.names[kind, text]

    def chain(self, unit: Unit, part: Part, entry: int) -> tuple[str, int]:
        """A part of a unit as a chain, and the value that it hands on; composite layers become definitions."""
        values = tuple(value for value, node in _values(unit) if node.part == part)
        links: list[str] = []
        at = 0
        while at < len(values):
            group = _node(unit, values[at]).group
            end = at + 1
            while group and end < len(values) and _node(unit, values[end]).group == group:
                end += 1
            region = Region(unit, values[at:end], entry, values[end - 1])
            if is_chain(region):
                links += [str(region.node(value).op) for value in region.values]
            else:
                links.append(self.add("layer", group or "part", print_equations(region, {entry: "x"})))
            entry = region.exit
            at = end
        return " -> ".join(links), entry

    def kind(self, wish: str, unit: Unit, region: Region, f: int) -> str:
        """A shortcut kind that computes a junction."""
        return self.add("shortcut", wish, print_equations(region, {region.entry: "x", f: "f"}))


def _values(unit: Unit) -> list[tuple[int, Node]]:
    return list(enumerate(unit.nodes, start=len(unit.inputs)))


def _node(unit: Unit, value: int) -> Node:
    return unit.nodes[value - len(unit.inputs)]


def _free(wish: str, taken: set[str], *, avoid: bool) -> str:
    base = "".join(sign if sign.isalnum() else "_" for sign in wish)
    name, number = base, 1
    while name in taken or (avoid and name in OPS):
        number += 1
        name = f"{base}_{number}"
    return name
