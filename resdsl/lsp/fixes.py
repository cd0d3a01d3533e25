"""Quick fixes: the edits that diagnostics carry, as a menu shows them."""

from __future__ import annotations

from collections.abc import Iterator

from resdsl.diagnostics import Diagnostic, Fix, sure_fixes
from resdsl.lsp.document import Version
from resdsl.record import record


@record
class QuickFix:
    """A change that mends a mistake, as a menu shows it."""

    title: str
    diagnostic: Diagnostic
    edit: Fix


def fixes_at(version: Version, start: int, end: int) -> Iterator[QuickFix]:
    """The ways to mend the mistakes that touch a place, the surest first."""
    for diagnostic in version.diagnostics():
        span = diagnostic.span
        if span is not None and span.start <= end and start <= span.end:
            for fix in diagnostic.fixes:
                if fix.span.source is version.source:
                    yield QuickFix(_title(fix), diagnostic, fix)


def all_fixes(version: Version) -> tuple[Fix, ...]:
    """Every sure fix of a document, as `resdsl check --fix` makes them."""
    return sure_fixes(version.diagnostics(), version.source)


def _title(fix: Fix) -> str:
    before, after = _shorten(fix.span.text), _shorten(fix.text)
    if not fix.span.text:
        return f"Insert `{after}`"
    return f"Replace `{before}` by `{after}`" if after else f"Delete `{before}`"


def _shorten(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


_LONGEST = 60  # characters of a menu
