"""A person at an editor: types, asks the server, and applies what it answers."""

import asyncio
from pathlib import Path

from lsprotocol import types
from lsprotocol.converters import get_converter
from pytest_lsp import LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features


class Client(LanguageClient):
    """A client that keeps every message that the server sends of itself."""

    def __init__(self) -> None:
        super().__init__(converter_factory=get_converter)
        self.published: list[types.PublishDiagnosticsParams] = []
        self.shown: list[types.ShowMessageParams] = []
        self.refreshes: list[str] = []


def make_client() -> Client:
    client = Client()

    def published(client: Client, params: types.PublishDiagnosticsParams) -> None:
        client.published.append(params)

    def refresh_lenses(client: Client, _params: None) -> None:
        client.refreshes.append("lenses")

    def refresh_shapes(client: Client, _params: None) -> None:
        client.refreshes.append("shapes")

    def message(client: Client, params: types.ShowMessageParams) -> None:
        client.shown.append(params)

    own = {
        types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: published,
        types.WORKSPACE_CODE_LENS_REFRESH: refresh_lenses,
        types.WORKSPACE_INLAY_HINT_REFRESH: refresh_shapes,
        types.WINDOW_SHOW_MESSAGE: message,
    }
    register_lsp_features(client, {**DEFAULT_CLIENT_FEATURES, **own})
    return client


class Person:
    """One document that a person edits."""

    def __init__(self, client: Client, path: Path, text: str, *, on_disk: bool = True) -> None:
        self.client = client
        self.path = path
        self.uri = path.as_uri()
        self.text = text
        self.number = 1
        if on_disk:
            path.write_text(text, encoding="utf-8")
        about = types.TextDocumentItem(self.uri, "resdsl", 1, text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(about))

    @property
    def document(self) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri)

    def at(self, word: str, nth: int = 0, *, behind: bool = False) -> types.Position:
        """Where a word stands, or its end."""
        offset = -1
        for _ in range(nth + 1):
            offset = self.text.index(word, offset + 1)
        before = self.text[: offset + len(word) * behind]
        return types.Position(before.count("\n"), len(before) - (before.rfind("\n") + 1))

    async def told(self) -> list[types.Diagnostic]:
        """The messages for the text as it is now."""
        for _ in range(400):
            for params in reversed(self.client.published):
                if params.uri == self.uri and params.version == self.number:
                    return list(params.diagnostics)
            await asyncio.sleep(0.05)
        raise TimeoutError("the server has published nothing for this text")

    async def told_again(self, n_before: int) -> list[types.Diagnostic]:
        """The messages that are published after the first so many."""
        for _ in range(400):
            own = [params for params in self.client.published[n_before:] if params.uri == self.uri]
            if own:
                return list(own[-1].diagnostics)
            await asyncio.sleep(0.05)
        raise TimeoutError("the server has published nothing new")

    def type(self, text: str) -> None:
        """The document has another text."""
        self.text = text
        self.number += 1
        about = types.VersionedTextDocumentIdentifier(self.number, self.uri)
        change = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(about, [change]))

    def apply(self, edits: list[types.TextEdit]) -> None:
        """Changes the text as the server says."""
        text = self.text
        for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
            text = text[: self._offset(edit.range.start)] + edit.new_text + text[self._offset(edit.range.end) :]
        self.type(text)

    def apply_here(self, edit: types.WorkspaceEdit | None) -> None:
        """Applies the part of an edit that is of this document."""
        changes = (edit.changes if edit is not None else None) or {}
        self.apply(list(changes.get(self.uri, [])))

    def close(self) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.document))

    def _offset(self, position: types.Position) -> int:
        lines = self.text.split("\n")
        return sum(len(line) + 1 for line in lines[: position.line]) + position.character
