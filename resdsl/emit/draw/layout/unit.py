"""The inside of every kind of block of a network, side by side, as He et al. 2016b, Fig. 4 shows them."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from resdsl.emit.draw.fold import Detail
from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.kinds import UnitKind, places_words, unit_kinds
from resdsl.emit.draw.layout.heading import MARGIN, heading
from resdsl.emit.draw.layout.panel import Panel, lay_panel
from resdsl.emit.draw.layout.rows import survival_bar
from resdsl.emit.draw.metrics import line_height, shortened, text_width
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.scene import Card, Group, Item, Scene, Text, moved_item
from resdsl.emit.draw.telling import describe
from resdsl.emit.draw.theme import stage_ink
from resdsl.emit.draw.view import view
from resdsl.emit.draw.viewmodel import Net
from resdsl.emit.draw.wording import clean, kind_of_layer, kind_words, layer_words, plural, probability_words
from resdsl.ir.graph import Graph
from resdsl.record import record

GAP, PAD = 18.0, 12.0
BAR = Rect(0, 1, 90, 8)
"""A bar of survival, from the end of the text above it."""


@record
class Captioned:
    """A panel with what stands above it.

    Attributes:
        key: its own, unique in the picture.
        panel: the layers.
        lines: of text above it, the first bold.
        tip: what to tell about it.
        spec_lines: the lines of the spec about it.
        survivals: p_l of the blocks that it stands for, where they are to be shown.
    """

    key: str
    panel: Panel
    lines: tuple[str, ...]
    tip: tuple[str, ...] = ()
    spec_lines: tuple[int, ...] = ()
    survivals: tuple[float, ...] = ()

    @property
    def head(self) -> float:
        """The height of what stands above the panel."""
        text = sum(line_height(11 if n == 0 else 9.5) for n in range(len(self.lines)))
        return text + (BAR.bottom if self.survivals else 0)

    @property
    def width(self) -> float:
        """Of the card around it."""
        texts = [text_width(line, 11 if n == 0 else 9.5, bold=n == 0) for n, line in enumerate(self.lines)]
        return max(self.panel.width, min(max(texts), 190.0), 96.0) + 2 * PAD


def lay_unit(graph: Graph, *, shade: bool = False, width: float = 1100.0) -> Scene:
    """One panel for each kind of block."""
    reading = Reading(graph)
    kinds = unit_kinds(graph)
    panels = [_panel(reading, kind, _letter(kind, len(kinds)), shade=shade) for kind in kinds]
    net = view(reading, Detail(1, 0))
    return lay_panels(panels, net, width)


def lay_panels(panels: Sequence[Captioned], net: Net, width: float) -> Scene:
    """Panels in lines of at most `width` pixels, under the name of the net that they are of."""
    lines: list[list[tuple[float, Captioned]]] = [[]]
    x = right = MARGIN
    for panel in panels:
        if lines[-1] and x + panel.width > width - MARGIN:
            lines.append([])
            x = MARGIN
        lines[-1].append((x, panel))
        right = max(right, x + panel.width)
        x += panel.width + GAP
    right = max(right, 320.0)
    items: list[Item] = []
    y = heading(items, net, MARGIN, right - MARGIN)
    for line in lines:
        y = _draw_line(items, line, y)
    return Scene(right + MARGIN, y, net.title, describe(net), tuple(items))


def _draw_line(items: list[Item], line: Sequence[tuple[float, Captioned]], y: float) -> float:
    head = max((panel.head for _, panel in line), default=0)
    height = max((panel.panel.height for _, panel in line), default=0) + head + 3 * PAD
    for x, panel in line:
        card = Rect(x, y, panel.width, height)
        shapes: list[Item] = [Card(card)]
        at = y + PAD
        for number, words in enumerate(panel.lines):
            size, bold = (11.0, True) if number == 0 else (9.5, False)
            room = Rect(x + PAD, at, card.width - 2 * PAD, line_height(size))
            at += line_height(size)
            shown = shortened(words, size, room.width, bold=bold)
            ink = "muted" if number else "text"
            shapes.append(Text(card.center[0], at - 3, shown, size, "middle", bold, ink=ink, room=room))
        if panel.survivals:
            track = Rect(card.center[0] - BAR.width / 2, at + BAR.y, BAR.width, BAR.height)
            shapes += survival_bar(panel.survivals, track, stage_ink(1))
        left = x + (card.width - panel.panel.width) / 2
        shapes += (moved_item(item, left, y + head + 2 * PAD) for item in panel.panel.items)
        items.append(Group(panel.key, tuple(shapes), panel.tip, panel.spec_lines))
    return y + height + GAP


def _letter(kind: UnitKind, n_kinds: int) -> str:
    """`(b) ` for the second of several, as figures of papers have it, so that a text can refer to it."""
    return f"({ascii_lowercase[kind.number - 1]}) " if 1 < n_kinds <= len(ascii_lowercase) else ""


def _panel(reading: Reading, kind: UnitKind, letter: str, *, shade: bool) -> Captioned:
    graph, unit = reading.graph, kind.unit
    key = f"unit.{kind.number}"
    panel = lay_panel(unit, key, layer_words if kind.same_widths else kind_of_layer, shapes=False)
    arrives = f" + {', '.join(map(kind_words, unit.links))}" if unit.links else ""
    places = places_words(graph, kind.steps)
    lines = [f"{letter}{kind_words(unit.definition)}", f"{kind_words(unit.shortcut)}{arrives}"]
    lines.append(places if len(kind.steps) == 1 else plural(len(kind.steps), "block"))
    kept = [graph.steps[step].survival for step in kind.steps]
    known = tuple(p for p in kept if p is not None)
    if known and shade:
        lines.append(probability_words(known[0], known[-1]))
    tip = [unit.definition, places, *([unit.doc] if unit.doc else []), *([unit.cite] if unit.cite else [])]
    placed = reading.lines_of(graph.steps[step] for step in kind.steps)
    told = tuple(sorted({*placed, *reading.lines(unit.span)}))
    return Captioned(
        key, panel, tuple(map(clean, lines)), tuple(map(clean, tip)), told, survivals=known if shade else ()
    )
