"""Two networks side by side with what was added, removed or changed, marked by sign and colour; the rest is dimmed."""

from __future__ import annotations

from resdsl.analysis.diff import Diff, diff
from resdsl.emit.draw.fold import Detail
from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.layout.compare import ATTEMPTS, UNFOLDED, Density, lay_first
from resdsl.emit.draw.layout.frame import lines_inside
from resdsl.emit.draw.layout.heading import MARGIN
from resdsl.emit.draw.layout.pitch import COMPACT
from resdsl.emit.draw.metrics import line_height, text_width, wrapped
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.scene import Item, Scene, Text
from resdsl.emit.draw.view import view
from resdsl.emit.draw.viewmodel import Marks, Net
from resdsl.emit.draw.wording import clean, plural
from resdsl.ir.graph import Graph
from resdsl.record import evolve

MAX_LINES = 16
FOLDED = (
    Density(Detail(0, 0), COMPACT, lines_inside),
    *(density for density in ATTEMPTS if density.detail != Detail(1, 0)),
)
"""From much detail to little; what is the same is one run from the first."""


def lay_diff(first: Graph, second: Graph, *, shade: bool = False, unfold: bool = False) -> Scene:
    """The first network on the left with what it loses, the second on the right with what it gains, the list below."""
    found = diff(first, second)
    readings = [Reading(graph) for graph in (first, second)]
    marks = [Marks(found.steps[side], found.links[side]) for side in (0, 1)]

    def marked(detail: Detail) -> list[Net]:
        return [view(reading, detail, of_side) for reading, of_side in zip(readings, marks, strict=True)]

    scene = lay_first(UNFOLDED if unfold else FOLDED, marked, shade=shade)
    items: list[Item] = list(scene.items)
    y, right = _list(items, found, scene.height, scene.width)
    title = f"{readings[0].title} → {readings[1].title}"
    told = " ".join(f"{change}." for change in found.changes) or "The networks are the same."
    return evolve(scene, width=right, height=y + 12, title=title, description=clean(told), items=tuple(items))


def _list(items: list[Item], found: Diff, y: float, width: float) -> tuple[float, float]:
    """The changes in words and what they cost; returns where they end below and on the right."""
    width = max(width, 520.0)
    lines: list[tuple[str, str]] = []
    for number, change in enumerate(found.changes):
        ink = {"+": "added", "-": "removed", "~": "changed"}[change.mark]
        words = clean(str(change)).replace("-", "−", 1) if change.mark == "-" else clean(str(change))
        told = [(line, ink) for line in wrapped(words, SIZE, width - 2 * MARGIN)]
        if len(lines) + len(told) > MAX_LINES:
            lines.append((f"and {plural(len(found.changes) - number, 'more change')}", "muted"))
            break
        lines += told
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
