"""Turns warnings off where a comment says so: `# resdsl: allow(shape-loses)` on the line, or alone above it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from resdsl.diagnostics import Code, Diagnostic, Fix, delete, suggest
from resdsl.limits import Limits
from resdsl.record import record
from resdsl.source import Source, Span
from resdsl.syntax.lexer import lex


@record
class Allowance:
    """A code that a comment allows: which, where that is written, in which comment, and the line that it holds for."""

    code: str
    span: Span
    comment: Span
    line: int


def without_allowed(diagnostics: Iterable[Diagnostic], source: Source, limits: Limits) -> tuple[Diagnostic, ...]:
    """The diagnostics without the warnings that the source allows.

    Errors stay whatever a comment says, and so do warnings in other files.
    """
    allowed = {(allowance.code, allowance.line) for allowance in _read(source, limits)}
    return tuple(d for d in diagnostics if d.severity == "error" or _place(d, source) not in allowed)


def idle_allowances(diagnostics: Iterable[Diagnostic], source: Source, limits: Limits) -> tuple[Diagnostic, ...]:
    """A warning for each allowance of what is not warned of, among all diagnostics of a source.

    Where something is wrong, not everything that there is to warn of was seen: then only for codes that do not exist.
    """
    found = tuple(diagnostics)
    is_clean = all(diagnostic.severity == "warning" for diagnostic in found)
    told = {_place(diagnostic, source) for diagnostic in found}
    idle: list[Diagnostic] = []
    for allowance in _read(source, limits):
        if len(idle) == limits.diagnostics:
            break
        if allowance.code not in _CODES:
            idle.append(_unknown(allowance))
        elif is_clean and (allowance.code, allowance.line) not in told:
            message = f"nothing on line {allowance.line} is warned of as `{allowance.code}`"
            fixes = (_without(allowance),)
            idle.append(
                Diagnostic(
                    Code.ALLOW_UNUSED, message, allowance.span, help="delete it", fixes=fixes, severity="warning"
                )
            )
    return tuple(idle)


def _place(diagnostic: Diagnostic, source: Source) -> tuple[str, int]:
    span = diagnostic.span
    return diagnostic.code.value, span.line if span is not None and span.source is source else 0


def _read(source: Source, limits: Limits) -> list[Allowance]:
    if "resdsl:" not in source.text:
        return []
    lexed = lex(source, limits)
    lines = sorted({source.position(token.start)[0] for token in lexed.tokens})
    allowances: list[Allowance] = []
    for comment in lexed.comments:
        match = _ALLOW.fullmatch(comment.text.rstrip())
        if match is None:
            continue
        own = source.position(comment.start)[0]
        line = own if own in lines else next((line for line in lines if line > own), own)
        for code in _CODE.finditer(match[1]):
            start = comment.start + match.start(1) + code.start()
            span = Span(source, start, start + len(code[0]))
            allowances.append(Allowance(code[0], span, Span(source, comment.start, comment.end), line))
    return allowances


def _unknown(allowance: Allowance) -> Diagnostic:
    fix = suggest(allowance.span, allowance.code, sorted(_CODES))
    help = f"did you mean `{fix.text}`?" if fix else "`resdsl explain` lists the codes"
    fixes = (fix,) if fix else ()
    message = f"there is no code `{allowance.code}`"
    return Diagnostic(Code.ALLOW_UNUSED, message, allowance.span, help=help, fixes=fixes, severity="warning")


def _without(allowance: Allowance) -> Fix:
    """Takes one code out of a comment; the whole comment where it allows nothing else."""
    span, comment = allowance.span, allowance.comment
    if len(_CODE.findall(comment.text[comment.text.index("(") + 1 : comment.text.rindex(")")])) == 1:
        return delete(comment, sure=True)
    text, start, end = span.source.text, span.start, span.end
    if text[end] == ",":
        end += len(text[end:]) - len(text[end:].lstrip(", "))
    else:
        start -= len(text[:start]) - len(text[:start].rstrip(", "))
    return Fix(Span(span.source, start, end), "")


_CODES = frozenset(code.value for code in Code)
_ALLOW = re.compile(r"#\s*resdsl:\s*allow\(([^()]*)\)")
_CODE = re.compile(r"[^\s,]+")
