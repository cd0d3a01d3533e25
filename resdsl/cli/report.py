"""Prints diagnostics to a person: to stderr, in colour on a terminal."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import Final

import click

from resdsl.diagnostics import Diagnostic, render


def report(diagnostics: Iterable[Diagnostic]) -> None:
    """Print each, with an empty line after it."""
    coloured = wants_colour()
    for diagnostic in diagnostics:
        text = render(diagnostic)
        click.echo((paint(text) if coloured else text) + "\n", err=True, color=coloured)


def wants_colour() -> bool:
    """Whether stderr is a terminal whose user has not set NO_COLOR (no-color.org)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str) -> str:
    """A rendered diagnostic with the colours of a terminal; the words and signs stay."""
    lines = text.split("\n")
    return "\n".join([_paint_head(lines[0]), *map(_paint_line, lines[1:])])


def _paint_head(line: str) -> str:
    head, separator, message = line.partition(": ")
    colour = "yellow" if head.startswith("warning") else "red"
    return click.style(head, fg=colour, bold=True) + click.style(separator + message, bold=True)


def _paint_line(line: str) -> str:
    match = _FRAME.match(line)
    if match is None:
        return line
    frame, rest = match.groups()
    mark = _MARK.match(rest) if frame.endswith(" |") and not frame.strip(" |") else None
    if mark:
        rest = mark[1] + click.style(mark[2], fg="red" if mark[2][0] == "^" else "blue", bold=True)
    return click.style(frame, fg="blue", bold=True) + rest


_FRAME: Final = re.compile(r"( *(?:-->|:::|\d* \|| = help:|…))(.*)")
_MARK: Final = re.compile(r"( *)([\^-]+(?: .*)?)$")
