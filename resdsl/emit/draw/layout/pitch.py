"""The distances of a picture of a net, in pixels; a tall net gets the compact ones."""

from __future__ import annotations

from resdsl.record import record


@record
class Pitch:
    """Distances down the spine and between lanes.

    Attributes:
        box: the height of a box with one line of text.
        line: what each further line adds.
        arrow: from the last tap, or the card's edge, down to a box.
        tap: from one tap to the next.
        gap: from a box to its junction.
        pill: the height of a junction with one port.
        port: what each further port adds.
        rest: below a row.
        pad: between a card's edge and its rows.
        between: between cards and chains.
    """

    box: float = 25
    line: float = 13
    arrow: float = 13
    tap: float = 9
    gap: float = 9
    pill: float = 16
    port: float = 9
    rest: float = 5
    pad: float = 7
    between: float = 15


COMFORTABLE = Pitch()
COMPACT = Pitch(box=20, line=11, arrow=10, tap=7.5, gap=7, pill=14, port=8, rest=3, pad=5, between=10)
