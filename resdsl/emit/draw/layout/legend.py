"""The legend: what each line, dash, sign and bar of this picture means, and nothing that is not in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.layout.rows import survival_bar
from resdsl.emit.draw.metrics import shortened, text_width
from resdsl.emit.draw.scene import Badge, Box, Dash, Group, Item, Path, Shape, Text, moved
from resdsl.emit.draw.theme import level_ink, level_width, stage_ink
from resdsl.emit.draw.viewmodel import Net
from resdsl.emit.draw.wording import clean, probability_words
from resdsl.ir.graph import Survival

SIZE, SAMPLE, GAP, LINE = 9.5, 26.0, 16.0, 17.0


@dataclass(frozen=True, slots=True)
class Entry:
    """A sample, drawn in a field 26 wide around its middle at (0, 0), and what it means."""

    sample: tuple[Shape, ...]
    words: str


def net_entries(nets: Sequence[Net]) -> list[Entry]:
    """Levels, then kinds, then signs, then stacks and survival: only those that the nets have."""
    entries: list[Entry] = []
    levels: dict[int, list[str]] = {}
    for net in nets:
        for lane in (*net.lanes, *(lane for row in net.rows for lane in row.inner)):
            names = levels.setdefault(lane.level, [])
            if lane.name not in names:
                names.append(lane.name)
    for level, names in sorted(levels.items()):
        told = f"level {level}" if names == [f"level{level}"] else f"{', '.join(names)} (level {level})"
        entries.append(Entry(_line(level_ink(level), level_width(level), "solid"), told))
    looks = {row.look for net in nets for row in net.rows if row.look}
    if looks and levels:
        entries.append(Entry(_line("shortcut", 1.3, "solid"), f"each block (level {max(levels) + 1})"))
    looks |= {lane.look for net in nets for lane in net.lanes if lane.look}
    looks |= {lane.look for net in nets for row in net.rows for lane in row.inner if lane.look}
    dashes = {look.name: look for look in looks}
    for name in sorted(dashes, key=lambda name: (_DASHES.index(dashes[name].dash), name)):
        look = dashes[name]
        sign = (Badge(0, 0, look.on_x),) if look.on_x else ()
        entries.append(Entry((*_line("shortcut", 1.3, look.dash), *sign), name))
    on_f = {look.name: look.on_f for look in looks if look.on_f}
    entries += [Entry((Badge(0, 0, sign, "spine"),), f"{name}: done to f") for name, sign in sorted(on_f.items())]
    if any(row.count > 1 for net in nets for row in net.rows):
        entries.append(Entry((Box(Rect(-11, -2, 18, 9), stage_ink(1), 2, 2),), "×N: N equal blocks in a row"))
    for net in nets:
        entries += _survival(net)
    return list({entry.words: entry for entry in entries}.values())


def lay_legend(entries: Sequence[Entry], x: float, y: float, width: float) -> tuple[tuple[Item, ...], float]:
    """The entries in lines of at most `width`, below `y`; the second result is where they end."""
    items: list[Item] = []
    at, base = x, y + LINE / 2
    for entry in entries:
        words = shortened(entry.words, SIZE, width - SAMPLE - 8)
        needed = SAMPLE + 6 + text_width(words, SIZE)
        if at > x and at + needed > x + width:
            at, base = x, base + LINE
        items += (moved(item, at + SAMPLE / 2, base) for item in entry.sample)
        room = Rect(at + SAMPLE + 6, base - LINE / 2, needed - SAMPLE - 6, LINE)
        items.append(Text(room.x, base + SIZE * 0.35, words, SIZE, ink="muted", room=room))
        at += needed + GAP
    if not entries:
        return (), y
    return (Group("legend", tuple(items)),), base + LINE / 2


def _line(ink: str, width: float, dash: Dash) -> tuple[Shape, ...]:
    return (Path(((-13, 0), (13, 0)), ink, width, dash),)


def _survival(net: Net) -> list[Entry]:
    survival = net.graph.survival
    kept = tuple(step.survival for step in net.graph.blocks if step.survival is not None)
    if survival is None or not kept:
        return []
    words = f"survival {clean(survival.schedule)}: {probability_words(kept[0], kept[-1])}, {_manner(survival)}"
    return [Entry(tuple(survival_bar(kept, Rect(-13, -6, 26, 12), "stage1")), words)]


def _manner(survival: Survival) -> str:
    draw = "one draw a batch" if survival.per == "batch" else "one draw a sample"
    return draw if survival.rescale == "eval" else f"{draw}, divided by p in training"


_DASHES: tuple[Dash, ...] = ("solid", "long", "dashed", "dotted", "dashdot")
