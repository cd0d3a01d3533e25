"""What `use` may read: the thirteen ways out of a folder, none of which leads out."""

import os
from pathlib import Path

import pytest

from resdsl.compiler import check, read_recovering
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.source import Source

PART = "res 1\nblock part(width) { residual conv(3x3, width) }\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of specs, with a secret beside it, and links that lead there."""
    specs = tmp_path / "specs"
    (specs / "sub").mkdir(parents=True)
    (tmp_path / "specs-evil").mkdir()
    for path in ("secret.res", "specs-evil/part.res", "specs/part.res", "specs/sub/part.res"):
        (tmp_path / path).write_text(PART)
    (specs / "link.res").symlink_to(tmp_path / "secret.res")
    (specs / "out").symlink_to(tmp_path)
    (specs / "device.res").symlink_to("/dev/zero")
    (specs / "folder.res").mkdir()
    (specs / "circle.res").symlink_to("circle.res")
    os.mkfifo(specs / "pipe.res")
    return specs


def told(folder: Path, used: str, where: str = "net.res") -> list[str]:
    path = folder / where
    written = used.replace("\\", "\\\\")
    path.write_text(f'res 1\nuse "{written}"\nnetwork net {{ input 3x8x8  stem conv(3x3, 4) }}\n')
    return [diagnostic.code.value for diagnostic in read_recovering(path).check().diagnostics]


@pytest.mark.parametrize(
    "used",
    [
        "../secret.res",
        "sub/../../secret.res",
        "/etc/passwd",
        "/etc/hostname.res",
        "link.res",
        "out/secret.res",
        "device.res",
        "../specs-evil/part.res",
        "~/secret.res",
        "%2e%2e/secret.res",
        "sub\\..\\..\\secret.res",
        "C:/secret.res",
        "//server/share/secret.res",
    ],
)
def test_there_is_no_way_out(folder: Path, used: str):
    assert told(folder, used) == ["use-outside"]


@pytest.mark.parametrize("used", ["part.res", "sub/part.res", "./part.res", "sub/../part.res", "std.res"])
def test_what_lies_within_may_be_used(folder: Path, used: str):
    assert told(folder, used) == []


@pytest.mark.parametrize("used", ["folder.res", "pipe.res", "circle.res", "nothing.res"])
def test_what_is_no_file_is_not_waited_for(folder: Path, used: str):
    assert told(folder, used) == ["use-missing"]


@pytest.mark.parametrize("used", ["part.py", "part", "", "https://example.org/part.res"])
def test_only_spec_files_are_read(folder: Path, used: str):
    assert told(folder, used) == ["use-outside"]


def test_half_a_character_names_no_file(folder: Path):
    for text in ('res 1\nuse "\ud800.res"\n', 'res 1\nuse "a/\udcff.res"\nuse "part.res"\n'):
        found = read_recovering(Source("net.res", text, folder / "net.res")).check().diagnostics
        assert [d.code.value for d in found] == ["use-missing", "syntax-character"]
    for path in (folder / "\ud800.res", folder / "a\0b.res", folder / "circle.res"):
        assert [d.code.value for d in check(path).diagnostics] == ["file-unreadable"]


def test_whether_a_file_outside_exists_cannot_be_seen(folder: Path):
    assert told(folder, "../secret.res") == told(folder, "../no_such_file.res")


def test_a_file_whose_name_is_too_long_for_a_disk_is_not_there(folder: Path):
    assert told(folder, "x" * 300 + ".res") == told(folder, "no_such_file.res")


def test_a_caller_may_allow_another_folder(folder: Path):
    path = folder / "net.res"
    path.write_text('res 1\nuse "secret.res"\nnetwork net { input 3x8x8  stem conv(3x3, 4) }\n')
    loader = Loader(Problems(), roots=(folder.parent,))
    assert read_recovering(path, loader=loader).check().diagnostics == ()


def test_a_file_below_may_use_one_of_the_programs_folder(folder: Path):
    (folder / "sub" / "nested.res").write_text('res 1\nuse "../part.res"\n')
    assert told(folder, "sub/nested.res") == []


def test_a_used_file_is_read_once_and_means_the_same(folder: Path):
    (folder / "a.res").write_text('res 1\nuse "part.res"\n')
    (folder / "b.res").write_text('res 1\nuse "part.res"\nuse "a.res"\n')
    assert told(folder, "b.res") == []


def test_files_of_one_loader_do_not_add_up(folder: Path):
    loader = Loader(Problems())
    paths = [folder / f"large{n}.res" for n in range(6)]
    for path in paths:
        path.write_text("res 1\n" + "# 200 KB of nothing\n" * 10_000)
        assert read_recovering(path, loader=loader).check().diagnostics == ()
