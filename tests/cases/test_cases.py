"""Every program of `bad/` gives exactly the messages that its comments announce; every program of `ok/` gives none.

A bad program carries `# error[code]` or `# warning[code]` on each guilty line. Where a comment cannot stand there
(inside an open string, beyond the end), `# error[code] at 7` may stand on any line; `# error[code] nowhere` tells of
a message without a place, `# error[code] in parts/b.res:3` of one in a file that it uses. `# limits: nodes = 10` sets
limits; `# network: net(depth = 3)` checks that network with these parameters, as a caller would set them.

The whole output of a bad program, and the graph of each network of a good one, are in the `.txt` beside the program;
`pytest tests/cases --update` writes these files anew: read what changed before you commit it.
"""

import builtins
import re
from pathlib import Path

import pytest

from resdsl.compiler import read_recovering
from resdsl.data import grammar_file
from resdsl.diagnostics import Diagnostic, ResError, render
from resdsl.ir.text import to_text
from resdsl.limits import Limits
from resdsl.program import Checked
from resdsl.source import Source

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.res"))
OK = sorted((HERE / "ok").glob("*.res"))
ANNOUNCED = re.compile(r"# (error|warning)\[([a-z-]+)\](?: (at \d+|nowhere|in \S+:\d+))?")
DIRECTIVE = re.compile(r"^# (limits|network): (.*)$", re.MULTILINE)


def check(path: Path) -> Checked:
    text = path.read_bytes().decode("utf-8", "surrogatepass")
    directives = dict(DIRECTIVE.findall(text))
    settings = {name: int(number) for name, number in re.findall(r"(\w+) = (\d+)", directives.get("limits", ""))}
    name, _, given = directives.get("network", "").partition("(")
    params = dict(re.findall(r"(\w+) = ([^,)]+)", given))
    try:
        program = read_recovering(Source(path.name, text, path), limits=Limits(**settings))
        return program.check(name or None, params)
    except ResError as error:
        return Checked((), 0, error.diagnostics)


def announced(path: Path) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for severity, code, place in ANNOUNCED.findall(line):
            where = {"nowhere": "nowhere", "": f"{path.name}:{number}"}.get(place) or (
                place.removeprefix("in ") if place.startswith("in") else f"{path.name}:{place.removeprefix('at ')}"
            )
            found.append((severity, code, where))
    return sorted(found)


def told(diagnostic: Diagnostic, folder: Path) -> tuple[str, str, str]:
    span = diagnostic.span
    if span is None:
        return diagnostic.severity, diagnostic.code.value, "nowhere"
    path = span.source.path
    name = str(path.relative_to(folder)) if path is not None and path.is_relative_to(folder) else span.source.name
    return diagnostic.severity, diagnostic.code.value, f"{name}:{span.line}"


@pytest.fixture(autouse=True)
def in_the_folder_of_the_programs(monkeypatch: pytest.MonkeyPatch):
    """Messages show files relative to the working folder."""
    monkeypatch.chdir(HERE / "bad")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_program_gives_the_messages_that_it_announces(path: Path, update: bool):
    diagnostics = check(path).diagnostics
    assert sorted(told(diagnostic, path.parent) for diagnostic in diagnostics) == announced(path)
    assert diagnostics, "a bad program says what is bad about it"
    compare(path.with_suffix(".txt"), "\n\n".join(map(render, diagnostics)) + "\n", update=update)


@pytest.mark.parametrize("path", OK, ids=lambda path: path.stem)
def test_a_good_program_gives_none_and_means_what_it_says(path: Path, update: bool):
    program = read_recovering(Source(path.name, path.read_text(encoding="utf-8"), path))
    checked = program.check()
    assert [render(diagnostic) for diagnostic in checked.diagnostics] == []
    graphs = [program.graph(name) for name in checked.networks]
    assert graphs
    compare(path.with_suffix(".txt"), "\n".join(map(to_text, graphs)), update=update)


def compare(golden: Path, text: str, *, update: bool):
    if update:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_has_its_program():
    goldens = {path.with_suffix(".res") for folder in ("bad", "ok") for path in (HERE / folder).glob("*.txt")}
    assert goldens == {*BAD, *OK}


def test_the_corpus_is_as_large_as_it_is_said_to_be():
    """At least 150 programs with one mistake, and 40 with two to six, each with its whole output beside it."""
    sizes = [len(announced(path)) for path in BAD]
    assert sum(size == 1 for size in sizes) >= 150
    assert sum(2 <= size <= 6 for size in sizes) >= 40
    assert all(path.with_suffix(".txt").is_file() for path in BAD)


def test_no_message_speaks_of_what_only_we_know():
    """No name of a terminal, of a rule of the grammar, or of a Python type or attribute reaches a reader."""
    grammar = grammar_file("res.lark").read_text(encoding="utf-8")
    rules = set(re.findall(r"^[?!]?([a-z_]+)(?:\.\d+)?\s*:", grammar, re.MULTILINE))
    terminals = set(re.findall(r"^([A-Z_]+)(?:\.\d+)?\s*:", grammar, re.MULTILINE))
    types = {name for name, value in vars(builtins).items() if isinstance(value, type)}
    ours = OURS | terminals | {rule for rule in rules if "_" in rule} | (types - ENGLISH)
    assert len(terminals) > 20
    assert {"statement", "network"} <= rules
    n_lines = 0
    for path in (HERE / "bad").glob("*.txt"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(("error[", "warning[")) or " = help: " in line:
                n_lines += 1
                words = set(re.findall(r"[A-Za-z_]+", re.sub(r"`[^`]*`|\"[^\"]*\"|\[[a-z-]+\]", "", line)))
                assert not words & ours, f"{path.name}: {line}"
    assert n_lines > 500


ENGLISH = {"type", "list", "range", "set", "map", "filter", "slice", "property", "bytes"}
"""Python's types whose names are words that the language's users know."""

OURS = {
    "END", "ANON", "token", "tokens", "terminal", "grammar", "parser", "lexer", "ast", "AST", "NoneType", "None",
    "Tensor", "Closure", "Shape", "Span", "postfix", "conditional", "NotImplemented", "Echo", "poison", "scope",
}  # fmt: skip
