"""Prints a diagnostic with the lines it is about; the underline does not depend on colour."""

from __future__ import annotations

from resdsl.diagnostics.diagnostic import Diagnostic
from resdsl.source import Span

_TAB = "    "


def render(diagnostic: Diagnostic) -> str:
    """The whole message as text without colour: head, place, lines with carets, help."""
    lines = [f"{diagnostic.severity}[{diagnostic.code.value}]: {diagnostic.message}"]
    if diagnostic.span is not None:
        lines += _render_places(diagnostic, diagnostic.span)
    if diagnostic.help:
        lines.append(f"{'' if diagnostic.span is None else ' ' * _margin(diagnostic)} = help: {diagnostic.help}")
    return "\n".join(lines)


def _margin(diagnostic: Diagnostic) -> int:
    spans = [note.span for note in diagnostic.notes] + ([diagnostic.span] if diagnostic.span else [])
    return max(len(str(span.line)) for span in spans)


def _render_places(diagnostic: Diagnostic, primary: Span) -> list[str]:
    margin = _margin(diagnostic)
    marks = [(primary, "^", diagnostic.label), *((note.span, "-", note.text) for note in diagnostic.notes)]
    out: list[str] = []
    sources = [primary.source, *(span.source for span, _, _ in marks if span.source is not primary.source)]
    for source in dict.fromkeys(sources):
        here = sorted((mark for mark in marks if mark[0].source is source), key=lambda mark: mark[0].start)
        head = primary if source is primary.source else here[0][0]
        out += [f"{' ' * margin}{'-->' if source is primary.source else ':::'} {head}", f"{' ' * margin} |"]
        last = None
        for span, sign, text in here:
            if last is not None and span.line > last + 1:
                out.append(f"{' ' * margin} …" if span.line > last + 2 else _source_line(margin, span.source.line(last + 1), last + 1))
            if span.line != last:
                out.append(_source_line(margin, source.line(span.line), span.line))
            out.append(f"{' ' * margin} | {_underline(span, sign)}{' ' + text if text else ''}")
            last = span.line
    return out


def _source_line(margin: int, text: str, number: int) -> str:
    return f"{number:>{margin}} | {text.replace(chr(9), _TAB)}".rstrip()


def _underline(span: Span, sign: str) -> str:
    line = span.source.line(span.line)
    before = line[: span.column - 1].replace("\t", _TAB)
    inside = line[span.column - 1 : span.column - 1 + max(span.end - span.start, 1)].replace("\t", _TAB)
    return " " * len(before) + sign * max(len(inside), 1)
