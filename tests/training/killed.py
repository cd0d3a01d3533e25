"""Trains in the processes that torchrun started, and kills the second of them in its fourth step."""

import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

program = sys.argv[1]
sys.argv = sys.argv[1:]
sys.path.insert(0, str(Path(program).parent))

from training import engines

at = engines.Single.at


def die(self: Any, step: int) -> None:
    if os.environ["RANK"] == "1" and step == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    at(self, step)


engines.Single.at = die
runpy.run_path(program, run_name="__main__")
