"""The legend: what each line, dash, sign and bar of this picture means, and nothing that is not in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.layout.rows import MARK_INKS, SIGNS, survival_bar
from resdsl.emit.draw.looks import Look
from resdsl.emit.draw.metrics import shortened, text_width
from resdsl.emit.draw.scene import Badge, Box, Dash, Group, Item, Path, Shape, Text, moved
from resdsl.emit.draw.theme import level_ink, level_width, stage_ink
from resdsl.emit.draw.viewmodel import Chain, Lane, Net
from resdsl.emit.draw.wording import clean, probability_words
from resdsl.ir.graph import Survival
from resdsl.record import record

SIZE, SAMPLE, GAP, LINE = 9.5, 26.0, 16.0, 18.0


@record
class Entry:
    """A sample, drawn in a field 26 wide around its middle at (0, 0), and what it means."""

    sample: tuple[Shape, ...]
    words: str


def net_entries(nets: Sequence[Net]) -> list[Entry]:
    """Levels, then kinds, then signs, then stacks and survival: only those that the nets have."""
    rows = [row for net in nets for row in net.rows]
    entries = level_entries(nets)
    if entries and any(row.look for row in rows):
        deepest = max(net.n_levels for net in nets)
        entries.append(Entry(_line("shortcut", 1.3, "solid"), f"each block (level {deepest + 1})"))
    looks = [row.look for row in rows] + [lane.look for lane in _lanes(nets)]
    entries += kind_entries([look for look in looks if look])
    if any(row.count > 1 for row in rows):
        entries.append(Entry((Box(Rect(-11, -2, 18, 9), stage_ink(1), 2, 2),), "×N: N equal blocks in a row"))
    if any(part.tapped for net in nets for part in net.parts):
        entries.append(Entry((Path(((13, 0), (-13, 0)), "tap", 1.4, arrow=True),), "returned as a feature"))
    return entries + survival_entries(nets) + _mark_entries(nets)


def level_entries(nets: Sequence[Net]) -> list[Entry]:
    """The levels of links, outer first, with the names that links of each have."""
    levels: dict[int, dict[str, None]] = {}
    for lane in _lanes(nets):
        levels.setdefault(lane.level, {})[lane.name] = None
    entries: list[Entry] = []
    for level, names in sorted(levels.items()):
        told = f"level {level}" if [*names] == [f"level{level}"] else f"{', '.join(names)} (level {level})"
        entries.append(Entry(_line(level_ink(level), level_width(level), "solid"), told))
    return entries


def kind_entries(looks: Sequence[Look]) -> list[Entry]:
    """The kinds of shortcuts by their dashes and signs, then what is done to f."""
    kinds = {(look.name, look.dash, look.on_x): look for look in looks}
    ordered = sorted(kinds.values(), key=lambda look: (bool(look.on_x), [*_DASHES].index(look.dash), look.name))
    dashes = Counter(name for name, _ in {(look.name, look.dash) for look in ordered})
    entries: list[Entry] = []
    for look in ordered:
        sign = (Badge(0, 0, look.on_x, radius=7),) if look.on_x else ()
        words = look.name if dashes[look.name] == 1 else f"{look.name}: {_DASHES[look.dash]}"
        entries.append(Entry((*_line("shortcut", 1.3, look.dash), *sign), words))
    on_f = dict.fromkeys(look.on_f for look in ordered if look.on_f)
    entries += (Entry((Badge(0, 0, sign, "spine", 7),), f"f {_DONE.get(sign, f'times {sign}')}") for sign in on_f)
    return entries


Bar = Callable[[tuple[float, ...], Rect, str], list[Shape]]
"""Draws survivals in a rectangle, in a colour, as the picture does."""


def survival_entries(nets: Sequence[Net], bar: Bar = survival_bar) -> list[Entry]:
    """The schedule of each net that has one, with its curve."""
    entries = [entry for net in nets for entry in _survival(net, bar)]
    return list({entry.words: entry for entry in entries}.values())


def lay_legend(entries: Sequence[Entry], x: float, y: float, width: float) -> tuple[tuple[Item, ...], float]:
    """The entries in lines of at most `width`, below `y`; the second result is where they end."""
    items: list[Item] = []
    at, base = x, y + LINE / 2
    for entry in entries:
        indent = SAMPLE + 6 if entry.sample else 0.0
        words = shortened(entry.words, SIZE, width - indent - 2)
        needed = indent + text_width(words, SIZE)
        if at > x and at + needed > x + width:
            at, base = x, base + LINE
        items += (moved(item, at + SAMPLE / 2, base) for item in entry.sample)
        room = Rect(at + indent, base - LINE / 2, needed - indent, LINE)
        items.append(Text(room.x, base + SIZE * 0.35, words, SIZE, ink="muted", room=room))
        at += needed + GAP
    if not entries:
        return (), y
    return (Group("legend", tuple(items)),), base + LINE / 2


def _mark_entries(nets: Sequence[Net]) -> list[Entry]:
    """The signs of a picture of changes."""
    marks = {row.mark for net in nets for row in net.rows} | {lane.mark for lane in _lanes(nets)}
    marks |= {part.mark for net in nets for part in net.parts if isinstance(part, Chain)}
    words = {"+": "added", "-": "removed", "~": "changed"}
    return [Entry((Badge(0, 0, SIGNS[mark], MARK_INKS[mark], 7),), words[mark]) for mark in words if mark in marks]


def _lanes(nets: Sequence[Net]) -> Iterator[Lane]:
    for net in nets:
        yield from net.lanes
        for row in net.rows:
            yield from row.inner


def _line(ink: str, width: float, dash: Dash) -> tuple[Shape, ...]:
    return (Path(((-13, 0), (13, 0)), ink, width, dash),)


def _survival(net: Net, bar: Bar) -> list[Entry]:
    survival = net.graph.survival
    kept = tuple(step.survival for step in net.graph.blocks if step.survival is not None)
    if survival is None or not kept:
        return []
    words = f"survival {clean(survival.schedule)}: {probability_words(kept[0], kept[-1])}"
    curve = Entry((*bar(kept, Rect(-13, -5, 26, 10), "stage1"),), words)
    return [curve, Entry((), _manner(survival))]


def _manner(survival: Survival) -> str:
    draw = f"one draw a {survival.per}"
    return f"{draw}, f times p at evaluation" if survival.rescale == "eval" else f"{draw}, f divided by p in training"


_DONE = {"σ": "times a gate", "d": "through dropout", "λ": "times a learned scale"}
"""What the signs on f say."""

_DASHES: dict[Dash, str] = {
    "solid": "x as it is",
    "long": "x through a convolution",
    "dashed": "x through a convolution and a norm",
    "dotted": "zeros appended",
    "dashdot": "pooled, zeros appended",
}
"""The dashes in the order of the legend, with what they say of x."""
