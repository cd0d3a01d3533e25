"""What is printed is read as the same program, and printing twice changes nothing."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from resdsl.syntax import ast, parse
from resdsl.syntax.format import fmt
from resdsl.syntax.printer import print_program
from tests.generators import programs

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.res"))
anything = settings(suppress_health_check=list(HealthCheck), max_examples=100)


def doc_lines(program: ast.Program) -> list[str]:
    stated = [s for d in program.definitions for s in getattr(d, "statements", ())]
    nodes = [*program.definitions, *(s for s in stated if isinstance(s, ast.Stage | ast.Link))]
    return sorted(node.doc for node in nodes)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_library_survives_printing(path: Path):
    program = parse(path.read_text(encoding="utf-8"))
    text = print_program(program)
    assert parse(text) == program
    assert doc_lines(parse(text)) == doc_lines(program)
    assert print_program(parse(text)) == text


@anything
@given(programs())
def test_any_program_survives_printing_and_the_formatter_leaves_it(program: ast.Program):
    text = print_program(program)
    assert fmt(text) == text
    assert parse(text) == program
    assert doc_lines(parse(text)) == doc_lines(program)
    assert print_program(parse(text)) == text
