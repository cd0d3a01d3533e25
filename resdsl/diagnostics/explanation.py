"""The page of a code: what it means, a program that is wrong in this way, and one that is right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import fill

from resdsl.diagnostics.code import WARNINGS, Code
from resdsl.record import record


@record
class Example:
    """A whole program, with the limits that it is checked under where they are not the default."""

    text: str
    limits: Mapping[str, int]


@record
class Explanation:
    """What `resdsl explain` tells of a code.

    Attributes:
        code: of what.
        text: more than the sentence of the code itself.
        wrong: a program with this mistake alone.
        right: the same, mended.
    """

    code: Code
    text: str
    wrong: Example
    right: Example

    def __str__(self) -> str:
        parts = [self.code.value, fill(f"{self.code.explanation} {self.text}", _WIDTH)]
        if self.code in WARNINGS:
            parts.append(f"A warning: {_OFF.format(self.code.value)}")
        for word, example in (("Wrong", self.wrong), ("Right", self.right)):
            parts.append(f"{word}:\n\n" + "\n".join(f"    {line}".rstrip() for line in example.text.splitlines()))
        return "\n\n".join(parts)


def explain(code: Code) -> Explanation:
    """The page of a code, from its file in `explanations/`."""
    page = (PAGES / f"{code.value}.md").read_text(encoding="utf-8")
    examples = {match[1]: Example(match[3], _limits(match[2])) for match in _EXAMPLE.finditer(page)}
    return Explanation(code, page.partition("```")[0].strip(), examples["wrong"], examples["right"])


def _limits(words: str) -> dict[str, int]:
    return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", words)}


PAGES = Path(__file__).parent / "explanations"
"""The folder of all pages, one a code."""

_OFF = """turned off for a line by the comment `# resdsl: allow({0})` on it or alone above it, and
for all files of a project by this in its pyproject.toml:

    [tool.resdsl]
    allow = ["{0}"]"""
_WIDTH = 88  # characters of a line
_EXAMPLE = re.compile(r"^```(wrong|right)(.*)\n((?s:.*?\n))```$", re.MULTILINE)
