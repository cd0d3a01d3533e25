"""What the server answers: one row for each method of the protocol, with what the client is told of it."""

from collections.abc import Callable
from typing import Any, Final

from lsprotocol import types

from resdsl.lsp import colours
from resdsl.lsp.requests import documents, edits, places, wholes

Feature = tuple[Callable[..., Any], Any]

FEATURES: Final[dict[str, Feature]] = {
    types.INITIALIZE: (documents.on_initialize, None),
    types.INITIALIZED: (documents.on_initialized, None),
    types.TEXT_DOCUMENT_DID_OPEN: (documents.on_opened, None),
    types.TEXT_DOCUMENT_DID_CHANGE: (documents.on_changed, None),
    types.TEXT_DOCUMENT_DID_CLOSE: (documents.on_closed, None),
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (documents.on_files_changed, None),
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (documents.on_folders_changed, None),
    types.TEXT_DOCUMENT_HOVER: (places.on_hover, None),
    types.TEXT_DOCUMENT_COMPLETION: (
        places.on_complete,
        types.CompletionOptions(trigger_characters=["(", '"', "{", "."]),
    ),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: (places.on_signature, types.SignatureHelpOptions(["(", ","])),
    types.TEXT_DOCUMENT_DEFINITION: (places.on_definition, None),
    types.TEXT_DOCUMENT_REFERENCES: (places.on_references, None),
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: (places.on_highlights, None),
    types.TEXT_DOCUMENT_PREPARE_RENAME: (edits.on_prepare_rename, None),
    types.TEXT_DOCUMENT_RENAME: (edits.on_rename, types.RenameOptions(prepare_provider=True)),
    types.TEXT_DOCUMENT_FORMATTING: (edits.on_format, None),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        edits.on_actions,
        types.CodeActionOptions([types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]),
    ),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (wholes.on_symbols, None),
    types.WORKSPACE_SYMBOL: (wholes.on_workspace_symbols, None),
    types.TEXT_DOCUMENT_CODE_LENS: (wholes.on_lenses, types.CodeLensOptions(resolve_provider=True)),
    types.CODE_LENS_RESOLVE: (wholes.on_resolve_lens, None),
    types.TEXT_DOCUMENT_INLAY_HINT: (wholes.on_inlays, None),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: (
        wholes.on_tokens,
        types.SemanticTokensLegend(list(colours.TYPES), list(colours.MODIFIERS)),
    ),
    types.TEXT_DOCUMENT_FOLDING_RANGE: (wholes.on_foldings, None),
    types.TEXT_DOCUMENT_DOCUMENT_LINK: (wholes.on_links, None),
}
