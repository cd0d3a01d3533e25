"""A net as one column: chains, cards with rows of blocks, and the links around them."""

from __future__ import annotations

from collections.abc import Sequence

from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.layout.frame import TEXT, Frame, RowWords
from resdsl.emit.draw.layout.pitch import Pitch
from resdsl.emit.draw.layout.rows import MARK_INKS, SIGN, Arc, PlacedRow, RowPlan, link, mark_sign, place_row
from resdsl.emit.draw.metrics import broken, shortened
from resdsl.emit.draw.scene import Box, Card, Dot, Group, Item, Path, Text
from resdsl.emit.draw.theme import stage_ink
from resdsl.emit.draw.viewmodel import Chain, Lane, Net, Stage
from resdsl.record import record

MAX_LINES, SEVERAL = 7, 10.0
"""How many lines a chain's box has at most, and how large letters are where it has several."""


@record
class Part:
    """A chain or stage of a net, planned: its height is known, its place not yet.

    Attributes:
        of: the chain or stage.
        taps: the links that leave the spine above it, outside the cards, outer first.
        lines: the text in a chain's box.
        rows: of a stage.
        header: the height left free at the top of a card.
    """

    of: Chain | Stage
    taps: tuple[Lane, ...]
    lines: tuple[str, ...] = ()
    rows: tuple[RowPlan, ...] = ()
    header: float = 0.0

    @property
    def stage(self) -> Stage:
        """The part as a stage. Raises TypeError for a chain, which has no rows."""
        if isinstance(self.of, Stage):
            return self.of
        raise TypeError(f"`{self.of.section.label}` is a chain")

    def lead(self, pitch: Pitch) -> float:
        """From the part above to the card or box: where the taps are."""
        return pitch.between + pitch.tap * len(self.taps)

    def body(self, pitch: Pitch) -> float:
        """The height of the card or box."""
        if isinstance(self.of, Chain):
            return pitch.box + pitch.line * (len(self.lines) - 1)
        return self.header + 2 * pitch.pad + sum(row.height(pitch) for row in self.rows)


@record
class PlacedNet:
    """A net in its place.

    Attributes:
        items: its shapes.
        bodies: the card of each stage, the box of each chain, in order.
        exit: the y where the spine leaves the last of them.
    """

    items: tuple[Item, ...]
    bodies: tuple[Rect, ...]
    exit: float


def plan_net(net: Net, frame: Frame, words: RowWords, *, shade: bool, header: float = 0.0) -> tuple[Part, ...]:
    """The parts of a net with the links that begin and end at them."""
    parts: list[Part] = []
    for part in net.parts:
        first = part.section.first
        starting = [lane for lane in net.lanes if lane.first == first]
        if isinstance(part, Chain):
            aside = SIGN if part.mark in MARK_INKS else 4.0
            parts.append(Part(part, tuple(starting), chain_lines(part, frame.box - 2 * aside)))
            continue
        outside = tuple(lane for lane in starting if not frame.is_inside(lane.level))
        rows = tuple(
            RowPlan(
                row,
                _outer_first(
                    [lane for lane in (*net.lanes, *row.inner) if lane.first == row.first and lane not in outside]
                ),
                _inner_first([lane for lane in (*net.lanes, *row.inner) if lane.last == row.last]),
                stage_ink(part.number),
                words(row),
                shade,
            )
            for row in part.rows
        )
        parts.append(Part(part, outside, rows=rows, header=header))
    return tuple(parts)


def natural_tops(parts: Sequence[Part], pitch: Pitch, y: float) -> list[float]:
    """The top of each card or box when nothing is left free between them."""
    tops: list[float] = []
    for part in parts:
        y += part.lead(pitch)
        tops.append(y)
        y += part.body(pitch)
    return tops


