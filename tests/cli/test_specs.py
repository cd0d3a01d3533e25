"""What a SPEC on the command line may be: a path is one whatever it looks like, and nothing is no path."""

from pathlib import Path

import pytest

NET = "res 1\nnetwork net { input 3x8x8  stem conv(3x3, 4) }\n"


@pytest.mark.parametrize("name", ["a\nb", "{a}", "# a", "res 1"])
def test_a_folder_may_be_called_as_a_text_might_begin(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir()
    Path(name, "net.res").write_text(NET)
    for spec in (name, f"{name}/net.res"):
        assert run("check", spec).stdout == "1 network\n"
    assert run("show", f"{name}/net.res").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", ""],
        ["check", "net.res", ""],
        ["fmt", ""],
        ["show", ""],
        ["build", ""],
        ["keys", ""],
        ["plan", ""],
        ["draw", ""],
        ["bench", ""],
        ["diff", "net.res", ""],
        ["convert", "net.res", "", "-o", "x.pth"],
    ],
    ids=" ".join,
)
def test_an_empty_argument_is_no_folder(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]):
    """`resdsl fmt "$SPECS"` where there is no such variable."""
    monkeypatch.chdir(tmp_path)
    Path("net.res").write_text(NET)
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.endswith("': it is empty\n")
    assert Path("net.res").read_text() == NET
