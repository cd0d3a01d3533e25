"""The documents that are open in an editor, with everything that one may ask about them; it knows no protocol."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from resdsl.diagnostics import ResError
from resdsl.elaborate.definitions import Module
from resdsl.emit.draw import draw
from resdsl.limits import DEFAULT, Limits
from resdsl.lsp.document import Document, Version
from resdsl.lsp.files import Files
from resdsl.lsp.navigation import Workspace
from resdsl.source import Source, Span, usual_line_end
from resdsl.syntax.format import fmt, fmt_parsed


class Editor:
    """Open documents by a key of the editor's: an address, or a path."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self.limits = limits
        self.files = Files(limits)
        self.workspace = Workspace(self.files)
        self._documents: dict[str, Document] = {}

    def open(self, key: str, text: str, path: Path | None = None) -> None:
        """A document is shown."""
        name = path.name if path is not None else key.rpartition("/")[2]
        self._documents[key] = Document(name, path, text, self.files)

    def edit(self, key: str, text: str) -> None:
        """A shown document has another text now."""
        if key in self._documents:
            self._documents[key].edit(text)

    def close(self, key: str) -> None:
        """A document is shown no longer; what is on disk counts again."""
        document = self._documents.pop(key, None)
        if document is None or document.path is None:
            return
        self.files.forget(document.path)
        for other in self._documents.values():
            if other.path == document.path:
                other.show()

    def version(self, key: str) -> Version | None:
        """A document as it is now; None for one that is not shown."""
        document = self._documents.get(key)
        return document.now if document is not None else None

    def source(self, key: str) -> Source | None:
        """The text of a document, without a look at what it says; None for one that is not shown."""
        document = self._documents.get(key)
        return document.source if document is not None else None

    def shown(self) -> list[str]:
        """The keys of the documents that are shown."""
        return list(self._documents)

    def dependents(self, key: str) -> Iterator[str]:
        """The other shown documents that use a document, themselves or through others."""
        document = self._documents.get(key)
        if document is None or document.path is None:
            return
        for other in self.shown():
            version = self.version(other) if other != key else None
            if version is not None and any(s.path == document.path for s in _sources(version)):
                yield other

    def format(self, key: str) -> list[tuple[Span, str]]:
        """The edits that give a document the canonical layout; none where it has syntax mistakes."""
        source = self.source(key)
        if source is None:
            return []
        if "\r\n" in source.text:
            try:
                formatted = fmt(source.text.replace("\r\n", "\n"), name=source.name, limits=self.limits)
            except ResError:
                return []
            return changes(source, formatted.replace("\n", usual_line_end(source.text)))
        version = self.version(key)
        if version is None or version.has_syntax_mistakes:
            return []
        return changes(source, fmt_parsed(version.source, version.module.program, version.lexed, limits=self.limits))

    def draw(self, key: str, network: str | None = None) -> tuple[str, str]:
        """The name of a network and its overview as SVG. Raises ResError where it has mistakes."""
        version = self.version(key)
        networks = version.networks if version is not None else []
        preferred = next((found for found in networks if network in (None, found.definition.name)), None)
        if version is None or preferred is None:
            raise LookupError(f"there is no network `{network}`" if network else "there is no network to draw")
        outcome = version.outcome(preferred)
        if outcome is None or outcome.graph is None:
            raise ResError(outcome.diagnostics if outcome is not None else version.diagnostics())
        return outcome.graph.name, draw(outcome.graph).svg


def changes(source: Source, text: str) -> list[tuple[Span, str]]:
    """The change of the lines that differ: what is equal above and below them stays."""
    if text == source.text:
        return []
    old, new = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    start = sum(map(len, old[:first]))
    end = len(source.text) - sum(map(len, old[len(old) - last :]))
    return [(Span(source, start, end), "".join(new[first : len(new) - last]))]


def _sources(version: Version) -> Iterator[Source]:
    """The sources of everything that a document uses."""
    yield from (module.source for module in _used(version.module))
    yield from (module.source for module in version.reading.uses if module is not None)


def _used(module: Module) -> Iterator[Module]:
    yield from {id(found.module): found.module for found in module.used.values()}.values()
