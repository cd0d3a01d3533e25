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


_SHORTEST = 3  # letters that a beginning must have
