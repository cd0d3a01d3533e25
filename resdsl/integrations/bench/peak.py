"""Measures the most memory that a piece of work takes at once, on a GPU or on a processor."""

# pyright: basic, reportPrivateUsage=false

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch


@dataclass(slots=True)
class Peak:
    """The most bytes of tensors at once, besides those that were there before; known when the work is done."""

    n_bytes: int = 0


@contextmanager
def watch_peak(device: torch.device) -> Generator[Peak]:
    """Measures what runs inside. On a processor torch's profiler sees each allocation of this thread."""
    peak = Peak()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        yield peak
        peak.n_bytes = torch.cuda.max_memory_allocated(device) - before
        return
    os.environ.setdefault("KINETO_LOG_LEVEL", "5")  # it has much to say
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        yield peak
    results: Any = profile.profiler
    made = sorted(_allocations(results.kineto_results.experimental_event_tree()))
    peak.n_bytes = max(accumulate(size for _, size in made), default=0)


def _allocations(events: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """When, and how many bytes; fewer than none where memory is freed."""
    private: Any = getattr(torch._C, "_profiler")  # noqa: B009, SLF001  there is no public name for these events
    for event in events:
        if event.typed[0] == private._EventType.Allocation:  # noqa: SLF001
            yield event.start_time_ns, event.typed[1].alloc_size
        yield from _allocations(event.children)
