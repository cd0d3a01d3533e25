"""`check --fix` makes the changes that messages are sure of, proves that nothing else changes, and then has no more."""

import random
import stat
from pathlib import Path

import pytest

from resdsl.cli.line_ends import with_line_ends
from resdsl.cli.mend import mend
from resdsl.compiler import read_recovering
from resdsl.diagnostics import ResError
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.ir.digest import digest
from resdsl.source import Source
from tests.elaborate.test_mutations import SOURCES, change, changed

HERE = Path(__file__).resolve().parent
BAD = sorted((HERE.parent / "cases" / "bad").glob("*.res"))

BROKEN = """\
use "std.res"

network net(depth: int = 20) {
  let n=(dept - 2) / 6;
  input 3 x 32 x 32
  stem  conv(3x3, 16) → bn -> relu   # →
  stage s1: bassic(16) * n
  stage s2 /2 : basic(32) x n
  head global_avgpool -> linear(10)
  shortcut identity else zero_pad
}
"""

MENDED = """\
res 1
use "std.res"

network net(depth: int = 20) {
  let n=(depth - 2) / 6
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu   # →
  stage s1: basic(16) * n
  stage s2 /2 : basic(32) * n
  head global_avgpool -> linear(10)
  shortcut identity else zero_pad
}
"""

GUESSED = MENDED.replace("else zero_pad", "").replace("basic(32)", "residual(32)")
"""A shortcut that cannot be, mended in two ways; a block with a name that is near to none."""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "net.res"
    path.write_text(BROKEN, encoding="utf-8")
    return path


def test_fix_mends_the_file_and_leaves_the_rest_of_it_alone(run, file: Path):
    result = run("check", "net.res", "--fix")
    assert file.read_text(encoding="utf-8") == MENDED
    assert (result.exit_code, result.stdout, result.stderr) == (0, "1 network\n", "7 mistakes mended in 1 file\n")


def test_fixing_again_changes_nothing(run, file: Path):
    run("check", "net.res", "--fix")
    before = file.stat()
    result = run("check", "net.res", "--fix")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "1 network\n", "")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_diff_writes_nothing_and_shows_what_fix_would_change(run, file: Path):
    result = run("check", "net.res", "--diff")
    assert file.read_text(encoding="utf-8") == BROKEN
    assert result.exit_code == 1
    assert result.stdout.startswith("--- net.res\n+++ net.res (mended)\n@@ -1,11 +1,12 @@\n+res 1\n")
    assert "-  let n=(dept - 2) / 6;\n" in result.stdout
    assert "+  let n=(depth - 2) / 6\n" in result.stdout
    assert result.stderr == "7 mistakes can be mended in 1 file\n"
    file.write_text(MENDED, encoding="utf-8")
    assert (run("check", "net.res", "--diff").stdout, run("check", "net.res", "--diff").exit_code) == ("", 0)


def test_what_can_be_mended_in_several_ways_is_left_to_the_author(run, file: Path):
    file.write_text(GUESSED, encoding="utf-8")
    result = run("check", "net.res", "--fix")
    assert result.exit_code == 1
    assert file.read_text(encoding="utf-8") == GUESSED
    assert "there is no block named `residual`" in result.stderr or "error[" in result.stderr


def test_standard_input_is_mended_to_standard_output(run):
    result = run("check", "-", "--fix", input=BROKEN)
    assert (result.exit_code, result.stdout, result.stderr) == (0, MENDED, "")
    result = run("check", "-", "--diff", input=BROKEN)
    assert result.stdout.startswith("--- <stdin>\n+++ <stdin> (mended)\n")


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("specs", [["resnet152"], ["res 1 network a { input 3x8x8 }"], ["-", "net.res"]])
def test_what_is_no_file_cannot_be_mended(run, specs: list[str]):
    result = run("check", *specs, "--fix", input="")
    assert result.exit_code == 2
    assert "mended" in result.stderr


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize("option", [["--watch"], ["-p", "depth=14"], ["-n", "net"]])
def test_options_that_say_another_thing_are_refused(run, option: list[str]):
    result = run("check", "net.res", "--fix", *option)
    assert result.exit_code == 2
    assert "do not go together" in result.stderr


def test_every_file_of_a_folder_is_mended_also_where_one_uses_the_other(run, tmp_path: Path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "base.res").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "mine.res").write_text(
        'res 1\nuse "parts\\\\base.res"\nnetwork mine = net(depht = 14) { drop shortcut }'
    )
    assert run("check", str(tmp_path), "--diff").stderr == "9 mistakes can be mended in 2 files\n"
    result = run("check", str(tmp_path), "--fix")
    assert (result.exit_code, result.stdout) == (0, "2 networks\n"), result.stderr
    assert result.stderr == "9 mistakes mended in 2 files\n"
    assert "net(depth = 14)" in (tmp_path / "mine.res").read_text()


