"""Times the stages of a long command, and shows which one runs while it takes longer than a second."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from time import perf_counter
from typing import Final

import click


@dataclass(frozen=True, slots=True)
class Stage:
    """A finished stage: what was done, and how long it took in seconds."""

    title: str
    seconds: float


@dataclass
class Stages:
    """The stages of one command, in order. `with stages.run("reading"): …` runs and times one."""

    done: list[Stage] = field(default_factory=list[Stage])

    @contextmanager
    def run(self, title: str) -> Generator[Callable[[str], None]]:
        """Do what stands under `with` as a stage; shown on stderr from its second second on.

        What `with` gives can be called to say what the stage is at.
        """
        finished = Event()
        shown = _Shown(title)
        watcher = Thread(target=_watch, args=(shown, finished), daemon=True)
        watcher.start()
        start = perf_counter()
        try:
            yield shown.say
        finally:
            seconds = perf_counter() - start
            finished.set()
            watcher.join()
        self.done.append(Stage(title, seconds))


@dataclass
class _Shown:
    """What stands in the progress line."""

    text: str

    def say(self, text: str) -> None:
        """Replaces it."""
        self.text = text


def _watch(shown: _Shown, finished: Event) -> None:
    if finished.wait(_PATIENCE):
        return
    if not sys.stderr.isatty():
        click.echo(f"{shown.text} …", err=True)
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(shown.text, total=None)
        progress.tasks[task].start_time = progress.get_time() - _PATIENCE
        while not finished.wait(_GLANCE):
            progress.update(task, description=shown.text)


_PATIENCE: Final = 1.0  # seconds
_GLANCE: Final = 0.2  # seconds
