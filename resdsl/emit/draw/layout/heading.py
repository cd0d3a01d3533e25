"""What stands above a net and at the ends of its spine: name, numbers, the shapes that enter and leave."""

from __future__ import annotations

from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.layout.frame import SMALL
from resdsl.emit.draw.metrics import line_height, text_width, wrapped
from resdsl.emit.draw.naming import names
from resdsl.emit.draw.scene import Item, Path, Text
from resdsl.emit.draw.viewmodel import Net
from resdsl.emit.draw.wording import size_words

MARGIN = 20.0


def heading(items: list[Item], net: Net, x: float, width: float) -> float:
    """The network's name, its parameters and its numbers; returns where they end."""
    y = 14.0
    (name,) = names([net.graph])
    for words, size, bold in ((name.bold, 15.0, True), (name.settings, 10.5, False), (net.facts, 10.5, False)):
        for line in wrapped(words, size, width, bold=bold, separator=" " if bold else " · ")[:3]:
            y += line_height(size)
            room = Rect(x, y - size, width, line_height(size))
            items.append(Text(x, y, line, size, bold=bold, ink="text" if bold else "muted", room=room))
    return y + 10


def input_words(items: list[Item], net: Net, x: float, y: float) -> float:
    """The shape that enters, above the spine; returns where the spine begins."""
    _centred(items, f"input {size_words(net.graph.input)}", x, y)
    return y + 14


def output_words(items: list[Item], net: Net, x: float, leave: float, y: float) -> float:
    """An arrow from where the spine leaves to below `y`, and the shape that leaves; returns where they end."""
    items.append(Path(((x, leave), (x, y + 16)), arrow=True, role="spine"))
    _centred(items, f"output {size_words(net.graph.output)}", x, y + 17)
    return y + 31


def _centred(items: list[Item], words: str, x: float, y: float) -> None:
    width = text_width(words, SMALL)
    items.append(Text(x, y + 10, words, SMALL, "middle", ink="muted", room=Rect(x - width / 2, y, width, 13)))
