"""Files that cannot be read or written: the one that was there stands as it was, and nothing lies beside it."""

from pathlib import Path

import pytest

from tests.failure.conftest import SPEC

TO_MEND = {"fmt": SPEC.replace("->", "  ->"), "check --fix": f"# resdsl: allow(shape-loses)\n{SPEC}"}

WRITERS = {
    "fmt": (["fmt", "net.res"], "net.res"),
    "check --fix": (["check", "--fix", "net.res"], "net.res"),
    "new": (["new", "other", "--from", "resnet18", "-o", "old.res", "--force"], "old.res"),
    "draw": (["draw", "net.res", "-o", "old.svg"], "old.svg"),
    "draw png": (["draw", "net.res", "-o", "old.png"], "old.png"),
}
HEAVY = {
    "build": (["build", "net.res", "--no-compile"], "net.py"),
    "build json": (["build", "net.res", "-o", "old.json"], "old.json"),
    "build weights": (["build", "net.res", "-o", "old.safetensors"], "old.safetensors"),
    "build pth": (["build", "net.res", "-o", "old.pth"], "old.pth"),
    "build onnx": (["build", "net.res", "-o", "old.onnx"], "old.onnx"),
    "bench": (
        ["bench", "net.res", "--rounds", "1", "--task", "eval", "--ways", "eager", "--json", "old.json"],
        "old.json",
    ),
}
CASES = [*WRITERS.items(), *(pytest.param(*case, marks=pytest.mark.slow) for case in HEAVY.items())]


def contents(folder: Path) -> dict[str, bytes]:
    """What each file of a folder holds."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def prepare(folder: Path, verb: str, target: str) -> None:
    """A folder with the spec, and an old result where the new one goes."""
    (folder / "net.res").write_text(TO_MEND.get(verb, SPEC), encoding="utf-8")
    if target != "net.res":
        (folder / target).write_text("# resdsl emits: what was there before", encoding="utf-8")


@pytest.mark.parametrize(("verb", "case"), CASES)
def test_a_disk_that_is_full_in_the_middle_of_a_file_leaves_the_old_one(run, tmp_path, verb, case):
    arguments, target = case
    prepare(tmp_path, verb, target)
    before = contents(tmp_path)
    code, _, err = run(*arguments, largest_file=8, PYTHONDONTWRITEBYTECODE="1")
    assert (code, err.splitlines()[-1]) == (3, f"error: cannot write `{target}`: File too large")
    assert contents(tmp_path) == before


@pytest.mark.parametrize("verb", ["new", "draw"])
def test_a_folder_in_the_place_of_a_result_is_told(run, spec, verb):
    arguments, target = WRITERS[verb]
    (spec.parent / target).mkdir()
    code, _, err = run(*arguments)
    assert (code, err) == (3, f"error: cannot write `{target}`: Is a directory\n")
    assert sorted(path.name for path in spec.parent.iterdir()) == sorted(["net.res", target])


def test_what_is_no_file_is_told_by_what_it_is(run, tmp_path):
    (tmp_path / "folder.res").mkdir()
    (tmp_path / "loop.res").symlink_to("loop.res")
    (tmp_path / "lost.res").symlink_to("nowhere.res")
    for name, what in (
        ("folder.res", "a folder, not a file"),
        ("loop.res", "a link that leads to no file"),
        ("lost.res", "a link that leads to no file"),
    ):
        assert run("show", name) == (2, "", f"error[file-unreadable]: `{name}` is {what}\n\n")


def test_a_broken_picture_renderer_is_told_with_the_way_out(run, spec):
    (spec.parent / "resvg_py.py").write_text("raise ImportError('not on this machine')\n", encoding="utf-8")
    code, _, err = run("draw", "net.res", "-o", "net.png", PYTHONPATH=f"{spec.parent}:{Path(__file__).parents[2]}")
    assert code == 3
    assert err == "error: PNG needs the package `resvg-py` (`pip install resvg-py`); .svg and .pdf need nothing\n"
    assert not (spec.parent / "net.png").exists()
