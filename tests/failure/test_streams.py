"""Output that cannot be written, is not read, or stands in another alphabet: a line, and the exit code that fits."""

import os
import stat
from pathlib import Path

import pytest

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="/dev/full stands for a full disk")


@needs_full
@pytest.mark.parametrize(
    "arguments",
    [["show", "net.res"], ["draw", "net.res", "-o", "-"], ["explain"], ["--help"], ["--version"], ["show", "--help"]],
    ids=" ".join,
)
def test_a_full_disk_behind_stdout_is_told(run, arguments):
    with FULL.open("w") as full:
        assert run(*arguments, stdout=full) == (3, "", "error: No space left on device\n")


@needs_full
def test_a_full_disk_as_a_file_is_told_with_its_name(run):
    code, _, err = run("draw", "net.res", "--format", "svg", "-o", str(FULL))
    assert (code, err) == (3, "error: cannot write `/dev/full`: No space left on device\n")
    assert stat.S_ISCHR(FULL.stat().st_mode)


@needs_full
@pytest.mark.parametrize("arguments", [["nothing"], ["--nothing"], ["show", ""]], ids=" ".join)
def test_a_usage_error_that_cannot_be_written_is_a_full_disk(run, arguments):
    with FULL.open("w") as full:
        assert run(*arguments, stderr=full)[0] == 3


@pytest.mark.parametrize("arguments", [["show", "net.res"], ["--help"]], ids=" ".join)
def test_a_reader_that_goes_away_ends_a_command_in_silence(start, arguments):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        process = start(*arguments, stdout=pipe)
        _, err = process.communicate("")
    assert (process.returncode, err) == (141, "")


def test_a_result_that_has_nowhere_to_go_is_not_lost_in_silence(run):
    assert run("check", "net.res", closed=[1]) == (3, "", "error: standard output is closed\n")


def test_messages_that_nobody_reads_change_no_exit_code(run):
    assert run("check", "net.res", closed=[2])[:2] == (0, "1 network\n")
    assert run("show", "nothing_of_this_name", closed=[2])[:2] == (2, "")


def test_closed_standard_input_is_an_empty_text(run):
    code, _, err = run("check", "-", closed=[0])
    assert code == 1
    assert "a file begins with the edition" in err


def test_a_device_is_written_to_and_stays_a_device(run):
    code, out, err = run("draw", "net.res", "--format", "svg", "-o", os.devnull)
    assert (code, out, err) == (0, f"{os.devnull}\n", "")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.parametrize(
    "locale", [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}]
)
def test_a_locale_without_the_signs_of_a_table_changes_nothing(run, locale):
    code, out, err = run("show", "net.res", **locale)
    assert (code, err) == (0, "")
    assert "────" in out
    assert out == run("show", "net.res", LC_ALL="C.UTF-8")[1]


@pytest.mark.parametrize("columns", ["1", "0", "100000", "no number"])
def test_a_terminal_of_any_width_has_its_help(run, columns):
    code, out, err = run("build", "--help", COLUMNS=columns)
    assert (code, err) == (0, "")
    assert "--no-compile" in "".join(out.split())


def test_standard_input_that_is_no_text_is_told(start):
    process = start("check", "-")
    process.stdin.buffer.write(b"res 1\n\xff")
    _, err = process.communicate()
    assert process.returncode == 2
    assert err == (
        "error[file-unreadable]: `standard input` is not UTF-8 text: byte 7 fits no character\n"
        " = help: save it as UTF-8\n\n"
    )


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="/dev/zero never ends")
@pytest.mark.parametrize("verb", ["check", "fmt", "show"])
def test_standard_input_without_end_is_not_read_to_its_end(start, verb):
    process = start(verb, "-")
    chunk = "# " * 100_000
    try:
        while True:
            process.stdin.write(chunk)
    except BrokenPipeError:
        pass
    assert process.wait() == 2
    assert process.stderr.read() == (
        "error[limit-source]: standard input has more than 262,144 bytes, which a file may have\n\n"
    )
