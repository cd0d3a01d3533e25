"""Help texts as a whole, and what is said of words that are nearly right."""

from pathlib import Path

import pytest

from resdsl.cli import VERBS

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_is_as_recorded(run, verb: str, update: bool):
    result = run(*verb.split(), "--help")
    assert result.exit_code == 0
    path = GOLDEN / f"help{'-' if verb else ''}{verb}.txt"
    if update:
        path.write_text(result.stdout)
    assert result.stdout == path.read_text()


def test_every_recorded_help_has_its_verb():
    recorded = {path.stem for path in GOLDEN.glob("help*.txt")}
    assert recorded == {"help", *(f"help-{verb}" for verb in VERBS)}


def test_a_misspelled_verb_is_told_with_the_nearest(run):
    result = run("chek")
    assert result.exit_code == 2
    assert result.stderr.endswith("Error: no verb `chek`; did you mean `check`?\n")


def test_a_word_near_no_verb_is_told_with_all(run):
    assert f"the verbs are {', '.join(VERBS)}" in run("frobnicate").stderr


def test_the_version_is_the_package_s(run):
    import resdsl

    assert run("--version").stdout == f"resdsl {resdsl.__version__}\n"


def test_a_code_is_explained_also_as_it_stands_in_a_message(run):
    plain = run("explain", "shape-mismatch").stdout
    assert plain.startswith("shape-mismatch\n\n")
    assert run("explain", "error[shape-mismatch]").stdout == plain


def test_how_a_warning_is_turned_off_is_told_with_it(run):
    told = run("explain", "name-unused").stdout
    assert "A warning: " in told
    assert 'allow = ["name-unused"]' in told
    assert "A warning: " not in run("explain", "name-unknown").stdout


def test_a_misspelled_code_is_told_with_the_nearest(run):
    result = run("explain", "shape-mismtch")
    assert result.exit_code == 2
    assert "did you mean `shape-mismatch`?" in result.stderr


def test_all_codes_are_listed(run):
    from resdsl.diagnostics import Code

    assert [line.split()[0] for line in run("explain").stdout.splitlines()] == [code.value for code in Code]
