"""Runs examples/train.py as a program: on one process here, or on two of their own under torchrun."""

import csv
import os
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROGRAM = EXAMPLES / "train.py"


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of examples, from which `training` can be imported."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return EXAMPLES


@pytest.fixture
def train(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Trains on this process; the folder with what was written."""

    def run(name: str, *arguments: str) -> Path:
        monkeypatch.syspath_prepend(str(EXAMPLES))
        monkeypatch.setattr(sys, "argv", ["train.py", *arguments, "--device", "cpu", "--out", str(tmp_path / name)])
        runpy.run_path(str(PROGRAM), run_name="__main__")
        return tmp_path / name

    return run


@pytest.fixture
def torchrun(tmp_path: Path) -> Callable[..., Path]:
    """Trains on two processes; the same. Once more where they did not find each other."""

    def run(name: str, *arguments: str) -> Path:
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
        done = None
        for _ in range(2):
            done = subprocess.run(
                [*command, str(PROGRAM), *arguments, "--device", "cpu", "--out", str(tmp_path / name)],
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            if done.returncode == 0:
                return tmp_path / name
        assert done is not None
        pytest.fail(done.stdout + done.stderr)

    return run


def losses(folder: Path) -> list[float]:
    """The loss of every step."""
    with (folder / "steps.csv").open(newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """The network's state in the newest checkpoint, read as torch reads any of its distributed ones."""
    from torch.distributed.checkpoint.format_utils import dcp_to_torch_save

    (found,) = folder.glob("step-*")
    whole = folder / "whole.pt"
    dcp_to_torch_save(found, whole)
    state = torch.load(whole, weights_only=True)
    return state["model"]
