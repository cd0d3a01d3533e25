"""Runs the command line in this process, or as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from resdsl.cli.app import cli

ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., Result]
Spawn = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run() -> Run:
    def run(*arguments: str, input: str | None = None) -> Result:
        return CliRunner().invoke(cli, arguments, input=input, prog_name="resdsl")

    return run


@pytest.fixture
def spawn() -> Spawn:
    def spawn(
        *arguments: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None, input: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "resdsl", *arguments],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
            input=input,
            capture_output=True,
            text=True,
            check=False,
        )

    return spawn
