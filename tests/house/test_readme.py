"""What README.md shows is what one gets: its commands and its Python are run, its specs are checked.

`pytest tests/house/test_readme.py --update` writes the outputs of its commands, and the text of its examples, anew.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from resdsl import fmt
from resdsl.compiler import read

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIME = re.compile(r" +\d+\.\d\d s$", re.MULTILINE)
COMPILED = re.compile(r"^  \d+ (compiled|from the cache) in .*\((cold|warm)\)$", re.MULTILINE)
APART = re.compile(r"differ by \S+ of the largest")
LIBRARY = re.compile(r"^\d+ networks, \d+ expectations hold$", re.MULTILINE)  # it grows


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(README.read_text(encoding="utf-8")) if kind == language]


@pytest.fixture
def reader(tmp_path: Path):
    """Runs a command as a reader would who stands in the checkout; what it writes goes elsewhere."""
    for folder in ("specs", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    command = tmp_path / "bin" / "resdsl"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m resdsl "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    environment = os.environ | {
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
    }

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return run


def test_commands_print_what_the_readme_shows(reader, update: bool):
    text = README.read_text(encoding="utf-8")
    written = text
    for block in blocks("console"):
        shown = "".join(
            f"$ {command}\n{_output(reader('bash', '-c', command).stdout)}"
            for command in re.findall(r"^\$ (.*)$", block, re.MULTILINE)
        )
        if _lasting(shown) != _lasting(block):
            written = written.replace(f"```console\n{block}```", f"```console\n{shown}```")
    if update:
        README.write_text(written, encoding="utf-8")
        return
    assert text.splitlines() == written.splitlines()


def _lasting(text: str) -> str:
    """The text without what differs from machine to machine and day to day."""
    lasting = COMPILED.sub("  COMPILED", TIME.sub(" TIME", text))
    return APART.sub("differ by LITTLE", LIBRARY.sub("all hold", lasting))


def _output(text: str) -> str:
    """Without the notes about stages that take longer on a slow machine, and blank lines at the ends."""
    kept = "\n".join(line for line in text.splitlines() if not line.endswith(" …"))
    return kept.strip("\n") + "\n" if kept.strip() else ""


def test_its_python_runs(reader):
    done = reader(sys.executable, "-c", "\n".join(blocks("python")))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("number", range(len(blocks("res"))))
def test_its_specs_are_what_they_say(number: int):
    checked = read(blocks("res")[number]).check()
    assert checked.diagnostics == ()
    assert checked.networks


def test_its_specs_stand_in_the_one_layout():
    assert [block for block in blocks("res") if fmt(block) != block] == []


def test_its_examples_are_the_files_that_it_names(update: bool):
    text = README.read_text(encoding="utf-8")
    named = re.findall(r"`(examples/\w+\.res)`:\n\n```res\n(.*?)```", text, re.DOTALL)
    assert [name for name, _ in named] == ["examples/wide_ror.res", "examples/first_block.res"]
    for name, shown in named:
        content = (ROOT / name).read_text(encoding="utf-8")
        if update:
            text = text.replace(f"`{name}`:\n\n```res\n{shown}```", f"`{name}`:\n\n```res\n{content}```")
            README.write_text(text, encoding="utf-8")
        else:
            assert shown == content


def test_every_file_that_it_links_is_there():
    links = re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_two_commands_that_it_begins_with_are_found_by_ci():
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 2
    assert all(line.startswith("python3 -m venv .venv && ") and "-c constraints.txt" in line for line in commands)
    assert "resdsl build specs/resnet152.res" in commands[0]
    assert ".[test]" in commands[1]
    assert "pytest" in commands[1]
