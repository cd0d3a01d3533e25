"""Arguments of torch calls as a person writes them: none that says what torch assumes anyway."""

from __future__ import annotations

from resdsl.ops.base import Literals


def compact(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    """One int where all dimensions agree: 3 for (3, 3), else the tuple."""
    return sizes[0] if len(set(sizes)) == 1 else sizes


def differing(*arguments: tuple[str, Literals, Literals]) -> tuple[tuple[str, Literals], ...]:
    """From (name, value, torch's default), the keyword arguments that must be written."""
    return tuple((name, value) for name, value, default in arguments if value != default)
