"""The forms in which `check` tells what it found: for people, for other programs, for services that read code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from resdsl.diagnostics import Diagnostic, Fix, escaped, visible
from resdsl.record import record
from resdsl.source import Span


@record
class Findings:
    """What `check` found in all specs together.

    Attributes:
        networks: how many stand.
        expectations: how many hold.
    """

    diagnostics: tuple[Diagnostic, ...]
    networks: int
    expectations: int

    @property
    def summary(self) -> str:
        """One line: `1 error, 2 warnings; 3 networks, 8 expectations hold`."""
        n_errors = sum(diagnostic.severity == "error" for diagnostic in self.diagnostics)
        stands = count(self.networks, "network")
        if self.expectations:
            stands += f", {count(self.expectations, 'expectation')} {'holds' if self.expectations == 1 else 'hold'}"
        both = (n_errors, "error"), (len(self.diagnostics) - n_errors, "warning")
        told = [count(number, word) for number, word in both if number]
        return f"{', '.join(told)}; {stands}" if told else stands


def count(number: int, word: str) -> str:
    """`1 network`, `1,200 networks`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


# ---------------------------------------------------------------- one line each


def concise(findings: Findings) -> Iterator[str]:
    """`specs/mine.res:12:12: error[shortcut-shape] …`: a line each, as editors and `grep` take them."""
    for diagnostic in findings.diagnostics:
        place = f"{diagnostic.span}: " if diagnostic.span else ""
        yield visible(f"{place}{diagnostic.severity}[{diagnostic.code.value}] {_words(diagnostic)}")


def github(findings: Findings) -> Iterator[str]:
    """Commands of a GitHub workflow, which shows each message at its line of a pull request."""
    for diagnostic in findings.diagnostics:
        properties = {"title": f"resdsl ({diagnostic.code.value})"}
        if diagnostic.span:
            region = Region.of(diagnostic.span)
            properties |= {"file": diagnostic.span.source.name, "line": str(region.line), "col": str(region.column)}
            properties |= {"endLine": str(region.end_line), "endColumn": str(region.end_column)}
        written = ",".join(f"{key}={_escape(value, ':,')}" for key, value in properties.items())
        text = _words(diagnostic) + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
        yield visible(f"::{diagnostic.severity} {written}::{_escape(text)}")


def _words(diagnostic: Diagnostic) -> str:
    return diagnostic.message + (f" ({diagnostic.label})" if diagnostic.label else "")


def _escape(text: str, signs: str = "") -> str:
    for sign in f"%\r\n{signs}":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


# ---------------------------------------------------------------- whole documents


@record
class Region:
    """A span as lines and columns, from 1; the end is the first character behind it."""

    line: int
    column: int
    end_line: int
    end_column: int

    @classmethod
    def of(cls, span: Span) -> Region:
        """The region of a span."""
        return cls(*span.source.position(span.start), *span.source.position(span.end))


def as_json(findings: Findings) -> Iterator[str]:
    """One JSON object: every diagnostic with its notes, its help, and the edits that would mend it."""
    from json import dumps

    document = {
        "diagnostics": [_diagnostic(diagnostic) for diagnostic in findings.diagnostics],
        "networks": findings.networks,
        "expectations": findings.expectations,
    }
    yield escaped(dumps(document, indent=2, ensure_ascii=False))


def _diagnostic(diagnostic: Diagnostic) -> dict[str, object]:
    return {
        "code": diagnostic.code.value,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "place": _place(diagnostic.span) if diagnostic.span else None,
        "label": diagnostic.label,
        "notes": [{"place": _place(note.span), "text": note.text} for note in diagnostic.notes],
        "help": diagnostic.help,
        "fixes": [_fix(fix) for fix in diagnostic.fixes],
    }


def _fix(fix: Fix) -> dict[str, object]:
    return {"place": _place(fix.span), "text": fix.text, "sure": fix.sure}


def _place(span: Span) -> dict[str, object]:
    region = Region.of(span)
    return {
        "file": span.source.name,
        "line": region.line,
        "column": region.column,
        "end_line": region.end_line,
        "end_column": region.end_column,
    }


def _sarif(findings: Findings) -> Iterable[str]:
    from resdsl.cli.sarif import sarif

    return sarif(findings)


FORMATS: Final[Mapping[str, Callable[[Findings], Iterable[str]]]] = MappingProxyType(
    {"concise": concise, "json": as_json, "sarif": _sarif, "github": github}
)
"""Beside `text`, which `cli.report` draws."""
