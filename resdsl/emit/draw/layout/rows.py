"""One row of a stage: taps, the box, the junction where its shortcuts land."""

from __future__ import annotations

from resdsl.emit.draw.geometry import Point, Rect
from resdsl.emit.draw.layout.frame import SMALL, TEXT, Frame
from resdsl.emit.draw.layout.pitch import Pitch
from resdsl.emit.draw.looks import Look
from resdsl.emit.draw.metrics import shortened
from resdsl.emit.draw.scene import Area, Badge, Box, Dot, Group, Item, Path, Pill, Shape, Text
from resdsl.emit.draw.theme import level_ink, level_width
from resdsl.emit.draw.viewmodel import Lane, Mark, Row
from resdsl.record import record

MARK_INKS: dict[str, str] = {"+": "added", "-": "removed", "~": "changed"}
SIGNS: dict[str, str] = {"+": "+", "-": "−", "~": "~"}

PILL = 16.0
STACK = 2
COPY = 3.0
TRACK = 9.0
SIGN = 10.0
"""How far a sign on the edge of a box reaches into it."""

MOST_STEPS = 6
"""Runs of more blocks show their survival as a slope."""


@record
class RowPlan:
    """A row with the links that start and end at it; its height is known before its place.

    Attributes:
        row: it.
        taps: the links that leave the spine above the box, inside the card, outer first.
        ports: the links that end at its junction, inner first; the block's own shortcut comes before them.
        ink: the colour of the stage.
        lines: the text in its box.
        shade: whether a bar shows the survival.
    """

    row: Row
    taps: tuple[Lane, ...]
    ports: tuple[Lane, ...]
    ink: str
    lines: tuple[str, ...]
    shade: bool = False

    @property
    def n_taps(self) -> int:
        """How many shortcuts leave above the box, its own among them."""
        return len(self.taps) + (self.row.look is not None)

    @property
    def n_ports(self) -> int:
        """How many shortcuts land below it."""
        return len(self.ports) + (self.row.look is not None)

    def box_height(self, pitch: Pitch) -> float:
        """Of the box alone."""
        bar = TRACK + 3 if self._has_bar else 0
        return pitch.box + pitch.line * (len(self.lines) - 1) + bar

    def height(self, pitch: Pitch) -> float:
        """From the end of the row above to its own end."""
        above = pitch.tap * self.n_taps + self.lead(pitch)
        return above + self.box_height(pitch) + self._junction_height(pitch) + pitch.rest

    def lead(self, pitch: Pitch) -> float:
        """From the last tap to the box: an arrow, and the copies that stand out above a stack."""
        return pitch.arrow + (STACK * COPY if self.row.count > 1 else 0)

    @property
    def _has_bar(self) -> bool:
        return self.shade and self.row.survival is not None

    def _junction_height(self, pitch: Pitch) -> float:
        if not self.n_ports:
            return 0.0
        sign = 2 * Badge(0, 0, "").radius + 4 if self.row.look and self.row.look.on_f else 0
        return pitch.gap + sign + pitch.pill + pitch.port * (self.n_ports - 1)


@record
class PlacedRow:
    """A row in its place.

    Attributes:
        group: its shapes.
        exit: the y where the spine leaves it.
        taps: the y of the tap of each link that starts here.
        ports: the y at which each link that ends here lands.
        edge: the x at which they land.
    """

    group: Group
    exit: float
    taps: dict[str, float]
    ports: dict[str, float]
    edge: float


def place_row(plan: RowPlan, frame: Frame, pitch: Pitch, y: float, *, enter: float, opens: str) -> PlacedRow:
    """Draws a row whose region begins at `y`; the spine comes from `enter`."""
    row, x = plan.row, frame.spine
    taps: dict[str, float] = {}
    at = y
    for lane in plan.taps:
        at += pitch.tap
        taps[lane.key] = at
    own_tap = at = at + pitch.tap if row.look else at
    box = Rect(x - frame.box / 2, at + plan.lead(pitch), frame.box, plan.box_height(pitch))
    top = box.y - (STACK * COPY if row.count > 1 else 0)
    items: list[Item] = [Path(((x, enter), (x, top)), arrow=True, role="spine")]
    leave = box.bottom
    ports: dict[str, float] = {}
    edge = x
    if plan.n_ports:
        sign = row.look.on_f if row.look else ""
        junction = box.bottom + pitch.gap + (2 * Badge(0, 0, "").radius + 4 if sign else 0)
        pill = Rect(x - PILL / 2, junction, PILL, pitch.pill + pitch.port * (plan.n_ports - 1))
        items.append(Path(((x, box.bottom), (x, pill.y)), arrow=True, role="spine"))
        if sign:
            items.append(Badge(x, box.bottom + pitch.gap / 2 + 9, sign, "spine"))
        first_port = pill.y + pitch.pill / 2
        if row.look:
            items += shortcut(row.look, Arc((x, own_tap), frame.lanes[0], (pill.right, first_port)))
        for number, lane in enumerate(plan.ports, start=int(row.look is not None)):
            ports[lane.key] = first_port + number * pitch.port
        items.append(Pill(pill))
        leave, edge = pill.bottom, pill.right
    items += _box(plan, box, pitch)
    items += mark_sign(row.mark, box)
    group = Group(row.key, tuple(items), row.tip, row.lines, opens, faded=row.mark == "=")
    return PlacedRow(group, leave, taps, ports, edge)