def test_line_ends_permissions_and_links_stay_as_they_are(run, file: Path, tmp_path: Path):
    file.write_bytes(BROKEN.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    link = tmp_path / "link.res"
    link.symlink_to(file)
    run("check", "link.res", "--fix")
    assert file.read_bytes() == MENDED.replace("\n", "\r\n").encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.res", "net.res"]


def test_mixed_line_ends_stay_where_nothing_changes():
    raw = "a\r\nb\nc\r\nd\r\ne"
    assert with_line_ends("a\nb\nX\nY\nd\ne", raw) == "a\r\nb\nX\r\nY\r\nd\r\ne"
    assert with_line_ends("a\nb\nc\nd\nf", raw) == "a\r\nb\nc\r\nd\r\nf"


def test_a_file_that_cannot_be_written_keeps_its_text(run, file: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    result = run("check", "net.res", "--fix")
    assert result.exit_code != 0
    assert "cannot write `net.res`: No space left on device" in result.stderr
    assert file.read_text(encoding="utf-8") == BROKEN


# ---------------------------------------------------------------- every wrong program of the corpus


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_mended_program_cannot_be_mended_further_and_what_was_sound_is_what_it_was(path: Path, monkeypatch):
    monkeypatch.chdir(path.parent)
    loader = Loader(Problems())
    source = Source(path.name, path.read_bytes().decode("utf-8", "surrogatepass"), path)
    try:
        before = read_recovering(source, loader=loader)
    except ResError:
        return  # there is no text to be had
    checked = before.check()
    mended = mend(source, loader)
    again = mend(Source(path.name, mended.text, path), loader)
    assert (again.text, again.n_fixes) == (mended.text, 0)
    assert (mended.text == source.text) == (mended.n_fixes == 0)
    after = read_recovering(Source(path.name, mended.text, path), loader=loader)
    for name in checked.networks:
        assert digest(after.graph(name)) == digest(before.graph(name))
    n_errors = [sum(d.severity == "error" for d in one.diagnostics) for one in (checked, mended.checked)]
    here = before.module.source
    sure = (d for d in checked.diagnostics if d.fixes and d.fixes[0].sure and d.fixes[0].span.source is here)
    told = {(d.code, d.message) for d in sure}
    still = {(d.code, d.message) for d in mended.checked.diagnostics}
    assert not told & still or n_errors[1] < n_errors[0]


@pytest.mark.no_cover
def test_whatever_is_changed_in_a_spec_mending_ends_and_mends_all_that_it_can():
    """200 specs in which a token is left out, doubled or replaced."""
    chance = random.Random(11)
    loader = Loader(Problems())
    n_mended = 0
    for _ in range(200):
        place = chance.randrange(len(SOURCES))
        source = changed(place, [change(chance, place)])
        mended = mend(source, loader)
        again = mend(Source(source.name, mended.text, source.path), loader)
        assert (again.text, again.n_fixes) == (mended.text, 0), source.text
        n_mended += mended.n_fixes > 0
    assert n_mended > 20


def test_a_change_that_would_change_a_sound_network_is_not_made(monkeypatch: pytest.MonkeyPatch):
    """As if a message were sure that the other network should have another width."""
    from resdsl.cli import mend as mending
    from resdsl.diagnostics import Fix
    from resdsl.source import Span

    text = MENDED.replace("basic(32)", "bassic(32)") + "\nnetwork sound { input 3x8x8 stem conv(3x3, 16) }\n"

    def sure(diagnostics, source):
        place = source.text.rindex("16)")
        wrong = Fix(Span(source, place, place + 2), "32")
        return (*(fix for d in diagnostics for fix in d.fixes), *([wrong] if "bassic" in source.text else []))

    monkeypatch.setattr(mending, "sure_fixes", sure)
    mended = mend(Source("a.res", text), Loader(Problems()))
    assert mended.text == text.replace("bassic", "basic")
    assert mended.n_fixes == 1


@pytest.mark.parametrize(
    ("codes", "kept"),
    [
        ("name-unused, survive-never", "# resdsl: allow(name-unused)"),
        ("survive-never, name-unused", "# resdsl: allow(name-unused)"),
        ("survive-never,name-unused,shape-loses", "# resdsl: allow(name-unused)"),
        ("survive-never", ""),
    ],
)
def test_of_codes_that_a_comment_allows_those_of_which_nothing_warns_are_taken_out(codes: str, kept: str):
    parameters = "(classes = 10)" if kept else ""
    text = f"res 1\n\nnetwork net{parameters} {{ # resdsl: allow({codes})\n  input 3x8x8\n  stem  conv(3x3, 4)\n}}\n"
    mended = mend(Source("net.res", text), Loader(Problems()))
    assert mended.text == text.replace(f" # resdsl: allow({codes})", f" {kept}" if kept else "")
    assert not read_recovering(Source("net.res", mended.text)).check().diagnostics
