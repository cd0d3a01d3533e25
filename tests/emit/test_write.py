"""A file is written whole or not at all."""

import os
import stat

import pytest

from resdsl import ToolError
from resdsl.emit.write import write_file


def test_text_is_written_as_it_is_with_plain_line_ends(tmp_path):
    write_file(tmp_path / "a.py", "é\nb\r\n")
    assert (tmp_path / "a.py").read_bytes() == "é\nb\r\n".encode()
    write_file(str(tmp_path / "a.py"), b"\x00\xff")
    assert (tmp_path / "a.py").read_bytes() == b"\x00\xff"
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]


def test_a_new_file_has_the_permissions_of_new_files_and_an_old_one_keeps_its_own(tmp_path):
    mask = os.umask(0o027)
    try:
        write_file(tmp_path / "new", "x")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o755)
    write_file(tmp_path / "new", "y")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o755


def test_a_link_is_followed(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "real")
    write_file(tmp_path / "link", "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "real").read_text() == "x"


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "net.py"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ToolError, match=r"^cannot write `.*net.py`: No space left on device$"):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ToolError, match=r"cannot write `.*nowhere/net.py`: No such file or directory"):
        write_file(tmp_path / "nowhere" / "net.py", "x")


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "net.py").mkdir()
    with pytest.raises(ToolError, match="cannot write"):
        write_file(tmp_path / "net.py", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]


def test_a_name_that_no_file_can_have_is_told(tmp_path):
    for name in ("\ud800.py", "a\0b.py"):
        with pytest.raises(ToolError, match="no file can have this name"):
            write_file(tmp_path / name, "x")
    assert list(tmp_path.iterdir()) == []


def test_whoever_reads_meanwhile_sees_the_old_file(tmp_path):
    path = tmp_path / "net.py"
    write_file(path, "old")
    with path.open() as reader:
        write_file(path, "new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


def test_an_interruption_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "net.py"
    path.write_text("old")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(path, "new")
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path):
    write_file(tmp_path / ("n" * 255), "x")
    assert [path.name for path in tmp_path.iterdir()] == ["n" * 255]
