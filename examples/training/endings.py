"""How a run ends before its time: Ctrl-C, a full disk, no memory left, a process that is gone. One line each."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from training import checkpoints


class Stop:
    """Whether the run was asked to end, by Ctrl-C or as a cluster asks (SIGTERM).

    One process finishes its step and writes a checkpoint; asked again, it ends at once. Several processes are never at
    the same step when they hear of it, so they end at once, and what is on disk counts.
    """

    def __init__(self) -> None:
        self.number: int | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hears while the context lasts."""
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, _frame: Any) -> None:
        if self.number is not None or dist.is_initialized():
            raise _Stopped(number)
        self.number = number
        print("stopping after this step; once more to stop at once", file=sys.stderr, flush=True)

    @property
    def is_asked(self) -> bool:
        return self.number is not None

    def obey(self) -> None:
        """Ends the run where it was asked to: after a step whose checkpoint is written."""
        if self.number is not None:
            raise _Stopped(self.number)


class _Stopped(BaseException):
    """Not to be caught by what catches errors."""


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Tells what ended a run, and what is on disk to go on from; the first process does, and one that is left alone."""
    is_first = not dist.is_initialized() or dist.get_rank() == 0
    try:
        yield
    except _Stopped as stopped:
        if is_first:
            print(f"stopped; {_on_disk(folder)}", file=sys.stderr, flush=True)
        raise SystemExit(128 + stopped.args[0]) from None
    except torch.OutOfMemoryError as error:
        raise SystemExit(f"{_first_sentences(error)}: {_SMALLER}; {_on_disk(folder)}") from None
    except OSError as error:
        raise SystemExit(f"{error.filename or folder}: {error.strerror or error}; {_on_disk(folder)}") from None
    except RuntimeError as error:
        if not (isinstance(error, dist.DistError) or (dist.is_initialized() and "peer" in str(error))):
            raise
        raise SystemExit(f"another process of this run is gone; {_on_disk(folder)}") from None


def _on_disk(folder: Path) -> str:
    newest = checkpoints.newest(folder)
    if newest is None:
        return f"there is no checkpoint in {folder} yet"
    return f"{newest} is whole: `--resume` goes on from step {checkpoints.step_of(newest)}"


def _first_sentences(error: BaseException) -> str:
    """Of torch's message what was asked for; what follows is about its allocator."""
    return ". ".join(str(error).partition("\n")[0].split(". ")[:2])


_SMALLER = (
    "`--memory SIZE`, with what the device has, computes blocks again to fit; `--parts 2` takes the batch in parts; or "
    "a smaller --batch, --amp bf16"
)
