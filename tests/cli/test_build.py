"""`resdsl build` makes the module, runs it once, and writes a file that stands alone."""

import ast
import json
import re
import runpy
from pathlib import Path

import pytest
import torch

SPEC = """
res 1
use "std.res"
network tiny(depth: int = 8, classes: int = 10) {
  let n = (depth - 2) / 6
  input 3x16x16
  stem  conv(3x3, 8) -> bn -> relu
  stage s1    : basic(8) * n
  stage s2 /2 : basic(16) * n
  stage s3 /2 : basic(32) * n
  head  global_avgpool -> linear(classes)
  shortcut identity else zero_pad
}
"""
PARAMS = (
    (3 * 8 * 9 + 2 * 8)  # stem: 3x3 convolution, scale and shift
    + (2 * 8 * 8 * 9 + 4 * 8)
    + (8 * 16 * 9 + 16 * 16 * 9 + 4 * 16)
    + (16 * 32 * 9 + 32 * 32 * 9 + 4 * 32)
    + (32 * 10 + 10)
)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.res"
    path.write_text(SPEC)
    return path


def test_it_tells_what_it_built_where_it_wrote_and_how_long_it_took(run, spec: Path):
    result = run("build", str(spec))
    assert result.exit_code == 0, result.stderr
    first, wrote, *stages = result.stdout.splitlines()
    assert first == f"tiny: {PARAMS:,} parameters, 3 blocks in 3 classes; 2x3x16x16 in, 2x10 out"
    assert wrote == f"wrote {spec.parent / 'tiny.py'}"
    assert all(re.fullmatch(r"  [\w ]+ +\d+\.\d\d s", line) for line in stages)
    assert [line.split("  ")[1] for line in stages] == [
        "reading and checking", "emitting", "importing torch", "building", "one batch of 2",
    ]  # fmt: skip


def test_the_file_needs_torch_alone_and_runs(run, spec: Path):
    run("build", str(spec), "-p", "classes=7")
    path = spec.parent / "tiny.py"
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        )
    }  # fmt: skip
    assert imported == {"torch"}
    network = runpy.run_path(str(path))["Tiny"]
    assert network()(torch.zeros(3, 3, 16, 16)).shape == (3, 7)


def test_a_file_of_somebody_else_s_is_not_replaced(run, spec: Path):
    other = spec.parent / "tiny.py"
    other.write_text("print('mine')\n")
    result = run("build", str(spec))
    assert result.exit_code == 2
    assert "name a file with -o" in result.stderr
    assert other.read_text() == "print('mine')\n"


def test_its_own_file_is_replaced(run, spec: Path):
    assert run("build", str(spec)).exit_code == 0
    before = (spec.parent / "tiny.py").read_text()
    assert run("build", str(spec), "-p", "classes=3").exit_code == 0
    assert (spec.parent / "tiny.py").read_text() != before


def test_the_suffix_chooses_the_form(run, spec: Path, tmp_path: Path):
    digest = json.loads(run("show", str(spec), "--format", "json").stdout)["digest"]
    assert run("build", str(spec), "-o", str(tmp_path / "net.res")).exit_code == 0
    assert json.loads(run("show", str(tmp_path / "net.res"), "--format", "json").stdout)["digest"] == digest
    assert run("build", str(spec), "-o", str(tmp_path / "net.json")).exit_code == 0
    from resdsl.ir.json import from_json

    assert from_json((tmp_path / "net.json").read_text()).digest == digest


def test_a_suffix_without_a_meaning_is_a_wrong_command(run, spec: Path):
    result = run("build", str(spec), "-o", "net.onnx")
    assert result.exit_code == 2
    assert ".json, .py, .res" in result.stderr


def test_stdout_can_hold_the_file_and_nothing_else(run, spec: Path):
    result = run("build", str(spec), "-o", "-")
    ast.parse(result.stdout)
    assert result.stdout.rstrip().startswith('"""')
    assert "parameters, 3 blocks" in result.stderr
    assert [path.name for path in spec.parent.iterdir()] == ["small.res"]


def test_a_library_network_is_written_where_one_is(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    result = run("build", "resnet20", "--batch", "1")
    assert result.exit_code == 0, result.stderr
    assert "1x3x32x32 in, 1x10 out" in result.stdout
    assert (tmp_path / "resnet20.py").exists()


def test_a_wrong_spec_writes_nothing(run, spec: Path):
    spec.write_text(SPEC.replace("identity else zero_pad", "identity"))
    result = run("build", str(spec))
    assert result.exit_code == 1
    assert "error[shortcut-shape]" in result.stderr
    assert [path.name for path in spec.parent.iterdir()] == ["small.res"]


def test_a_folder_that_there_is_not_is_a_tool_s_failure(run, spec: Path):
    result = run("build", str(spec), "-o", str(spec.parent / "nowhere" / "net.py"))
    assert result.exit_code == 3
    assert "No such file or directory" in result.stderr


def test_a_batch_that_does_not_fit_is_told_as_that(run, spec: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_arguments: object, **_options: object) -> torch.Tensor:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(torch, "randn", full)
    result = run("build", str(spec), "--batch", "64")
    assert result.exit_code == 3
    assert result.stderr.endswith("error: a batch of 64 does not fit in memory\n")
