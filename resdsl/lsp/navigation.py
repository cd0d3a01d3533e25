"""Where names are defined and used: in the document, and in the other files of the workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from resdsl.elaborate.definitions import Module
from resdsl.lsp.document import Version
from resdsl.lsp.files import Files
from resdsl.lsp.occurrences import Occurrence, SymbolTable, build_table
from resdsl.lsp.symbols import Symbol
from resdsl.source import Source, Span, real_path


class Workspace:
    """The specs of the workspace's folders, as the editor shows them, each read when it is first needed."""

    def __init__(self, files: Files, folders: tuple[Path, ...] = ()) -> None:
        self.files = files
        self.folders = folders
        self._tables: dict[Path, SymbolTable] = {}

    def tables(self, version: Version, *, naming: str = "") -> Iterator[SymbolTable]:
        """The document's own table, then those of the other files; if a word is given, of files that hold it."""
        yield version.table
        here = real_path(version.source.path) if version.source.path is not None else None
        folders = self.folders or ((here.parent,) if here is not None else ())
        for reading in self.files.read_all(path for path in self.files.below(folders) if path != here):
            module = reading.module
            if not naming or naming in module.source.text:
                yield self._table(module)

    def _table(self, module: Module) -> SymbolTable:
        path = module.source.path or Path()
        table = self._tables.get(path)
        if table is None or table.module is not module:
            table = self._tables[path] = build_table(module)
        return table


def definition_of(version: Version, offset: int) -> Span | None:
    """Where the name under a cursor is defined; for the file of a `use`, its beginning."""
    occurrence = version.table.at(offset)
    if occurrence is None:
        return None
    if occurrence.symbol.kind == "file":
        for use, module in zip(version.module.program.uses, version.reading.uses, strict=False):
            if use.span.start <= offset <= use.span.end and module is not None:
                return Span(module.source, 0, 0)
        return None
    return occurrence.symbol.span


def references(workspace: Workspace, version: Version, symbol: Symbol) -> Iterator[Occurrence]:
    """Every place where a symbol is named, in all files; what the language itself brings, in the document alone."""
    if symbol.span is None:
        yield from version.table.of(symbol)
        return
    seen: set[tuple[Source, int]] = set()
    for table in workspace.tables(version, naming=symbol.name):
        for occurrence in table.of(symbol):
            place = occurrence.span.source, occurrence.span.start
            if place not in seen:
                seen.add(place)
                yield occurrence
