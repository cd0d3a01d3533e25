"""Results are written whole or not at all."""

import os
from pathlib import Path

import pytest

from resdsl.cli.files import write_result
from resdsl.diagnostics import ToolError


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text("old")
    return path


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_is_replaced_and_nothing_is_left_beside_it(target: Path):
    write_result(str(target), "new\n")
    assert target.read_bytes() == b"new\n"
    assert names(target.parent) == ["net.py"]


def test_a_replaced_file_keeps_its_mode(target: Path):
    target.chmod(0o640)
    write_result(str(target), b"new")
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_failed_write_leaves_the_old_file_and_nothing_else(target: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ToolError, match="No space left on device"):
        write_result(str(target), "new")
    assert target.read_text() == "old"
    assert names(target.parent) == ["net.py"]


def test_a_missing_folder_is_an_error_that_names_the_path(tmp_path: Path):
    with pytest.raises(ToolError, match="nowhere"):
        write_result(str(tmp_path / "nowhere" / "net.py"), "new")
