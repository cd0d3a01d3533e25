"""A spec may be its own text, of any length, wherever a file may be."""

import pytest

TEXT = (
    "res 1\n"
    + "# a comment that makes it longer than any system lets the name of a file be\n" * 60
    + "network net { input 3x8x8  stem conv(3x3, 4) }\n"
)


@pytest.mark.parametrize(
    "line",
    [
        ["check", TEXT],
        ["check", TEXT, "resnet18"],
        ["show", TEXT],
        ["show", TEXT.replace("\n", "\r\n")],
        ["diff", TEXT, TEXT],
        ["keys", TEXT],
        ["plan", TEXT, "--devices", "1", "--memory", "8GiB", "--batch", "8"],
        ["draw", TEXT, "-o", "-"],
        ["build", TEXT, "--no-compile", "-o", "-"],
    ],
    ids=lambda line: " ".join(word if len(word) < 20 else "TEXT" for word in line),
)
def test_every_verb_takes_a_long_text(run, line):
    result = run(*line)
    assert (result.exit_code, result.stdout != "") == (0, True), result.stderr


@pytest.mark.parametrize("verb", [["build", "--no-compile"], ["draw"]], ids=" ".join)
def test_what_is_made_of_a_text_goes_into_the_working_folder(run, verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*verb, TEXT)
    assert result.exit_code == 0, result.stderr
    assert [path.stem for path in tmp_path.iterdir()] == ["net"]


@pytest.mark.parametrize("verb", [["fmt"], ["check", "--fix"]], ids=" ".join)
def test_a_text_is_no_file_to_be_changed(run, verb):
    result = run(*verb, TEXT)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert "res 1" in result.stderr


def test_a_long_word_names_nothing(run):
    result = run("check", "a" * 300)
    assert result.exit_code == 2
    assert result.stderr.startswith("error[network-missing]: the library has no network `aaa")
