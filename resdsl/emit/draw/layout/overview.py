"""The overview: stem, stages as cards, runs of blocks as stacks, all links, head; the same size at any depth."""

from __future__ import annotations

from resdsl.emit.draw.fold import Detail
from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.layout.frame import SMALL, Frame, box_width, frame, several_lines
from resdsl.emit.draw.layout.heading import MARGIN, heading, input_words, output_words
from resdsl.emit.draw.layout.legend import lay_legend, net_entries
from resdsl.emit.draw.layout.net import Part, PlacedNet, natural_tops, place_net, plan_net
from resdsl.emit.draw.layout.pitch import COMFORTABLE, COMPACT, Pitch
from resdsl.emit.draw.metrics import line_height, shortened, text_width
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.scene import Item, Scene, Text
from resdsl.emit.draw.telling import describe
from resdsl.emit.draw.view import view
from resdsl.emit.draw.viewmodel import Chain, Net, Stage
from resdsl.emit.draw.wording import count_words, plural, size_words
from resdsl.ir.graph import Graph

MAX_HEIGHT, MAX_NOTE = 1400.0, 140.0


def lay_overview(graph: Graph, *, shade: bool = False) -> Scene:
    """With as much detail as fits: the first block of a stage and the last, where links land, alone if it does."""
    last = 1 if graph.links else 0
    reading = Reading(graph)
    details = [Detail(1, last), Detail(1, 0), Detail(0, 0)]
    details += [Detail(first, 0, alike) for alike in ("kind", "any") for first in (1, 0)]
    for detail in details:
        net = view(reading, detail)
        for pitch in (COMFORTABLE, COMPACT):
            scene = _lay(net, pitch, shade=shade)
            if scene.height <= MAX_HEIGHT:
                return scene
    return _lay(view(reading, details[-1]), COMPACT, shade=shade)


def _lay(net: Net, pitch: Pitch, *, shade: bool) -> Scene:
    notes = {part.section.label: side_notes(part) for part in net.parts}
    note_width = max(
        (text_width(words, size, bold=bold) for lines in notes.values() for words, size, bold in lines), default=0
    )
    left = MARGIN + note_width + 12
    column = frame(net, left, box_width((net,), several_lines))
    parts = plan_net(net, column, several_lines, shade=shade)
    width = max(column.right + MARGIN, 340.0)
    items: list[Item] = []
    y = heading(items, net, MARGIN, width - 2 * MARGIN)
    enter = input_words(items, net, column.spine, y)
    tops = natural_tops(parts, pitch, enter - 4)
    placed = place_net(parts, column, pitch, tops, enter=enter)
    items += placed.items
    items += _side(parts, placed, notes, column)
    y = output_words(items, net, column.spine, placed.exit, placed.bodies[-1].bottom)
    legend, y = lay_legend(net_entries((net,)), MARGIN, y + 10, width - 2 * MARGIN)
    items += legend
    return Scene(width, y + 12, net.title, describe(net), tuple(items))


def side_notes(part: Chain | Stage) -> list[tuple[str, float, bool]]:
    """What stands beside a part: text, size, weight."""
    label = shortened(part.section.label.replace("_", " "), 12.0, MAX_NOTE, bold=True)
    cost = f"{count_words(part.params)} params" if part.params else ""
    if isinstance(part, Chain):
        return [(label, 10.5, True), (size_words(part.output), SMALL, False)]
    lines = [(label, 12.0, True), (size_words(part.output), SMALL, False)]
    lines += [(words, SMALL, False) for words in (plural(part.section.n_steps, "block"), cost) if words]
    lines += [(f"{count_words(part.macs)} MACs", SMALL, False)] if part.macs else []
    lines += [(f"sees {part.field} px", SMALL, False)] if part.field else []
    return lines


def _side(
    parts: tuple[Part, ...], placed: PlacedNet, notes: dict[str, list[tuple[str, float, bool]]], column: Frame
) -> list[Item]:
    items: list[Item] = []
    x = column.card_left - 12
    for part, body in zip(parts, placed.bodies, strict=True):
        lines = notes[part.of.section.label]
        room_below = body.height - 14 if part.of.tapped else body.height + 8
        while len(lines) > 2 and sum(line_height(size) for _, size, _ in lines) > room_below:
            lines = lines[:-1]
        y = body.center[1] - sum(line_height(size) for _, size, _ in lines) / 2
        for words, size, bold in lines:
            height = line_height(size)
            width = text_width(words, size, bold=bold)
            room = Rect(x - width, y, width, height)
            items.append(
                Text(x, y + height * 0.75, words, size, "end", bold, ink="text" if bold else "muted", room=room)
            )
            y += height
    return items
