"""What is asked of a measurement, and what it gives."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Options:
    """What a measurement is asked for."""

    rounds: int
    threads: int
    device: str

    @property
    def by(self) -> str:
        """Which clock: the processor's where one thread does the work, for it does not count what others do."""
        return "processor" if self.device == "cpu" and self.threads == 1 else "seconds"

    def batch(self, on_cpu: int, on_gpu: int) -> int:
        """A batch that suits the device."""
        return on_cpu if self.device == "cpu" else on_gpu


@dataclass(frozen=True)
class Row:
    """One figure: what it is, what it should be, what it is."""

    what: str
    wanted: str
    found: str


def timed(step: Callable[[], object], options: Options) -> float:
    """Seconds that a step takes, by the clock of the options."""
    import torch

    if options.device != "cpu":
        torch.cuda.synchronize()
    start, processor = time.perf_counter(), time.process_time()
    step()
    if options.device != "cpu":
        torch.cuda.synchronize()
    return time.process_time() - processor if options.by == "processor" else time.perf_counter() - start
