"""Renames a thing wherever it is named, in all files, and proves that every name still means what it meant."""

from __future__ import annotations

from collections import defaultdict

from resdsl.data import is_library
from resdsl.elaborate.functions import FUNCTIONS
from resdsl.elaborate.unknown import GIVEN
from resdsl.elaborate.vocabulary import SUBJECTS
from resdsl.limits import Limits
from resdsl.lsp.document import Version
from resdsl.lsp.navigation import Workspace, references
from resdsl.lsp.occurrences import Occurrence, SymbolTable, build_table
from resdsl.lsp.symbols import Symbol
from resdsl.ops import OPS
from resdsl.record import record
from resdsl.source import Source, Span, real_path
from resdsl.syntax.table import load_table
from resdsl.syntax.token import NAME


class RenameRefused(Exception):  # noqa: N818 - it is the answer to a wish, no failure
    """Why a thing cannot have the name that is wished."""


@record
class Edit:
    """A change of a file: `text` in place of the characters of `span`."""

    span: Span
    text: str


def renamable(version: Version, offset: int) -> Occurrence:
    """The name under a cursor, if it can be renamed. Raises RenameRefused with the reason why not."""
    occurrence = version.table.at(offset)
    if occurrence is None:
        raise RenameRefused("there is no name here")
    symbol = occurrence.symbol
    if symbol.span is None:
        raise RenameRefused(f"`{symbol.name.rpartition('.')[2]}` belongs to the language")
    path = symbol.span.source.path
    if path is not None and is_library(path) and symbol.span.source is not version.source:
        raise RenameRefused(f"`{symbol.name}` belongs to the library ({path.name})")
    return occurrence


def rename(workspace: Workspace, version: Version, offset: int, name: str, limits: Limits) -> list[Edit]:
    """The edits of all files that give the thing under a cursor another name. Raises RenameRefused."""
    symbol = renamable(version, offset).symbol
    _check_name(name, limits)
    if name == symbol.name:
        return []
    _check_whole(version)
    found = list(references(workspace, version, symbol))
    spans = list({o.span for o in found})
    growth = len(spans) * max(len(name) - len(symbol.name), 0)
    if not (_is_new(workspace, version, symbol, name) and _has_room(version, growth, limits)):
        _prove(workspace, version, symbol, name, spans)
    return [Edit(span, name) for span in sorted(spans, key=lambda s: (s.source.name, s.start))]


def _check_name(name: str, limits: Limits) -> None:
    if not NAME.fullmatch(name):
        raise RenameRefused(f"`{name}` is no name: a name has letters, digits and `_`, and begins with no digit")
    if name in load_table().keywords:
        raise RenameRefused(f"`{name}` is a word of the language")
    if len(name) > limits.name_characters:
        raise RenameRefused(f"a name may have {limits.name_characters} characters")


def _check_whole(version: Version) -> None:
    if version.module.program.skipped or version.module.lost_files:
        raise RenameRefused("the file has syntax mistakes: mend them first, so that no name is overlooked")


def _is_new(workspace: Workspace, version: Version, symbol: Symbol, name: str) -> bool:
    """Whether nothing at all has that name, and the old one means nothing by itself: then nothing can be mistaken."""
    is_label = symbol.kind in ("stage", "layers")
    if name in _OF_LANGUAGE or symbol.name in (_OF_LANGUAGE if is_label else _IMPLIED):
        return False
    modules = [table.module for table in workspace.tables(version)]
    return not any(name in m.source.text or any(name == known for _, known in m.names) for m in modules)


def _has_room(version: Version, growth: int, limits: Limits) -> bool:
    """Whether all files together are not too large, even if each place of a name were in one of them."""
    return sum(version.module.sizes.values()) + growth <= min(limits.file_bytes, limits.total_bytes)


def _prove(workspace: Workspace, version: Version, symbol: Symbol, name: str, spans: list[Span]) -> None:
    """Reads the files as they would be: every name must lead where it led before, and no definition be taken."""
    by_source: dict[Source, list[Span]] = defaultdict(list)
    for span in spans:
        by_source[span.source].append(span)
    texts = {source: _replaced(source, places, name) for source, places in by_source.items()}
    files = workspace.files.with_texts({real_path(s.path): text for s, text in texts.items() if s.path is not None})
    for table in list(workspace.tables(version)):
        source = table.module.source
        if source not in texts and symbol.name not in source.text and name not in source.text:
            continue
        if source.path is None:
            reading = files.read_text(Source(source.name, texts.get(source, source.text)))
        else:
            reading = files.read(real_path(source.path))
        if reading is None:
            raise RenameRefused(f"`{source.name}` cannot be read")
        _compare(table, build_table(reading.module), by_source, name)


def _compare(before: SymbolTable, after: SymbolTable, by_source: dict[Source, list[Span]], name: str) -> None:
    moved_before = [_trace(o, by_source, name) for o in before.occurrences]
    moved_after = [_place(o) for o in after.occurrences]
    if moved_before == moved_after:
        return
    new = {place[0]: place for place in moved_after}
    for occurrence, expected in zip(before.occurrences, moved_before, strict=True):
        if new.get(expected[0]) != expected:
            place = f"`{occurrence.span.text}` at {occurrence.span}"
            raise RenameRefused(f"`{name}` means something else already: {place} would no longer mean what it means")
    raise RenameRefused(f"`{name}` means something else already in `{before.module.source.name}`")


def _trace(occurrence: Occurrence, by_source: dict[Source, list[Span]], name: str) -> _Traced:
    """Where an occurrence will stand, and where its symbol."""
    symbol = occurrence.symbol
    span = symbol.span
    target = _shift(span, by_source, name) if span is not None else None
    path = str(span.source.path or "") if span is not None else ""
    return _shift(occurrence.span, by_source, name), path, target, symbol.kind


def _place(occurrence: Occurrence) -> _Traced:
    span = occurrence.symbol.span
    path = str(span.source.path or "") if span is not None else ""
    return occurrence.span.start, path, span.start if span is not None else None, occurrence.symbol.kind


def _shift(span: Span, by_source: dict[Source, list[Span]], name: str) -> int:
    """The offset of a place after the edits of its file."""
    before = (edited for edited in by_source.get(span.source, ()) if edited.start < span.start)
    return span.start + sum(len(name) - (edited.end - edited.start) for edited in before)


def _replaced(source: Source, spans: list[Span], name: str) -> str:
    text = source.text
    for span in sorted(spans, key=lambda s: -s.start):
        text = text[: span.start] + name + text[span.end :]
    return text


_IMPLIED = frozenset({*OPS, *GIVEN, "y", "identity", "projection"} - {"i", "n", "l", "L"})
"""Names that the language looks for without their being written: `stride` of a block, the default `bn`."""

_OF_LANGUAGE = frozenset({*_IMPLIED, *GIVEN, *FUNCTIONS, *SUBJECTS})
"""Names that stand for something that no file defines."""

_Traced = tuple[int, str, int | None, str]
