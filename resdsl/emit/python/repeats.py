"""Finds what repeats in a sequence, so that emitted code can say it once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def repeats(items: Sequence[T], longest: int = 16) -> Iterator[tuple[int, tuple[T, ...]]]:
    """The sequence as (times, pattern) in order: `A B B B C B C` as 1 × A, 2 × B, 2 × (B, C).

    A pattern has at most `longest` items; at each place the one is taken that covers most, the shorter of equals.
    """
    place = 0
    while place < len(items):
        times, length = max(
            ((_times(items, place, length), length) for length in range(1, min(longest, len(items) - place) + 1)),
            key=lambda found: (found[0] * found[1] if found[0] > 1 else 0, -found[1]),
        )
        yield times, tuple(items[place : place + length])
        place += times * length


def _times(items: Sequence[T], start: int, length: int) -> int:
    """How often the pattern of that length at `start` follows itself, itself included."""
    place = start + length
    while place + length <= len(items) and all(items[place + k] == items[start + k] for k in range(length)):
        place += length
    return (place - start) // length
