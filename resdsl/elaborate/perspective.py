"""Puts a mistake where its reader can mend it: at the use of a definition that is not theirs, with what came in."""

from __future__ import annotations

from resdsl.data import is_library
from resdsl.diagnostics import Code, Diagnostic, Note
from resdsl.elaborate.problems import Mistake
from resdsl.record import evolve
from resdsl.shape import Shape
from resdsl.source import Source, Span


def at_use(diagnostic: Diagnostic, use: Span, of: Span, where: str = "") -> Diagnostic:
    """A mistake within a definition (whose text is `of`), as the one who uses it should see it.

    In another file it is told at the use; in the same file where it is, with a note of `where` at the use.
    """
    span = diagnostic.span
    if span is None or use.holds(span):
        return diagnostic
    if span.source is not use.source:
        label = "" if span.source.path is None else f"in its `{_shorten(span.text)}`"
        note = Note(span, "in it")
        notes = (*diagnostic.notes, *([note] if is_users(span.source) else []))
        kept = tuple(note for note in notes if is_users(note.span.source) and note.span != use)
        return evolve(diagnostic, span=use, label=diagnostic.label or label, notes=kept, fixes=())
    if where and of.holds(span) and all(note.span != use for note in diagnostic.notes):
        return evolve(diagnostic, notes=(*diagnostic.notes, Note(use, where)))
    return diagnostic


def with_maker(found: Mistake, layer: Span, maker: Span | None, shape: Shape) -> Mistake:
    """A shape that a layer cannot take, with who made it."""
    diagnostic = found.diagnostic
    if maker is None or diagnostic.code is not Code.SHAPE_MISMATCH or diagnostic.span != layer:
        return found
    return _with_note(found, Note(maker, f"makes {shape} here"))


def with_note(found: Mistake, span: Span, text: str) -> Mistake:
    """A mistake with one more note, unless its place cannot be changed by the reader."""
    if not is_users(span.source):
        return found
    return _with_note(found, Note(span, text))


def _with_note(found: Mistake, note: Note) -> Mistake:
    return found.told_as(lambda diagnostic: evolve(diagnostic, notes=(*diagnostic.notes, note)))


def own_notes(*notes: Note) -> tuple[Note, ...]:
    """Those notes that are about the user's own files: what the library defines is not for them to change."""
    return tuple(note for note in notes if is_users(note.span.source))


def is_users(source: Source) -> bool:
    """Whether a text is the user's: not of the library, nor one of our own that stands for a default."""
    if source.path is None:
        return not source.name.startswith("(defaults)")
    return not is_library(source.path)


def _shorten(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


_LONGEST = 40
