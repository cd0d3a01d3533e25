"""`resdsl check` finds what is wrong, counts what holds, and says so by its exit code."""

from pathlib import Path

import pytest

GOOD = """
res 1
use "std.res"
network tiny(depth: int = 8, classes: int = 10) {
  let n = (depth - 2) / 6
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  stage s1    : basic(16) * n
  stage s2 /2 : basic(32) * n
  stage s3 /2 : basic(64) * n
  head  global_avgpool -> linear(classes)
  shortcut identity else zero_pad
  expect depth = 8
  expect output = 10
  expect depth(depth = 20) = 20
}
"""
FALSE = GOOD.replace("expect depth = 8", "expect depth = 9")
BROKEN = GOOD.replace("basic(32)", "basik(32)")
WARNED = GOOD.replace("classes: int = 10", "classes: int = 10, spare: int = 3")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "a.res").write_text(GOOD)
    (tmp_path / "deep" / "er" / "b.resdsl").write_text(GOOD)
    (tmp_path / "notes.txt").write_text("not a spec")
    return tmp_path


def test_a_sound_file_is_told_in_one_line(run, folder: Path):
    result = run("check", str(folder / "a.res"))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "1 network, 3 expectations hold\n", "")


def test_a_folder_stands_for_all_the_specs_below_it(run, folder: Path):
    assert run("check", str(folder)).stdout == "2 networks, 6 expectations hold\n"


def test_a_folder_without_specs_is_a_wrong_command(run, tmp_path: Path):
    result = run("check", str(tmp_path))
    assert result.exit_code == 2
    assert "no .res file in" in result.stderr


def test_a_false_expectation_is_a_finding(run, folder: Path):
    (folder / "a.res").write_text(FALSE)
    result = run("check", str(folder))
    assert result.exit_code == 1
    assert result.stdout == "1 error; 2 networks, 5 expectations hold\n"
    assert "error[expect-fails]: `depth` is 8, expected 9" in result.stderr
    assert "a.res:13:3" in result.stderr


def test_mistakes_of_several_files_are_told_together(run, folder: Path):
    (folder / "a.res").write_text(FALSE)
    (folder / "deep" / "er" / "b.resdsl").write_text(BROKEN)
    result = run("check", str(folder))
    assert result.exit_code == 1
    assert result.stderr.count("error[") == 2
    assert "did you mean `basic`?" in result.stderr


def test_a_mistake_in_a_file_that_two_files_use_is_told_once(run, tmp_path: Path):
    (tmp_path / "shared.res").write_text(BROKEN)
    for name in ("a", "b"):
        (tmp_path / f"{name}.res").write_text(f'res 1\nuse "shared.res"\nnetwork {name} = tiny(depth = 14)\n')
    result = run("check", str(tmp_path))
    assert result.stderr.count("error[name-unknown]") == 1


def test_a_warning_alone_leaves_the_exit_code_at_0(run, tmp_path: Path):
    (tmp_path / "a.res").write_text(WARNED)
    result = run("check", str(tmp_path / "a.res"))
    assert result.exit_code == 0
    assert result.stdout == "1 warning; 1 network, 3 expectations hold\n"
    assert "warning[name-unused]" in result.stderr
    assert "`spare`" in result.stderr


def test_standard_input_is_checked_under_its_own_name(run):
    result = run("check", "-", input=FALSE)
    assert result.exit_code == 1
    assert "--> <stdin>:13:3" in result.stderr


def test_empty_standard_input_is_a_file_without_an_edition(run):
    result = run("check", "-", input="")
    assert result.exit_code == 1
    assert "error[syntax-edition]" in result.stderr


def test_the_text_of_a_spec_may_stand_in_the_command(run):
    assert run("check", " ".join(GOOD.split())).stdout == "1 network, 3 expectations hold\n"


def test_a_network_of_the_library_is_checked_by_its_name(run):
    result = run("check", "resnet152")
    assert result.exit_code == 0
    assert result.stdout.startswith("1 network, ")


def test_parameters_are_tried_without_the_expectations_of_the_defaults(run, folder: Path):
    result = run("check", str(folder / "a.res"), "-p", "depth=14")
    assert (result.exit_code, result.stdout) == (0, "1 network\n")


def test_parameters_that_the_spec_refuses_are_findings_at_its_line(run, folder: Path):
    result = run("check", str(folder / "a.res"), "-p", "depth=9")
    assert result.exit_code == 1
    assert "error[value-division]" in result.stderr
    assert "let n = (depth - 2) / 6" in result.stderr


def test_a_misspelled_file_is_a_wrong_command_with_the_nearest_name(run, folder: Path, monkeypatch):
    monkeypatch.chdir(folder)
    result = run("check", "aa.res")
    assert result.exit_code == 2
    assert "did you mean `a.res`?" in result.stderr


def test_a_misspelled_library_name_is_a_wrong_command_with_the_nearest_name(run):
    result = run("check", "resnet125")
    assert result.exit_code == 2
    assert "did you mean `resnet152`?" in result.stderr


def test_nothing_to_check_is_a_wrong_command(run):
    assert run("check").exit_code == 2
