"""Every block, one column a stage, with all shortcuts and links; long stages fold unless all of them is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from resdsl.emit.draw.fold import EVERYTHING, Detail, fold
from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.layout.frame import SMALL, Frame, box_width, frame, one_line
from resdsl.emit.draw.layout.heading import MARGIN, heading, input_words, output_words
from resdsl.emit.draw.layout.legend import lay_legend, net_entries
from resdsl.emit.draw.layout.net import Part, place_chain, place_stage, plan_net
from resdsl.emit.draw.layout.pitch import Pitch
from resdsl.emit.draw.layout.rows import Arc, link
from resdsl.emit.draw.metrics import line_height, shortened
from resdsl.emit.draw.reading import Reading
from resdsl.emit.draw.scene import Item, Path, Scene, Text
from resdsl.emit.draw.telling import describe
from resdsl.emit.draw.view import view
from resdsl.emit.draw.viewmodel import Lane, Net, Stage
from resdsl.emit.draw.wording import count_words, plural, size_words
from resdsl.ir.graph import Graph, Section
from resdsl.record import field, state

MAX_ROWS = (24, 18, 12, 7, 4, 1)
MAX_WIDTH, MAX_HEIGHT = 1600.0, 1600.0
PITCH = Pitch(box=21, line=11, arrow=9, tap=7, gap=6, pill=14, port=8, rest=2, pad=6, between=12)
MIN_BOX = 96.0


def lay_blocks(graph: Graph, *, shade: bool = False, unfold: bool = False, only: str = "") -> Scene:
    """All stages side by side; `unfold` draws every block of every stage, `only` every block of that one.

    Else a stage has at most 24 rows, and fewer where the picture would be taller than 1600 pixels.
    """
    reading = Reading(graph)
    if unfold or only:
        return _lay(view(reading, _details(reading, MAX_ROWS[0], unfold=unfold, only=only)), shade=shade)
    for most in MAX_ROWS[:-1]:
        scene = _lay(view(reading, _details(reading, most)), shade=shade)
        if scene.height <= MAX_HEIGHT:
            return scene
    return _lay(view(reading, _details(reading, MAX_ROWS[-1])), shade=shade)


def _lay(net: Net, *, shade: bool) -> Scene:
    page = _Page(net, shade=shade)
    items: list[Item] = []
    top = heading(items, net, MARGIN, max(page.columns[-1].frame.right - MARGIN, 300.0))
    bottom = page.draw(top)
    width = max(page.columns[-1].frame.right + MARGIN, 340.0)
    legend, bottom = lay_legend(net_entries((net,)), MARGIN, bottom + 12, width - 2 * MARGIN)
    return Scene(width, bottom + 12, net.title, describe(net), (*items, *page.items, *page.links, *legend))


def _details(reading: Reading, most: int, *, unfold: bool = False, only: str = "") -> Mapping[str, Detail]:
    return {
        section.label: EVERYTHING if unfold or section.label == only else _detail(reading, section, most)
        for section in reading.graph.stages()
    }


def _detail(reading: Reading, section: Section, most: int) -> Detail:
    """As many blocks at both ends as leave at most so many rows."""
    attempts = [EVERYTHING, *(Detail(n, n) for n in (11, 8, 5, 3, 2, 1)), Detail(1, 0), Detail(1, 0, "kind")]
    return next((one for one in attempts if len(fold(reading, section, one, {})) <= most), Detail(0, 0, "any"))


@state
class _Column:
    """A stage with the chains before it; the last column has those after it too.

    Attributes:
        frame: its upright lines.
        parts: its chains and its stage, in order.
        enter: the y where the spine comes in.
        tops: the top of each chain before the stage.
        exit: the y where the spine leaves the stage.
        leave: the y where it leaves the column.
        bottom: the lower edge of the card.
    """

    frame: Frame
    parts: list[Part] = field(factory=list)
    enter: float = 0.0
    tops: dict[str, float] = field(factory=dict)
    exit: float = 0.0
    leave: float = 0.0
    bottom: float = 0.0

    def holds(self, lane: Lane) -> bool:
        """Whether the link ends in this column."""
        return lane.last <= self.parts[-1].of.section.last


def _frames(net: Net) -> list[Frame]:
    """The upright lines of each stage's column, from left to right, with boxes that the page has room for."""
    box = box_width((net,), one_line)
    surplus = _side_by_side(net, box)[-1].right + MARGIN - MAX_WIDTH + 1
    return _side_by_side(net, max(MIN_BOX, box - max(0.0, surplus) / max(1, len(net.stages))))


