"""Every code has its page; the wrong program of a page has that mistake alone, and the right one none."""

from pathlib import Path
from typing import Any

import pytest

from resdsl import load_weights
from resdsl.compiler import build, read_recovering
from resdsl.diagnostics import Code, ResError
from resdsl.diagnostics.explanation import PAGES, Example, explain
from resdsl.emit.extern import register, unregister
from resdsl.integrations.importer import import_module
from resdsl.ir.json import from_json
from resdsl.limits import Limits
from resdsl.source import Source
from resdsl.weights.torch_convert import write_state
from tests.emit.lent import Attention


def told(code: Code, example: Example, folder: Path) -> list[Code]:
    """What is told of a program where its mistake shows: checked, built, read as a JSON graph, run as Python."""
    (folder / "latin1.res").write_bytes(b"res 1 # \xe9\n")
    path = folder / "mine.res"
    path.write_text(example.text, encoding="utf-8")
    try:
        if code is Code.GRAPH_FORMAT:
            from_json(example.text)
            return []
        if code is Code.IMPORT_MODULE:
            made: dict[str, Any] = {}
            exec(example.text, made)
            import_module(made["Network"](), (3, 8, 8))
            return []
        if code.value.startswith("extern-"):
            build(path)
        if code is Code.WEIGHTS_FIT:
            write_state(folder / "net.pth", build(explain(code).right.text).state_dict(), {})
            load_weights(build(path), folder / "net.pth")
        program = read_recovering(Source(path.name, example.text, path), limits=Limits(**example.limits))
        return [diagnostic.code for diagnostic in program.check().diagnostics]
    except ResError as error:
        return [diagnostic.code for diagnostic in error.diagnostics]


@pytest.mark.parametrize("code", Code, ids=lambda code: code.value)
def test_the_wrong_program_is_wrong_in_that_way_and_the_right_one_is_right(code: Code, tmp_path: Path, request):
    if code is Code.EXTERN_DIFFERS:
        register("attention", Attention)
        request.addfinalizer(lambda: unregister("attention"))
    page = explain(code)
    assert page.text
    assert told(code, page.wrong, tmp_path) == [code]
    assert told(code, page.right, tmp_path) == []


def test_there_is_a_page_for_each_code_and_no_other():
    pages = {page.name for page in PAGES.iterdir()}
    assert pages == {f"{code.value}.md" for code in Code}


def test_a_page_reads_as_text():
    shown = str(explain(Code.SHORTCUT_SHAPE))
    assert shown.startswith("shortcut-shape\n\nA shortcut cannot go around this block")
    assert "\n\nWrong:\n\n    res 1\n" in shown
    assert "    shortcut identity else projection\n" in f"{shown}\n"
