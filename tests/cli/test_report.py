"""Diagnostics keep their words whatever the colours."""

import re

import pytest

from resdsl.cli.report import paint, report
from resdsl.diagnostics import Code, Diagnostic, Note, render
from resdsl.source import Source, Span

TEXT = """\
network mine {
  stage conv3 /2 : bottleneck(128) * 8
  let width = 10
    - 2
  shortcut identity
}
"""
SOURCE = Source("mine.res", TEXT)


def span(text: str) -> Span:
    start = TEXT.index(text)
    return Span(SOURCE, start, start + len(text))


DIAGNOSTIC = Diagnostic(
    Code.SHORTCUT_SHAPE,
    "`identity` cannot go around conv3[1]",
    span("identity"),
    "keeps the shape",
    notes=(Note(span("bottleneck(128)"), "makes 512x28x28 here"), Note(span("- 2"), "less")),
    help="`shortcut identity else projection`",
)


def test_without_its_colours_a_painted_message_is_the_plain_one():
    painted = paint(render(DIAGNOSTIC))
    assert painted != render(DIAGNOSTIC)
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render(DIAGNOSTIC)


def test_only_marks_are_painted_not_the_signs_in_the_program():
    lines = paint(render(DIAGNOSTIC)).splitlines()
    program = next(line for line in lines if "- 2" in line)
    assert program.endswith("\x1b[0m     - 2")
    mark = next(line for line in lines if "less" in line)
    assert "\x1b[34m\x1b[1m--- less" in mark


def test_a_stream_that_is_no_terminal_gets_no_colour(capsys: pytest.CaptureFixture[str]):
    report([DIAGNOSTIC])
    out, err = capsys.readouterr()
    assert out == ""
    assert err == render(DIAGNOSTIC) + "\n\n"


def test_no_color_wins_over_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    report([DIAGNOSTIC])
    assert "\x1b[" in capsys.readouterr().err
    monkeypatch.setenv("NO_COLOR", "1")
    report([DIAGNOSTIC])
    assert "\x1b[" not in capsys.readouterr().err
