"""`check` takes many specs at once, in several processes where it pays, and again when a file is saved."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from resdsl.cli.parallel import for_each

ROOT = Path(__file__).resolve().parents[2]

NET = """\
res 1
use "shared.res"
network net{n} {{
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  stage s1 : {unit}(16) * 3
  head  global_avgpool -> linear(10)
  expect blocks = {blocks}
}}
"""

SHARED = """\
res 1
use "std.res"
block mine(width, stride = 1) { residual conv(3x3, width, /stride) -> norm }
block broken(width, stride = 1) { residual conv(3x3, width, /stride) -> nrm }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Thirty files: in ten is a mistake, ten need what is broken in a file that all use, ten are sound."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shared.res").write_text(SHARED)
    for n in range(30):
        unit, blocks = [("mine", 4), ("broken", 3), ("mine", 3)][n % 3]
        (tmp_path / f"net{n:02}.res").write_text(NET.format(n=n, unit=unit, blocks=blocks))
    return tmp_path


def python(code: str, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A process of its own: this one may have threads, and is not copied."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


IN_PROCESSES = """
import resdsl.cli.parallel as parallel
from resdsl.__main__ import main
parallel._worth = lambda n_specs: {jobs}
main()
"""


def test_several_processes_tell_what_one_tells_in_the_same_order(folder: Path):
    one, four = (python(IN_PROCESSES.format(jobs=jobs), "check", ".", cwd=folder) for jobs in (1, 4))
    assert (one.stdout, one.stderr, one.returncode) == (four.stdout, four.stderr, four.returncode)
    assert one.returncode == 1
    assert one.stdout == "11 errors; 20 networks, 10 expectations hold\n"
    assert one.stderr.count("there is no layer named `nrm`") == 1


def test_the_results_are_in_order_and_the_work_is_shared():
    code = """
import os
from resdsl.cli.parallel import for_each
outcomes = for_each([str(n) for n in range(40)], lambda spec: (int(spec) ** 2, os.getpid()), jobs=3)
assert [square for square, _ in outcomes] == [n * n for n in range(40)]
print(os.getpid() in {process for _, process in outcomes})
"""
    assert python(code).stdout == f"{sys.platform != 'linux'}\n"


def test_what_goes_wrong_in_a_process_is_told_by_the_first():
    code = IN_PROCESSES.format(jobs=3).replace(
        "main()",
        """
def fail(spec):
    raise MemoryError("the memory is used up")
try:
    parallel.for_each(["a", "b", "c", "d"], fail)
except MemoryError as error:
    print(error)
""",
    )
    assert python(code).stdout == "the memory is used up\n"


def test_a_few_specs_are_not_worth_a_process():
    assert {process for _, process in for_each(list("abc"), lambda spec: (spec, os.getpid()))} == {os.getpid()}


@pytest.mark.usefixtures("folder")
def test_a_spec_that_is_none_does_not_keep_the_others_from_being_checked(run):
    result = run("check", "net00.res", "net0.res", "net02.res")
    assert result.exit_code == 2
    assert "there is no file `net0.res`" in result.stderr
    assert result.stdout.startswith("2 errors; 2 networks, 1 expectation")


# ---------------------------------------------------------------- --watch


class Watching:
    """`resdsl check --watch` as a process, and the lines that it prints."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "resdsl", "check", "--watch", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.put(line.rstrip("\n"))

    def until(self, end: str) -> list[str]:
        """The lines up to one that ends so."""
        lines: list[str] = []
        while not lines or not lines[-1].endswith(end):
            try:
                lines.append(self.lines.get(timeout=60))
            except Empty:
                raise AssertionError(f"nothing ends with {end!r}: {lines}") from None
        return lines


@pytest.fixture
def watching(folder: Path) -> Iterator[Watching]:
    watching = Watching(folder, "net02.res")
    yield watching
    watching.process.kill()
    watching.process.wait()


def test_what_is_saved_is_checked_again_in_the_file_and_in_those_that_it_uses(folder: Path, watching: Watching):
    assert watching.until("1 expectation holds") == ["1 network, 1 expectation holds"]
    (folder / "net02.res").write_text(NET.format(n=2, unit="mine", blocks=7))
    assert watching.until("1 error; 1 network")[0] == "error[expect-fails]: `blocks` is 3, expected 7"
    (folder / "shared.res").write_text(SHARED.replace("mine", "yours"))
    assert "error[name-unknown]: there is no block named `mine`" in watching.until("2 errors; 0 networks")
    (folder / "shared.res").write_text(SHARED)
    watching.until("1 error; 1 network")


def test_ctrl_c_ends_it(watching: Watching):
    watching.until("1 expectation holds")
    watching.process.send_signal(2)
    assert watching.process.wait(timeout=60) == 130
