"""Did you mean …?"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` most likely meant, if one is near: a slip of letters, or its beginning.

    Of a great many candidates, or very long ones, the first are looked at: no list of names takes long.
    """
    by_folded = {candidate.lower(): candidate for candidate in candidates}
    folded = name.lower()
    found = _closest(folded, by_folded)
    if found is None and len(folded) >= _SHORTEST:
        found = min((candidate for candidate in by_folded if candidate.startswith(folded)), key=len, default=None)
    return by_folded[found] if found is not None else None


def _closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like the word, as `difflib.get_close_matches` finds it; of equals the last by the alphabet."""
    matcher = SequenceMatcher[str](b=word)
    best: tuple[float, str] | None = None
    left = _MOST_COMPARED
    for candidate in candidates:
        left -= len(candidate)
        if left < 0:
            break
        matcher.set_seq1(candidate)
        if matcher.real_quick_ratio() < _LIKE or matcher.quick_ratio() < _LIKE:
            continue
        left -= len(word) * len(candidate) // 2
        ratio = matcher.ratio()
        if ratio >= _LIKE and (best is None or (ratio, candidate) > best):
            best = ratio, candidate
    return best[1] if best is not None else None


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


_LIKE = 0.6
_MOST_COMPARED = 50_000  # characters; of two that are alike at first sight, half the product of their lengths
_SHORTEST = 3  # letters that a name, or its beginning, must have
