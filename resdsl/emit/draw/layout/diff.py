"""Two networks side by side with what was added, removed or changed, marked by sign and colour; the rest is dimmed."""

from __future__ import annotations

from resdsl.analysis.diff import Diff, diff
from resdsl.emit.draw.fold import Detail
from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.layout.compare import lay_nets
from resdsl.emit.draw.layout.heading import MARGIN
from resdsl.emit.draw.layout.pitch import COMPACT
from resdsl.emit.draw.metrics import line_height, text_width, wrapped
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.scene import Item, Scene, Text
from resdsl.emit.draw.view import view
from resdsl.emit.draw.viewmodel import Marks
from resdsl.emit.draw.wording import clean, plural
from resdsl.ir.graph import Graph
from resdsl.record import evolve

MAX_CHANGES = 12


def lay_diff(first: Graph, second: Graph, *, shade: bool = False) -> Scene:
    """The first network on the left with what it loses, the second on the right with what it gains, the list below."""
    found = diff(first, second)
    marked = [
        view(Reading(graph), Detail(0, 0), Marks(found.steps[side], found.links[side]))
        for side, graph in enumerate((first, second))
    ]
    scene = lay_nets(marked, COMPACT, shade=shade)
    items: list[Item] = list(scene.items)
    y, right = _list(items, found, scene.height, scene.width)
    title = f"{marked[0].title} → {marked[1].title}"
    told = " ".join(f"{change}." for change in found.changes) or "The networks are the same."
    return evolve(scene, width=right, height=y + 12, title=title, description=clean(told), items=tuple(items))


def _list(items: list[Item], found: Diff, y: float, width: float) -> tuple[float, float]:
    """The changes in words and what they cost; returns where they end below and on the right."""
    width = max(width, 520.0)
    lines: list[tuple[str, str]] = []
    for change in found.changes[:MAX_CHANGES]:
        ink = {"+": "added", "-": "removed", "~": "changed"}[change.mark]
        words = clean(str(change)).replace("-", "−", 1) if change.mark == "-" else clean(str(change))
        lines += [(line, ink) for line in wrapped(words, SIZE, width - 2 * MARGIN)]
    if len(found.changes) > MAX_CHANGES:
        lines.append((f"and {plural(len(found.changes) - MAX_CHANGES, 'more change')}", "muted"))
    if found.is_empty:
        lines.append(("no difference", "muted"))
    for name, (before, after) in (("params", found.params), ("MACs", found.macs)):
        if before != after:
            lines.append((f"{name}: {before:,} → {after:,} ({after - before:+,})".replace("-", "−"), "text"))
    for words, ink in lines:
        room = Rect(MARGIN, y, text_width(words, SIZE), line_height(SIZE))
        y += line_height(SIZE)
        items.append(Text(MARGIN, y - 4, words, SIZE, ink=ink, room=room))
    return y, width


SIZE = 10.5