def place_net(
    parts: Sequence[Part],
    frame: Frame,
    pitch: Pitch,
    tops: Sequence[float],
    *,
    enter: float,
    heights: Sequence[float] = (),
) -> PlacedNet:
    """Draws the parts with their cards and boxes at `tops`; the spine comes from `enter`.

    With `heights`, cards are as high as they say, their rows spread over them, and boxes stand in the middle.
    """
    items: list[Item] = []
    bodies: list[Rect] = []
    links: list[Item] = []
    taps: dict[str, float] = {}
    for number, (part, top) in enumerate(zip(parts, tops, strict=True)):
        spare = max(0.0, heights[number] - part.body(pitch)) if heights else 0.0
        first_tap = top - pitch.between / 2 - pitch.tap * (len(part.taps) - 1)
        taps |= {lane.key: first_tap + pitch.tap * place for place, lane in enumerate(part.taps)}
        if isinstance(part.of, Chain):
            group, body = place_chain(part, part.of, frame, pitch, (top + spare / 2, enter))
            enter = body.bottom
        else:
            group, body, rows = place_stage(part, frame, pitch, (top, spare), enter)
            for plan, row in zip(part.rows, rows, strict=True):
                taps |= row.taps
                links += (
                    link(
                        lane,
                        Arc((frame.spine, taps[lane.key]), frame.lanes[lane.level], (row.edge, row.ports[lane.key])),
                    )
                    for lane in plan.ports
                )
            enter = rows[-1].exit
        items.append(group)
        bodies.append(body)
    return PlacedNet((*items, *links), tuple(bodies), enter)


def feature(frame: Frame, y: float) -> list[Item]:
    """An arrow out of the spine to the left, where a value is returned as a feature."""
    points = (frame.spine, y), (frame.card_left - 12, y)
    return [Path(points, "tap", 1.4, arrow=True), Dot(frame.spine, y, "tap", 2.6)]


def chain_lines(chain: Chain, width: float) -> tuple[str, ...]:
    """The text in a chain's box, in lines of at most so many pixels; too many are cut in the middle."""
    size = TEXT if len(chain.words) == 1 else SEVERAL
    lines = tuple(line for words in chain.words for line in broken(words, size, width))
    if len(lines) <= MAX_LINES:
        return lines
    kept = MAX_LINES - 1
    return *lines[: kept // 2], f"… {len(lines) - kept} more", *lines[-(kept - kept // 2) :]


def place_chain(part: Part, chain: Chain, frame: Frame, pitch: Pitch, place: tuple[float, float]) -> tuple[Group, Rect]:
    """A chain's box; `place` is its top, and the y that the spine comes from; the second result is the box."""
    (top, enter), lines = place, part.lines
    body = Rect(frame.spine - frame.box / 2, top, frame.box, pitch.box + pitch.line * (len(lines) - 1))
    items: list[Item] = [
        Path(((frame.spine, enter), (frame.spine, top)), arrow=True, role="spine"),
        Box(body, MARK_INKS.get(chain.mark, "chain")),
    ]
    base = top + pitch.box / 2 + TEXT * 0.36
    for line in lines:
        size = TEXT if len(lines) == 1 else SEVERAL
        words = shortened(line, size, body.width - 8)
        items.append(Text(frame.spine, base, words, size, "middle", room=body))
        base += pitch.line
    items += mark_sign(chain.mark, body)
    if chain.tapped:
        items += feature(frame, body.bottom + 5)
    opens = f"layers#layers.{chain.section.label}.1"
    return Group(chain.section.label, tuple(items), chain.tip, chain.lines, opens, faded=chain.mark == "="), body


def place_stage(
    part: Part, frame: Frame, pitch: Pitch, place: tuple[float, float], enter: float
) -> tuple[Group, Rect, list[PlacedRow]]:
    """A stage's card with its rows, with the spine that comes from `enter`.

    `place` is its top, and the height that it has to spare.
    """
    stage, (top, spare) = part.stage, place
    body = Rect(frame.card_left, top, frame.card_right - frame.card_left, part.body(pitch) + spare)
    rows: list[PlacedRow] = []
    y = top + part.header + pitch.pad + spare / (len(part.rows) + 1)
    for plan in part.rows:
        placed = place_row(plan, frame, pitch, y, enter=enter, opens=f"unit#unit.{plan.row.kind}")
        rows.append(placed)
        enter = placed.exit
        y += plan.height(pitch) + spare / (len(part.rows) + 1)
    tapped = feature(frame, body.bottom - 4) if stage.tapped else []
    items = (Card(body), *(row.group for row in rows), *tapped)
    label = stage.section.label
    return Group(label, items, stage.tip, stage.lines, f"blocks#{label}"), body, rows


def _outer_first(lanes: list[Lane]) -> tuple[Lane, ...]:
    return tuple(sorted(lanes, key=lambda lane: lane.level))


def _inner_first(lanes: list[Lane]) -> tuple[Lane, ...]:
    return tuple(sorted(lanes, key=lambda lane: -lane.level))
