"""How each kind of shortcut looks, read from the layers it is made of: kinds that a user defines have looks too."""

from __future__ import annotations

from collections.abc import Iterator

from resdsl.emit.draw.scene import Dash
from resdsl.emit.draw.wording import kind_words, layer_ink
from resdsl.ir.unit import Node, Unit
from resdsl.record import record


@record
class Look:
    """How a shortcut is drawn.

    Attributes:
        name: the kind's name, in words, for the legend.
        dash: solid where x passes as it is; dashed where a convolution with a norm takes it, long dashes for a bare
            one; dotted where zeros are appended, dots and dashes where x is pooled first.
        on_x: the sign of what is done to x; empty for nothing.
        on_f: the sign of what is done to f.
    """

    name: str
    dash: Dash = "solid"
    on_x: str = ""
    on_f: str = ""


def block_look(unit: Unit) -> Look | None:
    """The look of a block's own shortcut; None where no x reaches the junction."""
    ends_f = [value for value, node in _values(unit) if node.part in {"residual", "survive"}]
    junction = [(value, node) for value, node in _values(unit) if node.part == "shortcut"]
    return _look(junction, set(ends_f[-1:]), unit.shortcut)


def link_look(unit: Unit, number: int, kind: str) -> Look | None:
    """The look of link `number` (from 0, inner first) of those that end in the unit."""
    name, source = unit.links[number], 1 + number
    junction = [
        (value, node)
        for value, node in _values(unit)
        if node.part == "link" and (node.group == name or node.group.startswith(f"{name}_"))
    ]
    inside = {value for value, _ in junction} | {source}
    f = {value for _, node in junction for value in node.inputs if value not in inside}
    return _look(junction, f, kind)


def _values(unit: Unit) -> Iterator[tuple[int, Node]]:
    return enumerate(unit.nodes, start=len(unit.inputs))


def _look(junction: list[tuple[int, Node]], f: set[int], kind: str) -> Look | None:
    """Follows x and f through a junction: what is done to each before they meet in the last sum."""
    of_x: list[Node] = []
    of_f: list[Node] = []
    from_f, from_x = set(f), set[int]()
    for value, node in junction:
        takes_f = any(source in from_f for source in node.inputs)
        takes_x = any(source in from_x or source not in from_f for source in node.inputs)
        if takes_f:
            from_f.add(value)
        if takes_x:
            from_x.add(value)
        if not takes_f:
            of_x.append(node)
        elif not takes_x or node.op.LABEL == "multiply":
            of_f.append(node)
    if not from_x:
        return None
    return Look(kind_words(kind), _dash(of_x), _sign(of_x), _sign(of_f))


def _dash(of_x: list[Node]) -> Dash:
    gates = sum(node.op.LABEL == "multiply" for node in of_x)
    names = {node.op.NAME for node in of_x}
    weighted = sum(node.op.is_weighted() for node in of_x)
    if "pad_channels" in names:
        return "dashdot" if "avgpool" in names else "dotted"
    if weighted <= gates:  # the convolution of a gate is not on the path of x
        return "solid"
    normed = any(layer_ink(node.op) == "norm" for node in of_x)
    return "dashed" if normed else "long"


def _sign(nodes: list[Node]) -> str:
    """σ for a gate, k for a constant, d for noise, λ for a learned scale; empty for nothing of these."""
    ops = [node.op for node in nodes]
    if any(op.LABEL == "multiply" for op in ops):
        return "σ"
    if any(op.is_random() for op in ops):
        return "d"
    if any(op.NAME == "learned_scale" for op in ops):
        return "λ"
    gains = [op.gain() for op in ops if op.LABEL == "affine"]
    return next((FRACTIONS.get(gain, f"{gain:.3g}".replace("-", "−")) for gain in gains if gain is not None), "")


FRACTIONS: dict[float, str] = {0.5: "½", 0.25: "¼", 0.75: "¾"}
