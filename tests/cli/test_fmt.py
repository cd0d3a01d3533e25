"""`resdsl fmt`: what it writes, what it only tells, and what it leaves alone."""

import subprocess
from pathlib import Path
from shutil import which

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNTIDY = 'res 1 use "std.res"\nnetwork a { input 3x8x8   # small\n stem conv(3x3,8) stage s1:basic(8)*2 }\n'


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "a.res"
    path.write_text(UNTIDY)
    return path


def test_a_file_is_written_in_its_layout_and_then_left_alone(run, spec: Path):
    assert run("fmt", str(spec)).exit_code == 0
    tidy = spec.read_text()
    assert tidy.startswith('res 1\nuse "std.res"\n\nnetwork a {\n')
    assert "# small" in tidy
    stamp = spec.stat().st_mtime_ns
    result = run("fmt", str(spec))
    assert result.stderr == "0 files formatted, 1 left as it is\n"
    assert (spec.read_text(), spec.stat().st_mtime_ns) == (tidy, stamp)


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=ascii)
def test_lines_end_as_they_did(run, spec: Path, end: str):
    spec.write_bytes(UNTIDY.replace("\n", end).encode())
    difference = run("fmt", "--diff", str(spec)).stdout_bytes.decode()
    assert run("fmt", str(spec)).exit_code == 0
    tidy = spec.read_bytes().decode()
    assert tidy.count("\n") == tidy.count(end) == len(tidy.splitlines()) > 5
    assert f"\n+  input 3x8x8   # small{end}" in difference
    assert run("fmt", "--check", str(spec)).exit_code == 0


def test_formatting_changes_no_network(run, spec: Path):
    from resdsl import load

    before = load(spec).digest
    run("fmt", str(spec))
    assert load(spec).digest == before


def test_what_comes_with_the_project_stands_in_that_layout(run):
    folders = [str(ROOT / "specs"), str(ROOT / "examples")]
    assert run("fmt", "--check", *folders).exit_code == 0, "run `resdsl fmt specs examples`"


def test_check_writes_nothing_and_exits_with_1(run, spec: Path):
    result = run("fmt", "--check", str(spec))
    assert (result.exit_code, spec.read_text()) == (1, UNTIDY)
    assert result.stderr == "1 file would change, 0 left as they are\n"


def test_diff_shows_what_would_change(run, spec: Path):
    result = run("fmt", "--diff", str(spec))
    assert (result.exit_code, spec.read_text()) == (1, UNTIDY)
    assert result.stdout.startswith(f"--- {spec}\n+++ {spec} (formatted)\n")
    assert "\n+  stem" in result.stdout


@pytest.mark.skipif(which("patch") is None, reason="`patch` is not there")
@pytest.mark.parametrize("end", ["", "\n", "\n\n", "  # é\x0cé", "\n# last"], ids=ascii)
@pytest.mark.parametrize("command", [["fmt", "--diff"], ["check", "--diff"]], ids=" ".join)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=ascii)
def test_a_difference_is_what_patch_takes(run, spec: Path, end: str, command: list[str], line_end: str):
    before = UNTIDY.rstrip("\n").replace("conv(3x3,8)", "conv(3x3,8);") + end
    if command[0] == "fmt":
        before = before.replace(";", "").replace("\x0c", " ")
    before = before.replace("\n", line_end)
    spec.write_bytes(before.encode())
    difference = run(*command, str(spec)).stdout_bytes
    assert difference
    subprocess.run(["patch", "--binary", str(spec)], input=difference, check=True, stdout=subprocess.DEVNULL)
    patched = spec.read_bytes()
    spec.write_bytes(before.encode())
    run(*command[:1], *(["--fix"] if command[0] == "check" else []), str(spec))
    assert patched == spec.read_bytes() != before.encode()


def test_standard_input_goes_to_standard_output(run, spec: Path):
    result = run("fmt", "-", input=UNTIDY)
    run("fmt", str(spec))
    assert result.stdout == spec.read_text()
    assert result.exit_code == 0


def test_a_file_that_is_no_program_is_told_and_kept(run, spec: Path):
    spec.write_text("res 1 network a { stage }\n")
    result = run("fmt", str(spec))
    assert result.exit_code == 1
    assert "error[syntax-" in result.stderr
    assert spec.read_text() == "res 1 network a { stage }\n"


def test_a_file_that_is_not_there_is_told(run, tmp_path: Path):
    result = run("fmt", str(tmp_path / "none.res"))
    assert result.exit_code == 2
    assert "error[file-unreadable]" in result.stderr
