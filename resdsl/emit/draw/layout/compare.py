"""Two to five networks side by side, their stages in the same rows, as in He et al. 2016, Fig. 3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from resdsl.emit.draw.align import align
from resdsl.emit.draw.fold import EVERYTHING, Detail
from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.layout.frame import SMALL, TEXT, Frame, RowWords, box_width, frame, lines_inside, several_lines
from resdsl.emit.draw.layout.heading import MARGIN, input_words, output_words
from resdsl.emit.draw.layout.legend import lay_legend, net_entries
from resdsl.emit.draw.layout.net import Part, place_net, plan_net
from resdsl.emit.draw.layout.pitch import COMFORTABLE, COMPACT, Pitch
from resdsl.emit.draw.metrics import line_height, name_lines, shortened, wrapped
from resdsl.emit.draw.naming import Name, names
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.scene import Item, Scene, Text, of_net
from resdsl.emit.draw.telling import describe
from resdsl.emit.draw.view import view
from resdsl.emit.draw.viewmodel import Net, Stage
from resdsl.emit.draw.wording import size_words
from resdsl.ir.graph import Graph
from resdsl.record import record

MAX_WIDTH, MAX_HEIGHT = 1400.0, 1400.0
GAP, HEADER, MIN_BOX = 26.0, 15.0, 96.0


@record
class Density:
    """How much stands in a picture of several nets, and how close.

    Attributes:
        detail: which blocks are drawn alone.
        pitch: the distances.
        words: what boxes say.
    """

    detail: Detail
    pitch: Pitch
    words: RowWords


ATTEMPTS = (
    Density(Detail(1, 0), COMFORTABLE, lines_inside),
    Density(Detail(1, 0), COMPACT, lines_inside),
    Density(Detail(1, 0), COMPACT, several_lines),
    Density(Detail(0, 0), COMPACT, several_lines),
    Density(Detail(1, 0, "kind"), COMPACT, several_lines),
    Density(Detail(0, 0, "kind"), COMPACT, several_lines),
    Density(Detail(1, 0, "any"), COMPACT, several_lines),
    Density(Detail(0, 0, "any"), COMPACT, several_lines),
    Density(Detail(0, 0, "all"), COMPACT, several_lines),
)
"""From much detail to little."""

UNFOLDED = (Density(EVERYTHING, COMPACT, lines_inside),)
"""Every block, however tall the picture gets."""


def lay_compare(graphs: Sequence[Graph], *, shade: bool = False, unfold: bool = False) -> Scene:
    """With as much detail as keeps the picture on a page; `unfold` draws every block, however tall it gets."""
    readings = [Reading(graph) for graph in graphs]
    attempts = UNFOLDED if unfold else ATTEMPTS
    return lay_first(attempts, lambda detail: [view(reading, detail) for reading in readings], shade=shade)


def lay_first(attempts: Sequence[Density], nets: Callable[[Detail], Sequence[Net]], *, shade: bool) -> Scene:
    """What `nets` gives for a detail, in the first density that keeps it on a page, or else in the last."""
    *others, last = attempts
    viewed = cache(nets)
    for density in others:
        scene = lay_nets(viewed(density.detail), density, shade=shade)
        if scene.height <= MAX_HEIGHT:
            return scene
    return lay_nets(viewed(last.detail), last, shade=shade)


def lay_nets(nets: Sequence[Net], density: Density, *, shade: bool) -> Scene:
    """Nets in columns, with these rows."""
    columns, pitch = lay_columns(nets, density.words), density.pitch
    plans = [
        plan_net(net, at, density.words, shade=shade, header=HEADER) for net, at in zip(nets, columns, strict=True)
    ]
    items: list[Item] = []
    heads = zip(names([net.graph for net in nets]), nets, columns, strict=True)
    top = max(_heading(items, name, net, at) for name, net, at in heads)
    enter = max(input_words(items, net, at.spine, top) for net, at in zip(nets, columns, strict=True))
    places, bottom = shared_places(nets, plans, pitch, enter - 4)
    end = bottom
    for number, (net, at, plan) in enumerate(zip(nets, columns, plans, strict=True), start=1):
        tops, heights = zip(*places[number - 1], strict=True)
        placed = place_net(plan, at, pitch, tops, enter=enter, heights=heights)
        items.append(of_net(number, placed.items))
        for part, body in zip(plan, placed.bodies, strict=True):
            items += card_header(part, body, at)
        end = output_words(items, net, at.spine, placed.exit, bottom)
    width = max(columns[-1].right + MARGIN, 340.0)
    legend, end = lay_legend(net_entries(nets), MARGIN, end + 10, width - 2 * MARGIN)
    told = " ".join(describe(net) for net in nets)
    return Scene(width, end + 12, " and ".join(net.title for net in nets), told, (*items, *legend))


def lay_columns(nets: Sequence[Net], words: RowWords) -> list[Frame]:
    """One column for each net, from left to right, with boxes of one width that the page has room for."""
    box = max(box_width(nets, words) - 8, 110.0)
    surplus = _columns(nets, box)[-1].right + MARGIN - MAX_WIDTH + 1
    return _columns(nets, max(MIN_BOX, box - max(0.0, surplus) / len(nets)))


def _columns(nets: Sequence[Net], box: float) -> list[Frame]:
    columns: list[Frame] = []
    x = MARGIN
    for net in nets:
        columns.append(frame(net, x, box))
        x = columns[-1].right + GAP
    return columns


def shared_places(
    nets: Sequence[Net], plans: Sequence[Sequence[Part]], pitch: Pitch, y: float
) -> tuple[list[list[tuple[float, float]]], float]:
    """The top and height of each part of each net, equal for parts beside each other; then the end of all."""
    planned = [{id(part.of): part for part in plan} for plan in plans]
    places: list[list[tuple[float, float]]] = [[] for _ in nets]
    for row in align(nets):
        here = [of_net[id(part)] if part else None for of_net, part in zip(planned, row, strict=True)]
        y += max(part.lead(pitch) for part in here if part)
        height = max(part.body(pitch) for part in here if part)
        for number, part in enumerate(here):
            if part:
                places[number].append((y, height))
        y += height
    return places, y


def card_header(part: Part, body: Rect, at: Frame) -> list[Item]:
    """The stage's name left of the spine, in the head of its card, and what leaves it on the right."""
    if not isinstance(part.of, Stage):
        return []
    label, size = part.of.section.label.replace("_", " "), size_words(part.of.output)
    left = Rect(body.x + 9, body.y + 4, at.spine - body.x - 15, HEADER)
    right = Rect(at.spine + 6, body.y + 4, body.right - at.spine - 12, HEADER)
    name = shortened(label, TEXT, left.width, bold=True)
    numbers = shortened(size, SMALL, right.width)
    return [
        Text(left.x, left.y + 11, name, TEXT, bold=True, room=left),
        Text(right.right, right.y + 11, numbers, SMALL, "end", ink="muted", room=right),
    ]


def _heading(items: list[Item], name: Name, net: Net, at: Frame) -> float:
    """The net's name and numbers above its column; returns where they end."""
    y, width = 16.0, 2 * (at.spine - at.card_left) + 10
    lines = [(line, 13.0, True) for line in name_lines(name.bold, 13.0, width)[:3]]
    for facts in (name.settings, net.facts):
        lines += [(line, SMALL, False) for line in wrapped(facts, SMALL, width, separator=" · ")[:4]]
    for words, size, bold in lines:
        room = Rect(at.spine - width / 2, y, width, line_height(size))
        y += line_height(size)
        items.append(Text(at.spine, y - 4, words, size, "middle", bold, ink="text" if bold else "muted", room=room))
    return y + 8
