"""What is written while a network trains: CSV files, TensorBoard's, a line on the terminal."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any


class Log:
    """`steps.csv` and `epochs.csv` in a folder; only the first process writes.

    Args:
        folder: where.
        is_first: whether this process writes.
        tensorboard: whether TensorBoard's files are written too.
        step: rows of this step and later ones, from a run that was stopped, are taken away.
        epoch: the same for epochs.
    """

    def __init__(self, folder: Path, *, is_first: bool, tensorboard: bool, step: int, epoch: int) -> None:
        self.is_first = is_first
        self.board: Any = None
        if not is_first:
            return
        folder.mkdir(parents=True, exist_ok=True)
        self.steps, self.epochs = folder / "steps.csv", folder / "epochs.csv"
        _cut(self.steps, ("step", "lr", "loss"), step)
        _cut(self.epochs, ("epoch", "step", "lr", "train_loss", "test_loss", "test_accuracy", "seconds"), epoch)
        if tensorboard:
            try:
                from tensorboardX import SummaryWriter
            except ModuleNotFoundError:
                raise SystemExit("--tensorboard needs tensorboardX: pip install 'resdsl[train]'") from None
            self.board = SummaryWriter(str(folder / "tensorboard"), purge_step=step)

    def step(self, rows: list[tuple[int, float, float]]) -> None:
        """Step, learning rate and loss, by step."""
        if not self.is_first:
            return
        _append(self.steps, rows)
        if self.board is not None:
            for step, lr, loss in rows:
                self.board.add_scalar("train/loss", loss, step)
                self.board.add_scalar("train/lr", lr, step)

    def epoch(  # noqa: PLR0917  a row has as many columns
        self, epoch: int, step: int, lr: float, losses: tuple[float, float], accuracy: float, seconds: float
    ) -> None:
        """An epoch that has ended: `losses` of training and test."""
        if not self.is_first:
            return
        _append(self.epochs, [(epoch, step, lr, *losses, accuracy, round(seconds, 2))])
        if self.board is not None:
            self.board.add_scalar("test/loss", losses[1], step)
            self.board.add_scalar("test/accuracy", accuracy, step)
            self.board.flush()
        print(
            f"epoch {epoch:3d}  train loss {losses[0]:.4f}  test loss {losses[1]:.4f}  test accuracy {accuracy:.2%}"
            f"  lr {lr:.4g}  {seconds:.1f} s",
            flush=True,
        )

    def close(self) -> None:
        if self.board is not None:
            self.board.close()


def _append(path: Path, rows: list[Any]) -> None:
    with path.open("a", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _cut(path: Path, heading: tuple[str, ...], before: int) -> None:
    """Begins a file, or takes away the rows from this number on."""
    kept: list[list[str]] = []
    if path.exists():
        with path.open(newline="") as file:
            rows = list(csv.reader(file))[1:]
        kept = [row for row in rows if len(row) == len(heading) and int(row[0]) < before]  # one may be cut short
    aside = path.with_suffix(".part")
    with aside.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([heading, *kept])
    aside.replace(path)