@record
class Arc:
    """The way of a shortcut: from `start` on the spine out to the x of its lane, and back to `end` at a junction."""

    start: Point
    lane: float
    end: Point

    @property
    def points(self) -> tuple[Point, ...]:
        """Its corners."""
        return self.start, (self.lane, self.start[1]), (self.lane, self.end[1]), self.end

    @property
    def middle(self) -> Point:
        """Half way down its lane."""
        return self.lane, (self.start[1] + self.end[1]) / 2


def shortcut(look: Look, arc: Arc) -> list[Item]:
    """A block's own shortcut from the spine around the box to the junction."""
    items: list[Item] = [
        Path(arc.points, "shortcut", 1.3, look.dash, arrow=True, radius=7, role="shortcut"),
        Dot(*arc.start, "shortcut"),
    ]
    if look.on_x:
        items.append(Badge(*arc.middle, look.on_x))
    return items


def link(lane: Lane, arc: Arc) -> Group:
    """A link from the spine out to its lane and back to a junction."""
    ink = level_ink(lane.level)
    dash = lane.look.dash if lane.look else "solid"
    width = level_width(lane.level)
    items: list[Item] = [Path(arc.points, ink, width, dash, arrow=True, radius=9, role="link", level=lane.level)]
    items.append(Dot(*arc.start, ink, 2.8))
    if lane.look and lane.look.on_x:
        items.append(Badge(*arc.middle, lane.look.on_x, ink))
    kind = lane.look.name if lane.look else "nothing of x"
    times = f" ×{lane.count}" if lane.count > 1 else ""
    tip = f"link {lane.name}{times}: {kind}, level {lane.level}"
    if lane.mark in MARK_INKS:
        x, y = arc.middle
        below = 18 if lane.look and lane.look.on_x else 0
        items.append(Badge(x, y + below, SIGNS[lane.mark], MARK_INKS[lane.mark]))
    return Group(lane.key, tuple(items), (tip,), lane.lines, faded=lane.mark == "=")


def mark_sign(mark: Mark, box: Rect) -> list[Item]:
    """The sign of a change, on the left edge of a box."""
    return [Badge(box.x, box.center[1], SIGNS[mark], MARK_INKS[mark])] if mark in MARK_INKS else []


def survival_bar(survivals: tuple[float, ...], track: Rect, ink: str) -> list[Shape]:
    """A track as long as p = 1, filled to the p of each block of a run, from the first, above, to the last, below."""
    step = track.height / len(survivals)
    ends = [
        (track.x + track.width * p, track.y + step * (i + side)) for i, p in enumerate(survivals) for side in (0, 1)
    ]
    if len(survivals) > MOST_STEPS:  # a slope says as much as its steps
        ends = [(x, track.y + track.height * i / (len(survivals) - 1)) for i, (x, _) in enumerate(ends[::2])]
    corners = (track.x, track.y), (track.right, track.y), (track.right, track.bottom), (track.x, track.bottom)
    return [
        Area(corners, "track"),
        Area((corners[0], *ends, corners[3]), ink.replace("stage", "bar")),
        Path((*corners, corners[0]), "track", 0.8, radius=0, role="grid"),
    ]


def _box(plan: RowPlan, box: Rect, pitch: Pitch) -> list[Item]:
    row = plan.row
    items: list[Item] = [Box(box, MARK_INKS.get(row.mark, plan.ink), STACK if row.count > 1 else 0)]
    x = box.center[0]
    aside = SIGN if row.mark in MARK_INKS else 3.0
    room = Rect(box.x + aside, box.y, box.width - 2 * aside, box.height)
    base = box.y + pitch.box / 2 + TEXT * 0.36
    bold = row.count > 1
    for number, line in enumerate(plan.lines):
        size = SMALL if number else TEXT
        bold_here = bold and not number
        words = shortened(line, size, room.width, bold=bold_here)
        items.append(Text(x, base, words, size, "middle", bold_here, ink="muted" if number else "text", room=room))
        base += pitch.line
    if plan.shade and row.survival:
        track = Rect(box.x + 10, box.bottom - TRACK - 5, box.width - 20, TRACK)
        items += survival_bar(row.survivals, track, plan.ink)
    return items
