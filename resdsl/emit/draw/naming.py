"""What networks are called above their pictures, and what tells several of one name apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from resdsl.emit.draw.wording import clean
from resdsl.ir.graph import Graph
from resdsl.record import record


@record
class Name:
    """What a network is called: in bold letters, and its parameters below them, ` · ` between two."""

    bold: str
    settings: str


def names(graphs: Sequence[Graph]) -> list[Name]:
    """The names of networks that are shown together: `ror(m = 4)` where only m tells it from another `ror`."""
    alike = Counter(graph.name for graph in graphs)
    values: dict[tuple[str, str], set[str]] = {}
    for graph in graphs:
        for parameter, value in graph.parameters:
            values.setdefault((graph.name, parameter), set()).add(value)
    found: list[Name] = []
    for graph in graphs:
        own = [] if alike[graph.name] == 1 else [p for p in graph.parameters if len(values[graph.name, p[0]]) > 1]
        told = ", ".join(_setting(one) for one in own)
        others = " · ".join(_setting(one) for one in graph.parameters if one not in own)
        found.append(Name(clean(f"{graph.name}({told})" if told else graph.name), others))
    return found


def _setting(parameter: tuple[str, str]) -> str:
    name, value = parameter
    return clean(f"{name} = {value}")