def _side_by_side(net: Net, box: float) -> list[Frame]:
    frames = [frame(net, MARGIN, box)]
    for _ in net.stages[1:]:
        frames.append(frame(net, frames[-1].right + 30, box))
    return frames


class _Page:
    """The columns of a net, drawn from left to right."""

    def __init__(self, net: Net, *, shade: bool) -> None:
        self.items: list[Item] = []
        self.links: list[Item] = []
        self._net = net
        self._taps: dict[str, tuple[float, float]] = {}
        self.columns = [_Column(at) for at in _frames(net)]
        left = iter(self.columns)
        column = next(left)
        for part in plan_net(net, column.frame, one_line, shade=shade):
            column.parts.append(part)
            if isinstance(part.of, Stage):
                column = next(left, column)

    def draw(self, y: float) -> float:
        """Draws all columns below `y`; returns where the lowest ends."""
        y = input_words(self.items, self._net, self.columns[0].frame.spine, y)
        card_top = self._place_above(y)
        ends = [self._draw_column(column, card_top) for column in self.columns]
        for left, right in pairwise(self.columns):
            self._connect(left, right)
        last = self.columns[-1]
        ends.append(output_words(self.items, self._net, last.frame.spine, last.leave, ends[-1]))
        return max(ends)

    def _place_above(self, y: float) -> float:
        """Places what stands above the cards; returns the top of the cards.

        Each column begins lower than the one before it, so that no link crosses a line between columns.
        """
        most = 0
        for column in self.columns:
            column.enter = y
            for part in column.parts:
                for lane in part.taps:
                    if not column.holds(lane):
                        y += PITCH.tap
                        self._taps[lane.key] = column.frame.spine, y
                if isinstance(part.of, Stage):
                    most = max(most, sum(map(column.holds, part.taps)))
                    break
                y += PITCH.between
                column.tops[part.of.section.label] = y
                y += part.body(PITCH)
            y += 8
        return y + PITCH.between + PITCH.tap * most

    def _draw_column(self, column: _Column, card_top: float) -> float:
        """Returns where its spine, or its caption, ends."""
        at = column.frame
        enter = end = column.enter
        for part in column.parts:
            if isinstance(part.of, Stage):
                self._draw_stage(column, part, card_top, enter)
                enter = column.exit
                end = self._caption(part.of, at, column.bottom)
            else:
                top = column.tops.get(part.of.section.label, end + PITCH.between)
                group, body = place_chain(part, part.of, at, PITCH, (top, enter))
                self.items.append(group)
                enter = end = body.bottom
        column.leave = enter
        return end

    def _draw_stage(self, column: _Column, part: Part, top: float, enter: float) -> None:
        x = column.frame.spine
        own = [lane for lane in part.taps if column.holds(lane)]
        for number, lane in enumerate(reversed(own)):
            self._taps[lane.key] = x, top - PITCH.between / 2 - PITCH.tap * number
        group, body, rows = place_stage(part, column.frame, PITCH, (top, 0.0), enter)
        self.items.append(group)
        for plan, row in zip(part.rows, rows, strict=True):
            self._taps |= {key: (x, tap) for key, tap in row.taps.items()}
            for lane in plan.ports:
                start, tap = self._taps[lane.key]
                self.links.append(
                    link(lane, Arc((start, tap), column.frame.lanes[lane.level], (row.edge, row.ports[lane.key])))
                )
        column.exit, column.bottom = rows[-1].exit, body.bottom

    def _connect(self, left: _Column, right: _Column) -> None:
        """The spine from the foot of one column to the head of the next."""
        x, between, low = left.frame.spine, left.frame.right + 13, left.bottom + 9
        points = ((x, left.exit), (x, low), (between, low), (between, right.enter), (right.frame.spine, right.enter))
        self.items.insert(0, Path((*points, (right.frame.spine, right.enter + 8))))

    def _caption(self, stage: Stage, at: Frame, y: float) -> float:
        """The stage's name and numbers below its card, left of the spine; returns where they end."""
        facts = [
            size_words(stage.output),
            plural(stage.section.n_steps, "block"),
            f"{count_words(stage.params)} params",
        ]
        name = stage.section.label.replace("_", " ")
        y += 3
        for words, size, bold in ((name, 12.0, True), *((fact, SMALL, False) for fact in facts)):
            room = Rect(at.card_left, y, at.spine - at.card_left - 6, line_height(size))
            y += line_height(size)
            shown = shortened(words, size, room.width, bold=bold)
            self.items.append(Text(room.x, y - 4, shown, size, bold=bold, ink="text" if bold else "muted", room=room))
        return y
