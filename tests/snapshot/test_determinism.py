"""The same spec gives the same bytes of every output, whoever makes them, where, and with which line ends."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from resdsl.compiler import library

ROOT = Path(__file__).resolve().parents[2]

GOOD = """\
res 1
use "std.res"

# A comment, and a word of a paper: “residual”.
network good(n: int = 2) {
  about "Two stages — small"
  input 3x16x16
  stem  conv(3x3, 8) -> bn -> relu
  stage s1    : basic(8) * n
  stage s2 /2 : basic(16) + wide(16)
  head  global_avgpool -> linear(10)
  shortcut identity else projection
  link root over all via conv_shortcut
  survive linear(0.5)
  init he_fan_out, zero_residual
  tap s1
  expect depth = 10
}
"""
BAD = """\
res 1
use "std.res"   # resdsl: allow(shape-loses)
network bad {
  input 3x16x16
  stem  conv(3x3, 8) -> bnn -> relu
  stage s1 : basic(8) * 2
  stage s2 /2 : basicc(16)
  link root over s1..s3 via conv_shortcut
}
network worse { input 3x15x15  stage s1 /2 : basic(16)  expect params = 3 }
"""


def made(folder: Path, files: list[str], *options: str, root: Path = ROOT, **environment: str) -> dict[str, str]:
    """What `outputs.py` prints, by file and output."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.snapshot.outputs", *options, *files],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {"\t".join(line.split("\t")[:2]): "\t".join(line.split("\t")[2:]) for line in done.stdout.splitlines()}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A checkout at another place."""
    root = tmp_path / "a checkout at another place"
    for name in ("resdsl", "grammars", "specs", "tests/snapshot"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def write(folder: Path, texts: dict[str, str], newline: str = "\n") -> None:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline=newline)


def compare(tmp_path: Path, elsewhere: Path, texts: dict[str, str], *options: str) -> None:
    """Makes everything three times, as differently as a machine can, and holds the results against each other."""
    here, there = tmp_path / "here", tmp_path / "there"
    write(here, texts)
    write(there, texts, newline="\r\n")
    files = [*texts]
    first = made(here, files, *options, PYTHONHASHSEED="0", LC_ALL="C", TZ="UTC")
    assert len(first) > 15 * len(files)
    assert {name: told for name, told in first.items() if "\t" in told} == {}, "it holds something of this machine"
    second = made(there, files, *options, PYTHONHASHSEED="1", LC_ALL="C.UTF-8", TZ="Asia/Tokyo", COLUMNS="40")
    third = made(here, files, *options, root=elsewhere, PYTHONHASHSEED="random", HOME=str(tmp_path))
    for other in (second, third):
        assert [name for name in first if other.get(name) != first[name]] == []
        assert other.keys() == first.keys()


def test_every_output_is_the_same_in_every_process(tmp_path, elsewhere):
    compare(tmp_path, elsewhere, {"good.res": GOOD, "bad.res": BAD})


@pytest.mark.slow
def test_weights_of_a_seed_and_the_files_that_hold_them_are_the_same_in_every_process(tmp_path, elsewhere):
    compare(tmp_path, elsewhere, {"good.res": GOOD}, "--torch")


@pytest.mark.slow
@pytest.mark.parametrize("path", list(library()), ids=lambda path: path.stem)
def test_every_output_of_the_library_is_the_same_in_every_process(tmp_path, elsewhere, path):
    compare(tmp_path, elsewhere, {path.name: path.read_text(encoding="utf-8")})
