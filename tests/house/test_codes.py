"""Every code of the catalogue is told by some program of `tests/cases/bad`."""

import re
from pathlib import Path

from resdsl.diagnostics import WARNINGS, Code

TESTS = Path(__file__).resolve().parents[1]
NOT_FROM_A_PROGRAM = {
    Code.EXTERN_DIFFERS,
    Code.EXTERN_UNREGISTERED,
    Code.GRAPH_FORMAT,
    Code.IMPORT_MODULE,
    Code.WEIGHTS_FIT,
}
"""What no check of a .res file can tell; a test elsewhere raises each."""


def test_every_code_has_a_bad_program():
    texts = [path.read_text(encoding="utf-8") for path in (TESTS / "cases" / "bad").glob("*.res")]
    covered = {code for text in texts for code in re.findall(r"# (?:error|warning)\[([a-z-]+)\]", text)}
    assert covered <= {code.value for code in Code}
    assert sorted({code.value for code in set(Code) - NOT_FROM_A_PROGRAM} - covered) == []


def test_what_no_program_can_cause_is_tested_all_the_same():
    tests = "".join(
        path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py") if path.parent.name != "house"
    )
    assert [code.name for code in NOT_FROM_A_PROGRAM if code.name not in tests and code.value not in tests] == []


def test_an_explanation_is_a_sentence():
    for code in Code:
        assert re.fullmatch(r"[A-Z`].*\.", code.explanation), code


def test_a_code_warns_or_is_an_error_and_never_both():
    """So that one knows of a code whether it can be turned off."""
    seen: dict[str, set[str]] = {}
    for path in (TESTS / "cases" / "bad").glob("*.res"):
        for severity, code in re.findall(r"# (error|warning)\[([a-z-]+)\]", path.read_text(encoding="utf-8")):
            seen.setdefault(code, set()).add(severity)
    assert not [code for code, severities in seen.items() if len(severities) > 1]
    assert {code for code, told in seen.items() if told == {"warning"}} == {code.value for code in WARNINGS}
