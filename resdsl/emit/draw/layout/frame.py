"""The upright lines of a net's column: its spine, its boxes, its card, and a lane for every level of links."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from resdsl.emit.draw.metrics import text_width
from resdsl.emit.draw.viewmodel import Chain, Net, Row
from resdsl.emit.draw.wording import probability_words, range_words
from resdsl.record import record

TEXT, SMALL = 11.0, 9.5
MIN_BOX, MAX_BOX = 118.0, 240.0
LANE, OUTER_LANE = 15.0, 18.0


@record
class Frame:
    """Where things stand from left to right.

    Attributes:
        spine: the x of the signal's own path.
        box: the width of boxes, centred on the spine.
        card_left: the left edge of the stages' cards.
        card_right: the right edge.
        lanes: the x of each level of links; level 0 is the blocks' own shortcuts.
        n_inside: levels from this one on run inside the cards, as the blocks' own shortcuts do.
        right: the right edge of everything.
    """

    spine: float
    box: float
    card_left: float
    card_right: float
    lanes: dict[int, float]
    n_inside: int
    right: float

    def is_inside(self, level: int) -> bool:
        """Whether links of this level run inside the cards."""
        return level >= self.n_inside


def frame(net: Net, left: float, box: float) -> Frame:
    """The column whose cards begin at `left`, with boxes of this width; inner levels lie further in."""
    spine = left + 13 + box / 2
    lanes = {0: spine + box / 2 + 17}
    at = lanes[0]
    n_inside = _first_level_inside(net)
    for level in range(net.n_levels, n_inside - 1, -1):
        at += LANE
        lanes[level] = at
    card_right = at + 12
    at = card_right
    for level in range(min(n_inside - 1, net.n_levels), 0, -1):
        at += OUTER_LANE
        lanes[level] = at
    return Frame(spine, box, left, card_right, lanes, n_inside, at + (4 if at > card_right else 0))


RowWords = Callable[[Row], tuple[str, ...]]
"""What the box of a row says, line by line."""


def box_width(nets: Sequence[Net], words: RowWords) -> float:
    """The width in which the texts of all boxes fit, within bounds."""
    widest = max((_widest(net, words) for net in nets), default=0.0)
    return max(MIN_BOX, min(MAX_BOX, widest + 16))


def one_line(row: Row) -> tuple[str, ...]:
    """What it is and with which p it survives, on one line for a block; what a stack repeats on others."""
    first, *others = several_lines(row)
    if row.survival and row.count == 1:
        return f"{first}  {others[0]}", *others[1:]
    return first, *others


def several_lines(row: Row) -> tuple[str, ...]:
    """What it is, then facts."""
    name = f"{row.name} {range_words(*row.places)}"
    facts = [probability_words(*row.survival)] if row.survival else []
    repeated = ", ".join(f"{lane.name} ×{lane.count}" for lane in row.inner)
    facts += [repeated] if repeated else []
    return (f"{name}  ×{row.count}" if row.count > 1 else name, *facts, *row.notes)


def lines_inside(row: Row) -> tuple[str, ...]:
    """What it is, the layers inside, then facts."""
    first, *others = several_lines(row)
    return (first, row.inside, *others) if row.inside else (first, *others)


def _widest(net: Net, words: RowWords) -> float:
    widths = [0.0]
    for row in net.rows:
        first, *others = words(row)
        widths += [text_width(first, TEXT, bold=row.count > 1), *(text_width(line, SMALL) for line in others)]
    widths += [text_width(line, TEXT) for part in net.parts if isinstance(part, Chain) for line in part.words[:1]]
    return max(widths)


def _first_level_inside(net: Net) -> int:
    """The outermost level of which some link begins or ends within a stage; one more than the deepest if none does."""
    starts = {part.section.first for part in net.parts}
    ends = {stage.section.last for stage in net.stages}
    within = [lane.level for lane in net.lanes if lane.first not in starts or lane.last not in ends]
    within += [lane.level for row in net.rows for lane in row.inner]
    return min(within, default=net.n_levels + 1)
