"""Coverage-guided fuzzing starts, learns from what it reaches, and ends without a find."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("entry", ["text", "graph", "checkpoint", "editor"])
def test_a_guided_run_finds_nothing(entry: str, tmp_path: Path):
    pytest.importorskip("atheris", reason="no coverage-guided fuzzing: `pip install 'resdsl[fuzz]'`")
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.guided",
        entry,
        "-runs=2000",
        "-seed=1",
        f"-artifact_prefix={tmp_path}/",
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Done 2000 runs" in done.stderr
