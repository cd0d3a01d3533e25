"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` most likely meant, if one is near: a slip of letters, or its beginning."""
    by_folded = {candidate.lower(): candidate for candidate in candidates}
    folded = name.lower()
    found = get_close_matches(folded, by_folded, n=1, cutoff=0.6)
    if not found and len(folded) >= _SHORTEST:
        found = sorted((candidate for candidate in by_folded if candidate.startswith(folded)), key=len)
    return by_folded[found[0]] if found else None


def is_slip(name: str, meant: str) -> bool:
    """Whether one letter is too many, missing or another, two neighbours are swapped, or capitals differ.

    Digits are never a slip: `s3` for `s2` is another thing, not another spelling.
    """
    if name == meant or len(meant) < _SHORTEST or _digits(name) != _digits(meant):
        return False
    short, long = sorted((name.lower(), meant.lower()), key=len)
    if len(long) - len(short) == 1:
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    differing = [at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b]
    if len(long) != len(short) or len(differing) > 2:
        return False
    first, last = (differing[0], differing[-1]) if differing else (0, 0)
    is_swap = last - first == 1 and (short[first], short[last]) == (long[last], long[first])
    return len(differing) <= 1 or is_swap


def _digits(name: str) -> list[str]:
    return [character for character in name if character.isdigit()]


_SHORTEST = 3  # letters that a name, or its beginning, must have
