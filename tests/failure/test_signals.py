"""Ctrl-C and what else ends a command: one line, 128 and the signal's number, everything put away."""

import signal
import subprocess

import pytest

ENDINGS = [
    (signal.SIGINT, 130, "interrupted\n"),
    (signal.SIGTERM, 143, "ended by SIGTERM\n"),
    (signal.SIGHUP, 129, "ended by SIGHUP\n"),
]
WATCHERS = {
    "check --watch": (["check", "--watch", "net.res"], "1 network"),
    "draw --watch": (["draw", "--watch", "net.res"], "http://127.0.0.1:"),
}


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending[0].name)
@pytest.mark.parametrize("watcher", WATCHERS)
def test_what_watches_files_ends_with_a_line(start, spec, watcher, ending):
    arguments, begins = WATCHERS[watcher]
    number, code, line = ending
    process = start(*arguments)
    assert process.stdout.readline().startswith(begins)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, line)
    assert [path.name for path in spec.parent.iterdir()] == ["net.res"]


def test_a_watched_file_may_vanish_and_come_back(start, spec):
    text = spec.read_text(encoding="utf-8")
    process = start("check", "--watch", "net.res")
    assert process.stdout.readline() == "1 network\n"
    spec.unlink()
    assert process.stdout.readline() == "1 error; 0 networks\n"
    spec.write_text(text, encoding="utf-8")
    assert process.stdout.readline() == "1 network\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert err.splitlines()[0] == "error[file-unreadable]: there is no file `net.res`"
    assert (process.returncode, err.splitlines()[-1]) == (130, "interrupted")


def test_an_editor_that_goes_away_ends_the_server(start):
    process = start("lsp")
    out, _ = process.communicate("", timeout=60)
    assert (process.returncode, out) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("ending", ENDINGS[:2], ids=lambda ending: ending[0].name)
@pytest.mark.parametrize(
    ("arguments", "at", "left"),
    [
        (["build", "net.res"], "compiling", ["net.py", "net.res"]),
        (["build", "net.res", "--for", "inference"], "compiling", ["net.res"]),
        (["bench", "net.res", "--rounds", "100000", "--json", "net.json"], "first step", ["net.res"]),
    ],
    ids=["build", "build --for inference", "bench"],
)
def test_a_long_command_ends_in_the_middle_and_leaves_nothing_half_done(start, tmp_path, arguments, at, left, ending):
    number, code, line = ending
    (tmp_path / "aside").mkdir()
    process = start(
        *arguments, TMPDIR=str(tmp_path / "aside"), TORCHINDUCTOR_CACHE_DIR=str(tmp_path / "aside" / "cache")
    )
    assert any(told.startswith(at) for told in process.stderr)
    process.send_signal(number)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, err.splitlines(keepends=True)[-1]) == (code, line)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "aside") == left
    assert [path.name for path in (tmp_path / "aside").iterdir() if path.name.startswith("resdsl")] == []
    assert still_running(process.pid) == []


def still_running(session: int) -> list[str]:
    """The processes that a command has left behind."""
    found = subprocess.run(["ps", "-o", "args=", "-s", str(session)], capture_output=True, text=True, check=False)
    return found.stdout.splitlines()
