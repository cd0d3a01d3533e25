"""Makes an input smaller while what is wrong with it stays."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


def minimise(data: bytes, fails: Callable[[bytes], bool], *, seconds: float = 20.0) -> bytes:
    """The smallest input found in that time that still fails: pieces are left out, ever smaller ones (ddmin)."""
    end = monotonic() + seconds
    size = len(data) // 2
    while size:
        at = 0
        while at < len(data) and monotonic() < end:
            smaller = data[:at] + data[at + size :]
            if fails(smaller):
                data = smaller
            else:
                at += size
        size //= 2
    return data
