"""`resdsl bench` measures in turns and says what it measured."""

import json
from pathlib import Path

import pytest

SPEC = """
res 1
use "std.res"
network tiny(n: int = 1) {
  input 3x16x16
  stem  conv(3x3, 8) -> bn -> relu
  stage s1    : basic(8) * n
  stage s2 /2 : basic(16) * n
  head  global_avgpool -> linear(10)
  shortcut identity else zero_pad
}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.res"
    path.write_text(SPEC)
    return path


def test_every_way_to_run_is_timed_in_every_round(run, spec: Path, tmp_path: Path):
    found = tmp_path / "found.json"
    result = run(
        "bench", str(spec), "--against", str(spec), "--task", "train", "--rounds", "3", "--batch", "2",
        "--threads", "1", "--backend", "aot_eager", "--json", str(found),
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    title, _, rule, *rows = result.stdout.splitlines()
    assert title == "training step, batch of 2"
    assert set(rule) == {"─"}
    assert [row.split()[1] for row in rows[:4]] == ["eager", "compiled", "eager", "compiled"]
    document = json.loads(found.read_text())
    assert document["machine"]["threads"] == "1"
    figures = document["tasks"]["train"]
    assert [len(each["seconds"]) for each in figures] == [3, 3, 3, 3]
    assert all(second > 0 for each in figures for second in each["seconds"])
    eager, compiled = figures[:2]
    assert eager["saved"] > 2 * 8 * 16 * 16 * 4  # at least what the stem gives
    assert compiled["saved"] <= eager["saved"]
    assert all(each["peak"] is None for each in figures)


def test_the_document_may_be_all_that_stdout_holds(run, spec: Path):
    result = run("bench", str(spec), "--task", "train", "--rounds", "1", "--backend", "aot_eager", "--json", "-")
    assert list(json.loads(result.stdout)["tasks"]) == ["train"]
    assert "training step, batch of 8" in result.stderr


def test_another_library_takes_part(run):
    result = run(
        "bench", "resnet20", "--against", "pytorchcv:resnet20_cifar10", "--task", "train", "--rounds", "1",
        "--batch", "2", "--backend", "aot_eager", "--ways", "eager",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    names = [line.split()[0] for line in result.stdout.splitlines()[3:5]]
    assert names == ["resnet20", "pytorchcv:resnet20_cifar10"]


def test_a_network_that_there_is_not_is_told(run, spec: Path):
    result = run("bench", str(spec), "--against", "torchvision:resnet51", "--rounds", "1", "--backend", "aot_eager")
    assert result.exit_code == 2
    assert "torchvision has no model `resnet51`" in result.stderr
    assert "resnet50" in result.stderr
