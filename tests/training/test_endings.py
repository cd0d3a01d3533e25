"""How a run ends before its time: in one line that says what is on disk, with the right exit code, and nothing lost."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.conftest import PROGRAM, weights

pytestmark = pytest.mark.usefixtures("examples")

TINY = ("resnet_cifar_sd", "-p", "depth=8", "--recipe", "quick", "--batch", "128", "--epochs", "1")
EACH = ("--checkpoint-every", "1")
GONE = ("another process of this run is gone", "stopped")  # torchrun may be the first to tell
KILLED = Path(__file__).parent / "killed.py"


@pytest.fixture
def at_save(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[Any], None]], None]:
    """Lets something else happen where the n-th checkpoint is saved; it is given what saves it."""

    def install(number: int, do: Callable[[Any], None]) -> None:
        from training import checkpoints

        save, calls = checkpoints.save, []

        def saving(*arguments: Any) -> None:
            calls.append(arguments)
            if len(calls) == number:
                do(lambda: save(*arguments))
            else:
                save(*arguments)

        monkeypatch.setattr(checkpoints, "save", saving)

    return install


def ends(train: Callable[..., Path], *arguments: str) -> Any:
    with pytest.raises(SystemExit) as ended:
        train("out", *TINY, *arguments)
    return ended.value.code


@pytest.fixture
def in_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, Callable[[], None]], None]:
    """Lets something happen in the middle of a step."""

    def install(number: int, do: Callable[[], None]) -> None:
        from training.engines import Single

        at = Single.at

        def at_step(engine: Single, step: int) -> None:
            if step == number:
                do()
            at(engine, step)

        monkeypatch.setattr(Single, "at", at_step)

    return install


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_lets_the_step_end_and_a_checkpoint_be_written(train, in_step, capsys, tmp_path, number: int, code: int):
    whole = train("whole", *TINY, "--stop-after", "4")
    in_step(2, lambda: os.kill(os.getpid(), number))
    before = signal.getsignal(number)
    assert ends(train) == code
    assert signal.getsignal(number) is before
    assert capsys.readouterr().err.splitlines() == [
        "stopping after this step; once more to stop at once",
        f"stopped; {tmp_path}/out/step-00000003 is whole: `--resume` goes on from step 3",
    ]
    on = train("out", *TINY, "--stop-after", "4", "--resume")
    assert (on / "steps.csv").read_text() == (whole / "steps.csv").read_text()
    once, twice = weights(whole), weights(on)
    assert all(torch.equal(once[key], twice[key]) for key in once)


def test_a_second_ctrl_c_ends_at_once_and_the_last_checkpoint_counts(train, in_step, capsys, tmp_path):
    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    in_step(2, interrupt)
    assert ends(train, *EACH) == 130
    told = capsys.readouterr().err.splitlines()[-1]
    assert told == f"stopped; {tmp_path}/out/step-00000002 is whole: `--resume` goes on from step 2"


def test_a_full_disk_leaves_the_older_checkpoint_whole(train, at_save, tmp_path):
    """A limit on the size of files stands in for it: writing fails half-way, in the same calls."""

    def fill(save: Callable[[], None]) -> None:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
        try:
            save()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    whole = train("whole", *TINY, "--stop-after", "2")
    at_save(3, fill)
    told = ends(train, *EACH)
    out = tmp_path / "out"
    assert told.endswith(f"File too large; {out}/step-00000002 is whole: `--resume` goes on from step 2")
    assert [path.name for path in out.glob("step-*")] == ["step-00000002"]
    once, twice = weights(whole), weights(out)
    assert all(torch.equal(once[key], twice[key]) for key in once)


def test_a_folder_that_cannot_be_written_is_told(train, tmp_path):
    (tmp_path / "out").write_text("a file")
    assert ends(train) == f"{tmp_path}/out: File exists; there is no checkpoint in {tmp_path}/out yet"


def test_a_gpu_that_is_full_is_told_with_the_ways_out(train, monkeypatch, tmp_path):
    from training.engines import Single

    def step(*_: Any) -> None:
        raise torch.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 139.72 GiB of which …"
        )

    monkeypatch.setattr(Single, "step", step)
    assert ends(train) == (
        "CUDA out of memory. Tried to allocate 2.00 GiB: `--memory SIZE`, with what the device has, computes blocks "
        "again to fit; `--parts 2` takes the batch in parts; or a smaller --batch, --amp bf16; there is no checkpoint "
        f"in {tmp_path}/out yet"
    )


def test_what_cannot_fit_is_told_before_the_first_step(train):
    told = ends(train, "--memory", "1MB")
    assert told == (
        "128 samples at once do not fit in 1,000,000 bytes: with blocks computed again they take 4,605,168; "
        "a smaller --batch, more --parts, or more processes"
    )


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["ddp", "fsdp", "pipeline"])
def test_where_one_process_is_killed_the_other_ends_and_says_what_is_on_disk(tmp_path, parallel: str):
    out = tmp_path / "out"
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    more = ["--parallel", parallel, "--checkpoint-every", "2", "--device", "cpu", "--out", str(out)]
    command = [sys.executable, *launcher, str(KILLED), str(PROGRAM), *TINY, *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.endswith("`--resume` goes on from step 2")]
    assert lines in ([f"{said}; {out}/step-00000002 is whole: `--resume` goes on from step 2"] for said in GONE)
    assert f'"{PROGRAM}", line' not in done.stderr  # of no traceback
    assert list(weights(out))
