"""Runs examples/train.py as a program: on one process here, or on two of their own under torchrun."""

import csv
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROGRAM = EXAMPLES / "train.py"
SEVERAL = Path(__file__).parent / "several.py"


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
def torchrun(tmp_path: Path) -> Callable[[dict[str, Sequence[str]]], dict[str, Path]]:
    """Trains on two processes, once for each name, all in one start; the same. Again where that died at its end."""

    def run(asked: dict[str, Sequence[str]]) -> dict[str, Path]:
        runs = [[*arguments, "--device", "cpu", "--out", str(tmp_path / name)] for name, arguments in asked.items()]
        launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
        command = [sys.executable, *launcher, str(SEVERAL), str(PROGRAM), json.dumps(runs)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        for _ in range(2):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
            if done.returncode == 0:
                return {name: tmp_path / name for name in asked}
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
