"""What differs between two networks is told once, in the language's words."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from resdsl.analysis.diff import diff
from resdsl.cli.app import cli
from resdsl.compiler import load
from resdsl.emit.draw import draw
from resdsl.ir.graph import Graph

SPEC = """res 1
use "std.res"
network net(n = 4) {
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  stage s1    : basic(16) * n
  stage s2 /2 : basic(32) * n
  head  global_avgpool -> linear(10)
  shortcut identity else zero_pad
}
"""

HEAD = "global_avgpool -> flatten -> linear"
CHANGES = {  # name: (what is replaced, by what), what is told
    "a link more": (
        ("shortcut identity", "link root over all via conv_shortcut\n  shortcut identity"),
        ["+ link root: over s1..s2 via conv_shortcut"],
    ),
    "blocks more": (("basic(32) * n", "basic(32) * (n + 2)"), ["+ s2[5..6]: basic(32) via identity * 2"]),
    "blocks less": (("basic(16) * n", "basic(16) * 3"), ["- s1[4]: basic(16) via identity"]),
    "another kind": (
        ("else zero_pad", "else projection"),
        ["~ s2[1]: basic(32, stride = 2) via zero_pad → basic(32, stride = 2) via projection"],
    ),
    "another head": (("linear(10)", "linear(100)"), [f"~ head: {HEAD}(10) → {HEAD}(100)"]),
    "survival": (
        ("shortcut identity", "survive linear(0.5)\n  shortcut identity"),
        ["+ survival: linear(0.5), per = batch, rescale = eval"],
    ),
    "a tap": (("shortcut identity", "tap s1\n  shortcut identity"), ["+ tap: s1"]),
    "a stage more": (
        ("head ", "stage s3 /2 : basic(64) * 2\n  head "),
        [
            "+ s3[1..2]: basic(64, stride = 2) via zero_pad + basic(64) via identity",
            f"~ head: 32x16x16 -> {HEAD}(10) → 64x8x8 -> {HEAD}(10)",
        ],
    ),
}


def changed(old: str, new: str) -> Graph:
    assert old in SPEC
    return load(SPEC.replace(old, new))


def test_a_network_and_itself_do_not_differ() -> None:
    found = diff(load(SPEC), load(SPEC.replace("basic(16) * n", "basic(16) + basic(16) * (n - 1)")))
    assert found.is_empty
    assert found.changes == ()


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_told_once(name: str) -> None:
    (old, new), told = CHANGES[name]
    found = [str(change) for change in diff(load(SPEC), changed(old, new)).changes]
    assert found == told


@pytest.mark.parametrize("name", CHANGES)
def test_what_comes_one_way_goes_the_other(name: str) -> None:
    (old, new), _ = CHANGES[name]
    there, back = diff(load(SPEC), changed(old, new)), diff(changed(old, new), load(SPEC))
    turned = {"+": "-", "-": "+", "~": "~"}
    assert sorted(change.mark for change in there.changes) == sorted(turned[change.mark] for change in back.changes)
    assert there.params == back.params[::-1]


def test_cost_is_that_of_both() -> None:
    found = diff(load("resnet110"), load("ror3_110"))
    assert found.params == (1_727_962, 1_731_802)  # He et al. 2016 (110-A) and Zhang et al. 2016, counted independently


def test_the_command_tells_and_ends_with_1_where_networks_differ() -> None:
    same = CliRunner().invoke(cli, ["diff", "ror3", "ror3"])
    other = CliRunner().invoke(cli, ["diff", "resnet110", "ror3_110"])
    assert (same.exit_code, other.exit_code) == (0, 1)
    assert "no difference" in same.output
    assert "+ link root: over s1..s3 via conv_shortcut" in other.output
    assert "params: 1,727,962 → 1,731,802 (+3,840)" in other.output


def test_the_command_gives_json() -> None:
    done = CliRunner().invoke(cli, ["diff", "resnet110", "ror3_110", "--format", "json"])
    found = json.loads(done.output)
    assert found["params"] == [1_727_962, 1_731_802]
    assert {change["mark"] for change in found["changes"]} == {"+"}
    assert len(found["changes"]) == 4


def test_the_picture_dims_what_is_the_same_and_marks_what_is_not() -> None:
    scene = draw([load(SPEC), changed("else zero_pad", "else projection")], "diff").scene
    faded = {group.key: group.faded for group in scene.groups() if group.key.startswith(("1:", "2:"))}
    assert not faded["1:s2.1"]
    assert not faded["2:s2.1"]
    assert faded["1:s1.1-4"]
    assert faded["2:head"]
    signs = [item for group in scene.groups() if group.key == "2:s2.1" for item in group.items]
    assert any(getattr(item, "text", "") == "~" for item in signs)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A git repository in which one file of specs uses another; the user's own settings are left out."""
    (tmp_path / "blocks.res").write_text(SPEC.replace("network net", "network other"), encoding="utf-8")
    (tmp_path / "mine.res").write_text('res 1 use "blocks.res" network mine = other() {}', encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "first")
    return tmp_path


def git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("git")
    if program is None:
        pytest.skip("NOT TESTED WITH GIT: apt-get install git")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "NO_COLOR": "1"}
    command = [program, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def difftool(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return git(folder, "difftool", "-y", *options, "-x", f"'{sys.executable}' -m resdsl diff")


def test_git_shows_what_changed_in_a_network_and_finds_what_its_file_uses(repository: Path) -> None:
    (repository / "mine.res").write_text(
        'res 1 use "std.res" use "blocks.res" network mine = other() { survive linear(0.5) }', encoding="utf-8"
    )
    done = difftool(repository)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "+ survival: linear(0.5), per = batch, rescale = eval\n  weights: all survive\n"
    assert difftool(repository, "--trust-exit-code").returncode != 0


def test_git_shows_no_difference_where_only_the_text_changed(repository: Path) -> None:
    (repository / "mine.res").write_text('# new\nres 1 use "blocks.res"\nnetwork mine = other() {}', encoding="utf-8")
    done = difftool(repository, "--trust-exit-code")
    assert (done.returncode, done.stdout) == (0, "mine: no difference\n")


def test_git_shows_a_network_that_is_new(repository: Path) -> None:
    (repository / "new.res").write_text('res 1 use "blocks.res" network new = other() {}', encoding="utf-8")
    git(repository, "add", "-N", "new.res")
    done = difftool(repository)
    assert (done.stdout.splitlines()[0], done.stderr) == ("+ network new", "")
