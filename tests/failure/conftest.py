"""Real processes of the command line, with streams, limits and signals as a test wants them."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).resolve().parents[2]

Start = Callable[..., "subprocess.Popen[str]"]
Ended = tuple[int, str, str]
"""The exit code, what stood on stdout, and on stderr."""

SPEC = 'res 1\nuse "std.res"\n\nnetwork net {\n  input 3x8x8\n  stem  conv(3x3, 4) -> bn -> relu\n}\n'


@pytest.fixture
def start(tmp_path: Path):
    """Starts `resdsl` in the test's folder; what a test leaves running is ended."""
    started: list[subprocess.Popen[str]] = []

    def start(
        *arguments: str,
        closed: Sequence[int] = (),
        stdout: IO[str] | int = subprocess.PIPE,
        stderr: IO[str] | int = subprocess.PIPE,
        largest_file: int | None = None,
        **environment: str,
    ) -> subprocess.Popen[str]:
        def in_the_child() -> None:
            if largest_file is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
            for number in closed:
                os.close(number)

        process = subprocess.Popen(
            [sys.executable, "-m", "resdsl", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "PYTHONUNBUFFERED": "1", **environment},
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            preexec_fn=in_the_child,  # noqa: PLW1509  this process has one thread
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def run(start: Start):
    """Runs it to its end: the exit code, what stood on stdout, and on stderr."""

    def run(*arguments: str, input: str = "", **options: object) -> Ended:
        process = start(*arguments, **options)
        out, err = process.communicate(input, timeout=300)
        return process.returncode, out or "", err or ""

    return run


@pytest.fixture(autouse=True)
def spec(tmp_path: Path) -> Path:
    """`net.res`, a file with one network, alone in the folder."""
    path = tmp_path / "net.res"
    path.write_text(SPEC, encoding="utf-8")
    return path
