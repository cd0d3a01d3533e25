"""Changes of a file that mend a mistake, and how sure they are."""

from __future__ import annotations

from collections.abc import Iterable

from resdsl.diagnostics.nearest import is_slip, nearest
from resdsl.record import record
from resdsl.source import Span


@record
class Fix:
    """A change of the file that mends a mistake: `text` in place of the characters of `span`.

    Attributes:
        span: what is replaced; empty where something is put in.
        text: what stands there then; empty where something is taken out.
        sure: whether nothing else can be meant. `check --fix` makes sure changes alone; an editor offers the others.
    """

    span: Span
    text: str
    sure: bool = True


def suggest(span: Span, name: str, candidates: Iterable[str], *, quotes: str = "") -> Fix | None:
    """The candidate that a name most likely means; sure where it is one slip away, and no other candidate is."""
    known = tuple(candidates)
    near = nearest(name, known)
    if near is None:
        return None
    sure = [candidate for candidate in dict.fromkeys(known) if is_slip(name, candidate)] == [near]
    return Fix(span, f"{quotes}{near}{quotes}", sure)


def delete(span: Span, *, sure: bool) -> Fix:
    """Takes a statement out, with its line where nothing else stands there."""
    text, start, end = span.source.text, span.start, span.end
    before = text.rfind("\n", 0, start) + 1
    after = text.find("\n", end)
    after = len(text) if after < 0 else after + 1
    if not text[before:start].strip() and not text[end:after].strip():
        start, end = before, after
    elif not text[end:after].strip():
        start -= len(text[before:start]) - len(text[before:start].rstrip(" \t"))
    return Fix(Span(span.source, start, end), "", sure)


def compatible(fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """Those that can be made at once: each once, and none that touches a place that one before it changes."""
    kept: list[Fix] = []
    for fix in dict.fromkeys(fixes):
        if all(_is_apart(fix.span, other.span) for other in kept):
            kept.append(fix)
    return tuple(kept)


def apply(text: str, fixes: Iterable[Fix]) -> str:
    """The text with compatible changes made."""
    for fix in sorted(fixes, key=lambda fix: (fix.span.start, fix.span.end), reverse=True):
        text = text[: fix.span.start] + fix.text + text[fix.span.end :]
    return text


def _is_apart(one: Span, other: Span) -> bool:
    if one.start == one.end == other.start == other.end:
        return False
    return one.end <= other.start or other.end <= one.start
