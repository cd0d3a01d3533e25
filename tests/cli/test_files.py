"""Results are written whole or not at all."""

import os
from pathlib import Path

import pytest

from resdsl.cli.files import write_file


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path):
    target = tmp_path / "net.py"
    target.write_text("old")
    write_file(target, "new\n")
    assert target.read_bytes() == b"new\n"
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]


def test_a_replaced_file_keeps_its_mode(tmp_path: Path):
    target = tmp_path / "net.py"
    target.write_text("old")
    target.chmod(0o640)
    write_file(target, b"new")
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    target = tmp_path / "net.py"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_file(target, "new")
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]


def test_a_missing_folder_is_an_error_that_names_the_path(tmp_path: Path):
    with pytest.raises(FileNotFoundError) as raised:
        write_file(tmp_path / "nowhere" / "net.py", "new")
    assert "nowhere" in str(raised.value)
