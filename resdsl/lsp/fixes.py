"""Quick fixes: the edits that diagnostics are sure of, and `use` for names that the library has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from resdsl.data import library_folder
from resdsl.diagnostics import Code, Diagnostic, Fix
from resdsl.lsp.document import Version
from resdsl.record import record
from resdsl.source import Span


@record
class QuickFix:
    """A change that mends a mistake, as a menu shows it."""

    title: str
    diagnostic: Diagnostic
    edits: tuple[Fix, ...]
    is_sure: bool


def fixes_at(version: Version, start: int, end: int) -> Iterator[QuickFix]:
    """The fixes of the mistakes that touch a place."""
    for diagnostic in version.diagnostics():
        span = diagnostic.span
        if span is not None and span.start <= end and start <= span.end:
            yield from fixes_of(version, diagnostic)


def all_fixes(version: Version) -> list[Fix]:
    """Every sure fix of a document, none of which overlaps another."""
    edits: list[Fix] = []
    for diagnostic in version.diagnostics():
        fix = diagnostic.fix
        if fix is not None and all(fix.span.end <= e.span.start or e.span.end <= fix.span.start for e in edits):
            edits.append(fix)
    return edits


def fixes_of(version: Version, diagnostic: Diagnostic) -> Iterator[QuickFix]:
    """The ways to mend a mistake, the surest first."""
    fix = diagnostic.fix
    if fix is not None and fix.span.source is version.source:
        yield QuickFix(_title(fix), diagnostic, (fix,), is_sure=True)
    if diagnostic.code is Code.NAME_UNKNOWN and diagnostic.span is not None:
        for file in _defining(diagnostic.span.text):
            if all(use.path != file for use in version.module.program.uses):
                place = _after_uses(version)
                text = f'\nuse "{file}"' if place else f'res 1\nuse "{file}"\n'
                edit = Fix(Span(version.source, place, place), text)
                yield QuickFix(f'Add `use "{file}"`', diagnostic, (edit,), is_sure=False)


def _title(fix: Fix) -> str:
    before, after = " ".join(fix.span.text.split()), " ".join(fix.text.split())
    if not fix.span.text:
        return f"Insert `{after}`"
    return f"Replace `{before}` by `{after}`" if after else f"Delete `{before}`"


def _after_uses(version: Version) -> int:
    uses = version.module.program.uses
    if uses:
        return uses[-1].span.end
    tokens = version.lexed.tokens
    return tokens[1].end if tokens[0].kind == "RES" and len(tokens) > 2 else 0


def _defining(name: str) -> list[str]:
    """The library's files that define a name, the standard library first."""
    files = [file for file, names in _library().items() if name in names]
    return sorted(files, key=lambda file: (file != "std.res", file))


@cache
def _library() -> dict[str, frozenset[str]]:
    pattern = re.compile(r"^(?:network|block|shortcut|layer|schedule)\s+([A-Za-z_]\w*)", re.MULTILINE)
    return {
        path.name: frozenset(pattern.findall(path.read_text(encoding="utf-8")))
        for path in sorted(library_folder().glob("*.res"))
    }
