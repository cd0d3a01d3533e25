"""Every code has its page; the wrong program of a page has that mistake alone, and the right one none."""

from pathlib import Path

import pytest

from resdsl.compiler import read_recovering
from resdsl.diagnostics import Code, ResError
from resdsl.diagnostics.explanation import PAGES, Example, explain
from resdsl.limits import Limits
from resdsl.source import Source

WITHOUT_PROGRAMS = {Code.EXTERN_DIFFERS, Code.EXTERN_UNREGISTERED, Code.FILE_UNREADABLE, Code.GRAPH_FORMAT}
"""Codes that no .res program can show."""


def told(example: Example, folder: Path) -> list[Code]:
    path = folder / "mine.res"
    path.write_text(example.text, encoding="utf-8")
    try:
        program = read_recovering(Source(path.name, example.text, path), limits=Limits(**example.limits))
        return [diagnostic.code for diagnostic in program.check().diagnostics]
    except ResError as error:
        return [diagnostic.code for diagnostic in error.diagnostics]


@pytest.mark.parametrize("code", Code, ids=lambda code: code.value)
def test_the_wrong_program_is_wrong_in_that_way_and_the_right_one_is_right(code: Code, tmp_path: Path):
    page = explain(code)
    assert page.text
    if code in WITHOUT_PROGRAMS:
        assert page.wrong is None
        assert page.right is None
        return
    assert page.wrong is not None
    assert page.right is not None
    assert told(page.wrong, tmp_path) == [code]
    assert told(page.right, tmp_path) == []


def test_there_is_a_page_for_each_code_and_no_other():
    pages = {page.name for page in PAGES.iterdir()}
    assert pages == {f"{code.value}.md" for code in Code}


def test_a_page_reads_as_text():
    shown = str(explain(Code.SHORTCUT_SHAPE))
    assert shown.startswith("shortcut-shape\n\nA shortcut cannot go around this block")
    assert "\n\nWrong:\n\n    res 1\n" in shown
    assert "    shortcut identity else projection\n" in f"{shown}\n"
