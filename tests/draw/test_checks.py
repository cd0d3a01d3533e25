"""The checks of legibility themselves: each finds the fault that it is there for."""

from __future__ import annotations

import pytest

from resdsl.emit.draw.geometry import Rect
from resdsl.emit.draw.scene import Badge, Box, Card, Item, Path, Pill, Scene, Text
from tests.draw.legible import faults

BOX = Box(Rect(20, 20, 60, 20), "chain")
WORDS = Text(50, 34, "conv", 11, "middle", room=BOX.rect)

FAULTS: dict[str, tuple[tuple[Item, ...], str]] = {
    "small text": ((Text(5, 10, "x", 7.5, room=Rect(0, 0, 50, 20)),), "is 7.5 px"),
    "wide text": ((Text(5, 20, "wider than this", 11, room=Rect(0, 0, 50, 20)),), "wider than its room"),
    "text on text": ((WORDS, Text(52, 36, "norm", 11, "middle", room=BOX.rect)), "lie over each other"),
    "boxes overlap": ((BOX, Box(Rect(75, 30, 20, 20), "chain")), "overlap"),
    "a pill on a box": ((BOX, Pill(Rect(40, 35, 16, 16))), "overlap"),
    "cards overlap": ((Card(Rect(0, 0, 50, 50)), Card(Rect(40, 40, 30, 30))), "cards"),
    "a box out of its card": ((Card(Rect(0, 0, 50, 50)), BOX), "stands across"),
    "a line through a box": ((BOX, Path(((50, 5), (50, 60)))), "crosses box"),
    "a level line through a box": ((BOX, Path(((5, 30), (95, 30)))), "crosses box"),
    "a line through words": ((WORDS, Path(((50, 5), (50, 60)))), "crosses `conv`"),
    "a sign on words": ((WORDS, Badge(38, 30, "+")), "lies on `conv`"),
    "off the page": ((Box(Rect(90, 80, 20, 10), "chain"),), "leaves the page"),
    "a line off the page": ((Path(((50, 5), (120, 5))),), "leaves the page"),
}


@pytest.mark.parametrize(("items", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found(items: tuple[Item, ...], message: str) -> None:
    assert [fault for fault in faults(Scene(100, 100, "", "", items)) if message in fault]


def test_a_line_may_end_at_a_box_and_pass_beside_it() -> None:
    good = (BOX, WORDS, Path(((50, 5), (50, 20)), arrow=True), Path(((50, 40), (50, 60))), Path(((85, 5), (85, 60))))
    assert not [*faults(Scene(100, 100, "", "", good))]
