"""What `check` found as SARIF 2.1.0 (OASIS 2020), which code-scanning services and editors read."""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps
from pathlib import Path, PurePath
from urllib.parse import quote

from resdsl import __version__
from resdsl.cli.formats import Findings, Region
from resdsl.diagnostics import WARNINGS, Code, Diagnostic, Fix, Note, escaped
from resdsl.source import Source, Span


def sarif(findings: Findings) -> Iterator[str]:
    """One log with one run: a rule for each code that is told, a result for each diagnostic."""
    rules = list(dict.fromkeys(diagnostic.code for diagnostic in findings.diagnostics))
    driver = {"name": "resdsl", "version": __version__, "rules": [_rule(code) for code in rules]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, rules.index(diagnostic.code)) for diagnostic in findings.diagnostics],
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    yield escaped(dumps(document, indent=2, ensure_ascii=False))


def _rule(code: Code) -> dict[str, object]:
    return {
        "id": code.value,
        "shortDescription": {"text": code.explanation},
        "help": {"text": f"`resdsl explain {code.value}` shows a program that is wrong in this way, and it mended."},
        "defaultConfiguration": {"level": "warning" if code in WARNINGS else "error"},
    }


def _result(diagnostic: Diagnostic, rule: int) -> dict[str, object]:
    label = f" ({diagnostic.label})" if diagnostic.label else ""
    help = f"\nhelp: {diagnostic.help}" if diagnostic.help else ""
    result: dict[str, object] = {
        "ruleId": diagnostic.code.value,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": f"{diagnostic.message}{label}{help}"},
    }
    if diagnostic.span:
        result["locations"] = [{"physicalLocation": _place(diagnostic.span)}]
    if diagnostic.notes:
        result["relatedLocations"] = [_related(number, note) for number, note in enumerate(diagnostic.notes)]
    if diagnostic.fixes:
        result["fixes"] = [_fix(fix) for fix in diagnostic.fixes]
    return result


def _related(number: int, note: Note) -> dict[str, object]:
    return {"id": number, "physicalLocation": _place(note.span), "message": {"text": note.text}}


def _fix(fix: Fix) -> dict[str, object]:
    replacement = {"deletedRegion": _region(fix.span), "insertedContent": {"text": fix.text}}
    change = {"artifactLocation": _file(fix.span.source), "replacements": [replacement]}
    return {"artifactChanges": [change], "properties": {"sure": fix.sure}}


def _place(span: Span) -> dict[str, object]:
    return {"artifactLocation": _file(span.source), "region": _region(span)}


def _region(span: Span) -> dict[str, int]:
    region = Region.of(span)
    return {
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    }


def _file(source: Source) -> dict[str, str]:
    """A file below the working folder by its relative address, another by its whole one."""
    path = PurePath(source.name)
    if path.is_absolute():
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(path.as_posix())}
