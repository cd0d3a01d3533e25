"""Does the same with many specs: in as many processes as are worth it, the results in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Final, TypeVar, cast

T = TypeVar("T")


def for_each(specs: Sequence[str], do: Callable[[str], T], *, jobs: int | None = None) -> list[T]:
    """What `do` makes of each spec; `jobs` processes, or as many as pay where that is None.

    A process is a copy of this one: what was read before is at hand in all, and `do` need not travel.
    """
    jobs = min(jobs or _worth(len(specs)), len(specs))
    if jobs <= 1 or not _CAN_COPY:
        return [do(spec) for spec in specs]
    from multiprocessing import get_context

    with get_context("fork").Pool(jobs, _prepare, (do,)) as pool:
        return cast("list[T]", pool.map(_do, specs, chunksize=1))


def _worth(n_specs: int) -> int:
    """A process costs about as much as checking three files; one that has threads cannot be copied safely."""
    if n_specs < 2 * _LEAST:
        return 1
    from threading import active_count

    if active_count() > 1:
        return 1
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(processors, n_specs // _LEAST)


def _prepare(do: Callable[[str], object]) -> None:
    """In a new process: what it is to do. Signals are for the first process to tell of, which ends the others."""
    from signal import SIG_DFL, SIG_IGN, SIGINT, SIGTERM, signal

    signal(SIGINT, SIG_IGN)
    signal(SIGTERM, SIG_DFL)
    _work.append(do)


def _do(spec: str) -> object:
    return _work[-1](spec)


_work: list[Callable[[str], object]] = []
_LEAST: Final = 6  # specs a process
_CAN_COPY: Final = sys.platform == "linux"  # elsewhere libraries of the system may not survive the copy
