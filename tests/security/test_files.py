"""Which files are read and written: what the user names, what the spec uses in its folder, nothing through links."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from resdsl.cli.app import cli
from resdsl.compiler import check
from resdsl.diagnostics import Code, ResError
from resdsl.project import project_of

NET = 'res 1\nuse "std.res"\nnetwork net { input 3x32x32  stem conv(3x3, 4) -> bn -> relu }\n'
MENDABLE = "res 1\nnetwork net { input 3x32x32;  stem relu }\n"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stranger's folder, with a link to a file of ours in it."""
    (tmp_path / "ours.res").write_text(MENDABLE)
    specs = tmp_path / "specs"
    (specs / "sub").mkdir(parents=True)
    (specs / "net.res").write_text(NET)
    (specs / "sub" / "link.res").symlink_to(tmp_path / "ours.res")
    monkeypatch.chdir(tmp_path)
    return specs


COMMANDS = [["check"], ["check", "--fix"], ["check", "--diff"], ["fmt"], ["fmt", "--check"], ["fmt", "--diff"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_link_in_a_folder_leads_to_no_file_outside(folder: Path, command: list[str]):
    done = run(*command, "specs")
    assert done.exit_code == 2
    assert (
        "error[file-unreadable]: `specs/sub/link.res` is a link that leads out of `specs`\n"
        " = help: name what it leads to\n"
    ) in done.output
    assert "stem relu" not in done.output
    assert (folder.parent / "ours.res").read_text() == MENDABLE


def test_what_lies_beside_a_link_that_leads_out_is_looked_at_all_the_same(folder: Path):
    (folder / "other.res").write_text(MENDABLE.replace(" net ", " other "))
    done = run("check", "specs")
    assert done.output.endswith("\n2 errors; 2 networks\n")
    assert "other.res:2" in done.output
    run("check", "--fix", "specs")
    assert ";" not in (folder / "other.res").read_text()
    assert run("fmt", "specs").stderr.endswith("\n2 files formatted, 0 left as they are\n")


def test_a_link_to_a_file_within_may_be_used_and_so_may_one_that_is_named(folder: Path):
    assert run("check", "specs/sub/link.res").exit_code == 1
    (folder / "sub" / "link.res").unlink()
    (folder / "sub" / "link.res").symlink_to(folder / "net.res")
    assert run("check", "specs").exit_code == 0


def test_a_folder_that_links_to_itself_is_read_once(folder: Path):
    (folder / "sub" / "link.res").unlink()
    (folder / "sub" / "again").symlink_to(folder)
    assert run("check", "specs").output.endswith("1 network\n")


@pytest.mark.parametrize("form", ["svg", "html"])
def test_a_name_that_the_spec_chose_replaces_nothing_through_a_link(folder: Path, form: str):
    """`net.svg`, which a stranger made a link to a file of ours."""
    ours = folder.parent / "ours.txt"
    for target in (ours, folder.parent / "not_yet.txt"):
        ours.write_text("ours")
        (folder / f"net.{form}").unlink(missing_ok=True)
        (folder / f"net.{form}").symlink_to(target)
        done = run("draw", "specs/net.res", "--format", form)
        assert done.exit_code == 2
        assert "is a link; name the file with -o" in done.output
        assert ours.read_text() == "ours"
        assert not (folder.parent / "not_yet.txt").exists()


def test_build_and_new_do_not_write_through_a_link_either(folder: Path):
    import click

    from resdsl.cli.build import _target
    from resdsl.compiler import load

    (folder / "net.py").symlink_to(folder.parent / "ours.py")
    with pytest.raises(click.UsageError, match="is a link; name the file with -o"):
        _target("specs/net.res", load("specs/net.res"), None)
    Path("fresh.res").symlink_to(folder.parent / "elsewhere.res")
    done = run("new", "fresh", "--from", "resnet20")
    assert done.exit_code == 3
    assert "`fresh.res` is there already" in done.output
    assert not (folder.parent / "elsewhere.res").exists()


def test_a_pipe_or_device_is_not_waited_for(folder: Path):
    os.mkfifo(folder / "pipe.res")
    os.mkfifo(folder / "pyproject.toml")  # the settings of a project are looked for there
    (folder / "sub" / "link.res").unlink()
    for path in ("specs/pipe.res", "/dev/zero", "/dev/stdin", "/proc/self/fd/0"):
        assert [d.code for d in check(Path(path)).diagnostics] == [Code.FILE_UNREADABLE], path
    assert run("check", "specs").exit_code == 0


def test_a_file_that_says_that_it_is_empty_is_read_no_further_than_a_file_may_be():
    """`/proc` is full of files without a size; one of these is endless."""
    found = check(Path("/proc/self/maps")).diagnostics
    assert found
    assert all(d.code is not Code.LIMIT_SOURCE for d in found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"[tool.resdsl]\nallow = {'[' * 50_000}", "is nested more deeply than settings are"),
        (f"[tool.resdsl]\nallow = {'9' * 10_000}", "is no TOML"),
        ("[tool.resdsl\n", "is no TOML"),
        (f"[tool.resdsl]\n#{'a' * 2**20}", "bytes; it may have 1,048,576"),
        ("[tool.resdsl]\nallow = ['\ud83d']", "cannot be read"),
    ],
    ids=["nested", "number", "open", "large", "no text"],
)
def test_settings_of_a_stranger_are_told_of_and_do_no_harm(tmp_path: Path, text: str, message: str):
    (tmp_path / "pyproject.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ResError, match=message) as caught:
        project_of(tmp_path / "net.res")
    assert len(str(caught.value)) < 1000


def test_settings_of_nothing_but_empty_lines_take_no_time(tmp_path: Path):
    (tmp_path / "pyproject.toml").write_text("\n" * 1_000_000)
    assert project_of(tmp_path / "net.res").allow == frozenset()
