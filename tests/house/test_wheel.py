"""An installed wheel stands alone: the grammar and the library are in it, and no checkout is needed."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(out / "site")
    return out / "site"


def test_the_wheel_carries_the_grammar_and_every_spec(installed: Path):
    data = installed / "resdsl" / "_data"
    for folder, pattern in (("grammars", "*"), ("specs", "*")):
        here = {path.name for path in (ROOT / folder).glob(pattern) if path.is_file() and path.suffix != ".py"}
        assert here
        assert {path.name for path in (data / folder).glob(pattern)} == here
    assert (installed / "resdsl" / "py.typed").exists()


def test_the_wheel_carries_no_tests(installed: Path):
    assert {path.name.split("-")[0] for path in installed.iterdir()} == {"resdsl"}


def test_the_installed_command_knows_its_library(installed: Path, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "resdsl", "check", "resnet152"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 network, ")
