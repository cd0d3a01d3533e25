"""Every program of `bad/` gives exactly the messages that its comments announce; every program of `ok/` gives none.

A bad program carries `# error[code]` or `# warning[code]` on each guilty line. Where a comment cannot stand there
(inside an open string, beyond the end), `# error[code] at 7` may stand on any line; `# error[code] nowhere` tells of
a message without a place. `# limits: nodes = 10` sets limits. The whole output is in the `.txt` beside the program;
`pytest tests/cases --update` writes these files anew: read what changed before you commit it.
"""

import re
from pathlib import Path

import pytest

from resdsl.compiler import Checked, read
from resdsl.diagnostics import Diagnostic, ResError, render
from resdsl.limits import Limits
from resdsl.source import Source

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.res"))
OK = sorted((HERE / "ok").glob("*.res"))
ANNOUNCED = re.compile(r"# (error|warning)\[([a-z-]+)\](?: (at \d+|nowhere))?")


def check(path: Path) -> Checked:
    text = path.read_text(encoding="utf-8")
    set_limits = re.search(r"^# limits: (.*)$", text, re.MULTILINE)
    settings = dict(re.findall(r"(\w+) = (\d+)", set_limits[1])) if set_limits else {}
    try:
        program = read(Source(path.name, text, path), limits=Limits(**{name: int(n) for name, n in settings.items()}))
    except ResError as error:
        return Checked((), 0, error.diagnostics)
    return program.check()


def announced(text: str) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        for severity, code, place in ANNOUNCED.findall(line):
            at = 0 if place == "nowhere" else int(place.removeprefix("at ")) if place else number
            found.append((severity, code, at))
    return found


def told(diagnostic: Diagnostic) -> tuple[str, str, int]:
    return diagnostic.severity, diagnostic.code.value, diagnostic.span.line if diagnostic.span else 0


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_program_gives_the_messages_that_it_announces(path: Path, update: bool):
    text = path.read_text(encoding="utf-8")
    diagnostics = check(path).diagnostics
    assert sorted(map(told, diagnostics)) == sorted(announced(text))
    assert announced(text), "a bad program says what is bad about it"
    output = "\n\n".join(map(render, diagnostics)) + "\n"
    golden = path.with_suffix(".txt")
    if update:
        golden.write_text(output, encoding="utf-8")
    assert output == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", OK, ids=lambda path: path.stem)
def test_a_good_program_gives_none(path: Path):
    checked = check(path)
    assert [render(diagnostic) for diagnostic in checked.diagnostics] == []
    assert checked.networks


def test_every_golden_has_its_program():
    assert {path.stem for path in (HERE / "bad").glob("*.txt")} <= {path.stem for path in BAD}
