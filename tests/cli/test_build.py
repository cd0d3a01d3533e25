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
    result = run("build", "--no-compile", str(spec))
    assert result.exit_code == 0, result.stderr
    first, wrote, *stages = result.stdout.splitlines()
    assert first == f"tiny: {PARAMS:,} parameters, 3 blocks in 3 classes; 2x3x16x16 in, 2x10 out"
    assert wrote == f"wrote {spec.parent / 'tiny.py'}; nothing is folded"
    assert all(re.fullmatch(r"  [\w ]+ +\d+\.\d\d s", line) for line in stages)
    assert [line.split("  ")[1] for line in stages] == [
        "reading and checking", "emitting", "importing torch", "building", "one batch of 2",
    ]  # fmt: skip


def test_the_file_needs_torch_alone_and_runs(run, spec: Path):
    run("build", "--no-compile", str(spec), "-p", "classes=7")
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
    result = run("build", "--no-compile", str(spec))
    assert result.exit_code == 2
    assert "name a file with -o" in result.stderr
    assert other.read_text() == "print('mine')\n"


def test_its_own_file_is_replaced(run, spec: Path):
    assert run("build", "--no-compile", str(spec)).exit_code == 0
    before = (spec.parent / "tiny.py").read_text()
    assert run("build", "--no-compile", str(spec), "-p", "classes=3").exit_code == 0
    assert (spec.parent / "tiny.py").read_text() != before


def test_the_suffix_chooses_the_form(run, spec: Path, tmp_path: Path):
    digest = json.loads(run("show", str(spec), "--format", "json").stdout)["digest"]
    assert run("build", "--no-compile", str(spec), "-o", str(tmp_path / "net.res")).exit_code == 0
    assert json.loads(run("show", str(tmp_path / "net.res"), "--format", "json").stdout)["digest"] == digest
    assert run("build", "--no-compile", str(spec), "-o", str(tmp_path / "net.json")).exit_code == 0
    from resdsl.ir.json import from_json

    assert from_json((tmp_path / "net.json").read_text()).digest == digest


def test_a_suffix_without_a_meaning_is_a_wrong_command(run, spec: Path):
    result = run("build", "--no-compile", str(spec), "-o", "net.txt")
    assert result.exit_code == 2
    assert ".json, .onnx, .onnxtxt, .pt, .pt2, .pth, .py, .res, .safetensors" in result.stderr


def test_stdout_can_hold_the_file_and_nothing_else(run, spec: Path):
    result = run("build", "--no-compile", str(spec), "-o", "-")
    ast.parse(result.stdout)
    assert result.stdout.rstrip().startswith('"""')
    assert "parameters, 3 blocks" in result.stderr
    assert [path.name for path in spec.parent.iterdir()] == ["small.res"]


