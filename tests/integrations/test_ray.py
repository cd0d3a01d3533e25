"""Ray Tune tries specs, in processes of its own; where it is not installed, this file says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="Ray Tune is not installed, and its example does not run: pip install 'resdsl[ray]'")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "integrations" / "ray_tune.py"


@pytest.mark.slow
def test_ray_tune_tries_the_parameters_of_a_spec(tmp_path: Path):
    environment = {**os.environ, "HOME": str(tmp_path), "RAY_USAGE_STATS_ENABLED": "0", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(EXAMPLE)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "2 trials; best {'depth': 22, 'widen': 2}, 79,642 away from a million"
