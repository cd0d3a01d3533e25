"""Documents come, change and go."""

from __future__ import annotations

from typing import Any, cast

from lsprotocol import types

from resdsl.lsp.session import Session, path_of


def on_initialized(ls: Session, _params: types.InitializedParams) -> None:
    """Learn which folders are open."""
    folders = [path_of(uri) for uri in ls.workspace.folders]
    root = path_of(ls.workspace.root_uri) if ls.workspace.root_uri else None
    ls.editor.workspace.folders = tuple(path for path in (*folders, *([] if folders else [root])) if path is not None)


def on_initialize(ls: Session, params: types.InitializeParams) -> None:
    """Learn what the client does itself."""
    options = params.initialization_options
    ls.returns_drawings = isinstance(options, dict) and cast("dict[str, Any]", options).get("drawings") == "return"


def on_folders_changed(ls: Session, _params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Other folders are open now."""
    folders = [path_of(uri) for uri in ls.workspace.folders]
    ls.editor.workspace.folders = tuple(path for path in folders if path is not None)


def on_opened(ls: Session, params: types.DidOpenTextDocumentParams) -> None:
    """A document is shown."""
    document = params.text_document
    ls.editor.open(document.uri, document.text, path_of(document.uri))
    ls.check_soon(document.uri)


def on_changed(ls: Session, params: types.DidChangeTextDocumentParams) -> None:
    """A document has another text."""
    uri = params.text_document.uri
    ls.editor.edit(uri, ls.workspace.get_text_document(uri).source)
    ls.check_soon(uri)


def on_closed(ls: Session, params: types.DidCloseTextDocumentParams) -> None:
    """A document is shown no longer: what uses it sees the file on disk again."""
    uri = params.text_document.uri
    dependents = list(ls.editor.dependents(uri))
    ls.editor.close(uri)
    ls.forget(uri)
    for other in dependents:
        ls.check_soon(other)


def on_files_changed(ls: Session, _params: types.DidChangeWatchedFilesParams) -> None:
    """Files have changed on disk."""
    for key in ls.editor.shown():
        ls.check_soon(key)