def test_a_library_network_is_written_where_one_is(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    result = run("build", "--no-compile", "resnet20", "--batch", "1")
    assert result.exit_code == 0, result.stderr
    assert "1x3x32x32 in, 1x10 out" in result.stdout
    assert (tmp_path / "resnet20.py").exists()


def test_a_wrong_spec_writes_nothing(run, spec: Path):
    spec.write_text(SPEC.replace("identity else zero_pad", "identity"))
    result = run("build", "--no-compile", str(spec))
    assert result.exit_code == 1
    assert "error[shortcut-shape]" in result.stderr
    assert [path.name for path in spec.parent.iterdir()] == ["small.res"]


def test_a_folder_that_there_is_not_is_a_tool_s_failure(run, spec: Path):
    result = run("build", "--no-compile", str(spec), "-o", str(spec.parent / "nowhere" / "net.py"))
    assert result.exit_code == 3
    assert "No such file or directory" in result.stderr


def test_a_batch_that_does_not_fit_is_told_as_that(run, spec: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_arguments: object, **_options: object) -> torch.Tensor:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(torch, "randn", full)
    result = run("build", "--no-compile", str(spec), "--batch", "64")
    assert result.exit_code == 3
    assert result.stderr.endswith("error: a batch of 64 does not fit in memory\n")


# ---------------------------------------------------------------- compiled


def test_it_is_compiled_by_default_and_says_what_that_made(run, spec: Path):
    result = run("build", str(spec), "--backend", "aot_eager", "--batch", "3")
    assert result.exit_code == 0, result.stderr
    _, compiled, seconds, wrote, *stages = result.stdout.splitlines()
    assert compiled == "compiled by units: 5 distinct units of 5 steps, 10 graphs forward and backward"
    assert re.fullmatch(r"  10 compiled in \d+\.\d s \(cold\)", seconds)
    assert wrote == f"wrote {spec.parent / 'tiny.py'}; nothing is folded"
    assert [line.strip().split("  ")[0] for line in stages[-2:]] == ["compiling", "one training step of 3"]


def test_the_graphs_are_those_of_the_distinct_units_at_any_depth(run, spec: Path):
    counts = set()
    for depth in (14, 26):
        out = run("build", str(spec), "-p", f"depth={depth}", "--backend", "aot_eager", "-o", "-").stderr
        counts.add(re.search(r"(\d+) distinct units of \d+ steps, (\d+) graphs", out).groups())
    assert counts == {("7", "14")}


def test_a_schedule_says_what_it_saves(run):
    from resdsl import cost, load

    out = run("build", "resnet110_sd", "--backend", "aot_eager", "-o", "-").stderr
    graph = load("resnet110_sd")
    share = cost(graph).expected_macs / cost(graph).total.macs
    assert "7 distinct units of 56 steps, 2 more for what is left of dropped blocks, 18 graphs" in out
    assert f"a training step runs 40.2 of 54 blocks, {share:.1%} of the multiply-adds, on average" in out


def test_activations_are_computed_again_where_that_is_asked_for(run, spec: Path):
    result = run("build", str(spec), "-p", "depth=26", "--backend", "aot_eager", "--checkpoint", "every=2", "-o", "-")
    assert re.search(r"activations: [\d.]+ [KM]iB at most; 6 groups of blocks computed again, 9\d%", result.stderr)
    result = run("build", str(spec), "--backend", "aot_eager", "--memory", "10GiB", "-o", "-")
    assert re.search(r"activations: [\d.]+ [KM]iB at most; 0 groups", result.stderr)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--checkpoint", "2"), "`2` is no policy: write `every=4`"),
        (("--memory", "lots"), "`lots` is no amount of memory"),
        (("--memory", "10KiB"), "weights and their gradients take"),
        (("--memory", "2MiB", "--batch", "64"), "need at least"),
        (("--strategy", "graph", "--memory", "1GiB"), "`memory` belongs to the strategy `units`"),
    ],
)
def test_what_cannot_be_compiled_so_is_a_wrong_command(run, spec: Path, options, message):
    result = run("build", str(spec), "--backend", "aot_eager", *options)
    assert result.exit_code == 2, result.stderr
    assert message in result.stderr


def test_without_a_compiler_the_file_is_there_and_the_line_is_clear(spawn, spec: Path):
    result = spawn(
        "build", str(spec), env={"CXX": "no-such-compiler", "TORCHINDUCTOR_CACHE_DIR": str(spec.parent / "c")}
    )
    assert result.returncode == 3
    assert result.stderr.splitlines()[-1] == (
        "error: torch finds no C++ compiler that works: install g++ or clang++, or name one in CXX; "
        "--no-compile builds without"
    )
    assert (spec.parent / "tiny.py").exists()


def test_a_network_with_a_pool_compiles_in_a_process_of_its_own(spawn, spec: Path):
    spec.write_text(SPEC.replace("-> relu\n", "-> relu -> maxpool(3, /2)\n", 1))
    result = spawn("build", str(spec), "--backend", "aot_eager")
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_the_second_build_takes_its_graphs_from_the_cache(spawn, spec: Path):
    environment = {"TORCHINDUCTOR_CACHE_DIR": str(spec.parent / "cache")}
    first, second = (spawn("build", str(spec), env=environment).stdout for _ in range(2))
    assert re.search(r"10 compiled in [\d.]+ s \(cold\)", first)
    assert re.search(r"10 from the cache in [\d.]+ s \(warm\)", second)
