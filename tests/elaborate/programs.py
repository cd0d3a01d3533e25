"""Small programs around what a test is about."""

from __future__ import annotations

from resdsl.compiler import read_recovering
from resdsl.limits import DEFAULT, Limits
from resdsl.program import Checked
from resdsl.source import Source

HEAD = 'res 1\nuse "std.res"\n'
BODY = "input 3x8x8  stem conv(3x3, 4) -> bn -> relu  stage s1 : basic(4)"


def check(text: str, limits: Limits = DEFAULT) -> Checked:
    """All that is found in a program."""
    return read_recovering(Source("test.res", text), limits=limits).check()


def network(statements: str = "", *, before: str = "", parameters: str = "") -> str:
    """A program with one network that is right but for what is put into it."""
    return f"{HEAD}{before}\nnetwork net{parameters} {{ {BODY}\n{statements} }}\n"


def told(checked: Checked) -> list[str]:
    """The codes of what is found, each once, in order."""
    return list(dict.fromkeys(diagnostic.code.value for diagnostic in checked.diagnostics))
