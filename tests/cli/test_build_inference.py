"""`resdsl build --for inference` folds a network, proves that it computes the same, and writes a file or a package."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from resdsl import load

SPEC = """\
res 1
use "std.res"

network tiny(classes: int = 10) {
  input 3x16x16
  stem  conv(3x3, 8) -> bn -> relu
  stage s1 : basic(8) * 2
  head  global_avgpool -> linear(classes)
  survive linear(0.5)
}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.res"
    path.write_text(SPEC)
    return path


def test_a_python_file_is_that_of_the_folded_network(run, spec: Path):
    path = spec.parent / "net.py"
    result = run("build", str(spec), "--for", "inference", "-o", str(path))
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    # conv bn relu | conv bn relu conv bn survive + relu, twice | pool flatten linear
    assert re.fullmatch(
        r"folded: 22 layers to 15, in float32; its outputs differ by \d\.\de-0[6-9] of the largest", lines[1]
    ) or lines[1].startswith("folded: 22 layers to 15, in float32; its outputs differ by 0.0e+00")
    assert lines[2] == f"wrote {path}"
    assert "BatchNorm" not in path.read_text()
    program = "import net, torch; net.Tiny()(torch.zeros(1, 3, 16, 16)); assert net.LAYERS and net.fold"
    subprocess.run([sys.executable, "-c", program], cwd=spec.parent, check=True)


def test_the_text_goes_to_stdout_for_a_dash(run, spec: Path):
    result = run("build", str(spec), "--for", "inference", "-o", "-")
    assert result.exit_code == 0
    assert result.stdout.startswith('"""The network `tiny` in PyTorch, as resdsl emits it for inference."""')
    assert "folded: 22 layers to 15" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dtype", "bf16"], "`--dtype` belongs to `--for inference`"),
        (["--any-batch"], "`--any-batch` belongs to `--for inference`"),
        (["--for", "inference", "-o", "net.onnx"], "`--for inference` writes .pt2 or .py, not `net.onnx`"),
        (
            ["--for", "inference", "-o", "net.py", "--dtype", "bf16"],
            "`--dtype` belongs to a package, `-o NAME.pt2`; a file's network takes any",
        ),
    ],
)
def test_what_does_not_go_together_is_one_line(run, spec: Path, arguments, message):
    result = run("build", str(spec), *arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"Error: {message}"


def test_a_package_that_is_there_is_not_replaced_unasked(run, spec: Path):
    (spec.parent / "tiny.pt2").write_text("somebody's")
    result = run("build", str(spec), "--for", "inference")
    assert result.exit_code == 2
    assert result.stderr.endswith("tiny.pt2` is there already; name a file with -o\n")


def test_a_foreign_block_that_nobody_registered_is_one_error(run, spec: Path):
    spec.write_text(
        'res 1 use "std.res" extern block attention() -> (in) / 1, params = 0 '
        "network tiny { input 3x8x8 stem conv(3x3, 4) stage s1 : attention() }"
    )
    result = run("build", str(spec), "--for", "inference")
    assert result.exit_code == 1
    assert "error[extern-unregistered]: no Python class is registered for" in result.stderr
    assert not list(spec.parent.glob("*.pt2"))


def test_without_a_compiler_nothing_is_written(spawn, spec: Path):
    result = spawn("build", str(spec), "--for", "inference", env={"CXX": "/nonexistent/g++"})
    assert result.returncode == 3
    assert result.stderr.splitlines()[-1] == (
        "error: torch finds no C++ compiler that works: install g++ or clang++, or name one in CXX"
    )
    assert not list(spec.parent.glob("*.pt2"))


@pytest.mark.slow
def test_a_package_is_written_run_and_compared(spawn, spec: Path):
    result = spawn("build", str(spec), "--for", "inference", "--dtype", "bf16", "--batch", "3")
    assert result.returncode == 0, result.stderr
    path = spec.parent / "tiny.pt2"
    _, folded, takes, wrote, *stages = result.stdout.splitlines()
    found = re.fullmatch(r"folded: 22 layers to 15, in bfloat16; its outputs differ by (.+) of the largest", folded)
    assert found
    assert 0 < float(found[1]) < 0.05
    assert takes == f"takes 3x3x16x16, float32 and contiguous: torch._inductor.aoti_load_package('{path}')"
    assert wrote == f"wrote {path}"
    assert [line.split("  ")[1] for line in stages][-3:] == ["folding", "compiling", "comparing"]
    told = torch._inductor.aoti_load_package(str(path)).get_metadata()
    assert told["folded"] == "22 layers to 15"
    assert load(told["spec"]).digest == load(spec).digest
