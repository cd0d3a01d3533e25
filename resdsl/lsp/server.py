"""The language server: the protocol's requests as questions to the editor service, its answers as the protocol's."""

from __future__ import annotations

import asyncio
import atexit
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from shutil import rmtree
from traceback import format_exception
from typing import Any, Final, TypeVar, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from resdsl import __version__
from resdsl.diagnostics import Diagnostic, InternalError, ResError
from resdsl.lsp import colours, marks
from resdsl.lsp.completion import Item, complete
from resdsl.lsp.document import Version
from resdsl.lsp.editor import Editor
from resdsl.lsp.fixes import QuickFix, all_fixes, fixes_at
from resdsl.lsp.hover import hover
from resdsl.lsp.navigation import definition_of, references
from resdsl.lsp.outline import Entry, definitions, foldings, outline
from resdsl.lsp.positions import Positions
from resdsl.lsp.rename import RenameRefused, renamable, rename
from resdsl.lsp.signatures import signature_at
from resdsl.lsp.symbols import Kind, path_span
from resdsl.source import Source, Span

T = TypeVar("T")

DRAW: Final = "resdsl.draw"
"""The command that draws a network: a document's address and, if there are several, the network's name."""


class Server(LanguageServer):
    """One editor's session. Diagnostics are pushed, a moment after the last key; every other answer is asked for."""

    def __init__(self) -> None:
        super().__init__("resdsl", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self.editor = Editor()
        self._checks: dict[str, asyncio.Task[None]] = {}
        self._drawings: Path | None = None
        self.returns_drawings = False

    def shown(self, uri: str) -> Version | None:
        """A document as it is now."""
        return self.editor.version(uri)

    def positions(self, source: Source) -> Positions:
        """The places of a source, as this client counts them."""
        return Positions(source, str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding)))

    def location(self, span: Span, here: str = "") -> types.Location | None:
        """A place with its file's address; `here` is the address of a text that has no file."""
        path = span.source.path
        uri = self.uri(path) if path is not None else here
        return types.Location(uri, self.positions(span.source).range(span)) if uri else None

    def uri(self, path: Path) -> str:
        """The address of a file: the client's own, where it shows the file."""
        for key in self.editor.keys():
            if path_of(key) == path:
                return key
        return from_fs_path(str(path)) or ""

    def check_soon(self, uri: str) -> None:
        """Tell what is wrong with a document, and with those that use it, once nobody has typed for a moment."""
        for key in (uri, *self.editor.dependents(uri)):
            before = self._checks.pop(key, None)
            if before is not None:
                before.cancel()
            self._checks[key] = asyncio.get_running_loop().create_task(self._check(key))

    async def _check(self, uri: str) -> None:
        """Checks a document; a mistake of ours is told, and the server goes on."""
        await asyncio.sleep(PAUSE)
        try:
            await self._check_now(uri)
        except Exception as error:  # noqa: BLE001  told to the user, whatever it is
            told = error if isinstance(error, InternalError) else InternalError(f"{type(error).__name__}: {error}")
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, str(told)))
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, "".join(format_exception(error))))

    async def _check_now(self, uri: str) -> None:
        """Elaborates one network after another, other requests in between, then publishes everything at once."""
        version = self.shown(uri)
        if version is None:
            return
        for _ in version.elaborate():
            await asyncio.sleep(0)
        if self.shown(uri) is version:
            self._publish(uri, [self._diagnostic(d, version, uri) for d in version.diagnostics()])
            self._refresh()
        self._checks.pop(uri, None)

    def forget(self, uri: str) -> None:
        """A document is closed: its messages go."""
        check = self._checks.pop(uri, None)
        if check is not None:
            check.cancel()
        self._publish(uri, [])

    def _publish(self, uri: str, diagnostics: list[types.Diagnostic]) -> None:
        document = self.workspace.text_documents.get(uri)
        number = document.version if document is not None else None
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics, number))

    def _refresh(self) -> None:
        """Shapes and counts may be others now, also in documents that did not change."""
        about = self.client_capabilities.workspace
        if about is not None and about.inlay_hint is not None and about.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)
        if about is not None and about.code_lens is not None and about.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)

    def _diagnostic(self, diagnostic: Diagnostic, version: Version, uri: str) -> types.Diagnostic:
        return to_diagnostic(diagnostic, self.positions(version.source), lambda span: self.location(span, uri))

    def show_drawing(self, name: str, svg: str) -> None:
        """Writes a drawing where it is thrown away at the end, and asks the client to show it."""
        if self._drawings is None:
            self._drawings = Path(tempfile.mkdtemp(prefix="resdsl-"))
            atexit.register(rmtree, self._drawings, ignore_errors=True)
        path = self._drawings / f"{name}.svg"
        path.write_text(svg, encoding="utf-8")
        uri = from_fs_path(str(path))
        if uri is not None:
            self.window_show_document(types.ShowDocumentParams(uri, external=True))


def make_server() -> Server:
    """A server with all features of the table."""
    server = Server()
    for name, (answer, options) in FEATURES.items():
        server.feature(name, options)(answer)
    server.command(DRAW)(_draw)
    return server


def to_diagnostic(
    diagnostic: Diagnostic, positions: Positions, location: Callable[[Span], types.Location | None]
) -> types.Diagnostic:
    """A diagnostic as the protocol has it: help below the message, the other side as related information."""
    span = diagnostic.span
    text = diagnostic.message + (f" ({diagnostic.label})" if diagnostic.label else "")
    related = [
        types.DiagnosticRelatedInformation(place, note.text)
        for note in diagnostic.notes
        if (place := location(note.span)) is not None
    ]
    unused = diagnostic.code.value.endswith("-unused")
    start = types.Position(0, 0)
    return types.Diagnostic(
        range=positions.range(span) if span is not None else types.Range(start, start),
        message=f"{text}\nhelp: {diagnostic.help}" if diagnostic.help else text,
        severity=_SEVERITIES[diagnostic.severity],
        code=diagnostic.code.value,
        source="resdsl",
        tags=[types.DiagnosticTag.Unnecessary] if unused else None,
        related_information=related or None,
    )


def path_of(uri: str) -> Path | None:
    """The file that an address names; None for a text that has none yet."""
    if not uri.startswith("file:"):
        return None
    path = to_fs_path(uri)
    return Path(path).resolve() if path else None


# ---------------------------------------------------------------- documents


def _initialized(ls: Server, params: types.InitializedParams) -> None:
    folders = [path_of(uri) for uri in ls.workspace.folders]
    root = path_of(ls.workspace.root_uri) if ls.workspace.root_uri else None
    ls.editor.workspace.folders = tuple(path for path in (*folders, *([] if folders else [root])) if path is not None)


def _initialize(ls: Server, params: types.InitializeParams) -> None:
    options = params.initialization_options
    ls.returns_drawings = isinstance(options, dict) and cast("dict[str, Any]", options).get("drawings") == "return"


def _folders_changed(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    folders = [path_of(uri) for uri in ls.workspace.folders]
    ls.editor.workspace.folders = tuple(path for path in folders if path is not None)


def _opened(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    document = params.text_document
    ls.editor.open(document.uri, document.text, path_of(document.uri))
    ls.check_soon(document.uri)


def _changed(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    uri = params.text_document.uri
    ls.editor.edit(uri, ls.workspace.get_text_document(uri).source)
    ls.check_soon(uri)


def _closed(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    dependents = list(ls.editor.dependents(uri))
    ls.editor.close(uri)
    ls.forget(uri)
    for other in dependents:
        ls.check_soon(other)


def _files_changed(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    for key in ls.editor.keys():
        ls.check_soon(key)


# ---------------------------------------------------------------- what is under the cursor


def _place(ls: Server, params: Any) -> tuple[Version, Positions, int] | None:
    """The document that a request is about, and the offset of its position."""
    version = ls.shown(params.text_document.uri)
    if version is None:
        return None
    positions = ls.positions(version.source)
    return version, positions, positions.offset(params.position)


def _hover(ls: Server, params: types.HoverParams) -> types.Hover | None:
    if (place := _place(ls, params)) is None:
        return None
    version, positions, offset = place
    found = hover(version, offset)
    if found is None:
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, found.text), positions.range(found.span))


def _complete(ls: Server, params: types.CompletionParams) -> types.CompletionList:
    if (place := _place(ls, params)) is None:
        return types.CompletionList(is_incomplete=False, items=[])
    version, positions, offset = place
    start, items = complete(version, offset, ls.editor.limits)
    range_ = positions.range(Span(version.source, start, offset))
    snippets = _takes_snippets(ls)
    return types.CompletionList(is_incomplete=False, items=[_item(item, range_, snippets=snippets) for item in items])


def _takes_snippets(ls: Server) -> bool:
    about = ls.client_capabilities.text_document
    item = about.completion.completion_item if about is not None and about.completion is not None else None
    return bool(item is not None and item.snippet_support)


def _item(item: Item, range_: types.Range, *, snippets: bool) -> types.CompletionItem:
    is_snippet = "${" in item.insert
    text = item.insert if item.insert and (snippets or not is_snippet) else item.label
    return types.CompletionItem(
        label=item.label,
        kind=_ITEM_KINDS[item.symbol.kind] if item.kind == "name" and item.symbol is not None else _ITEMS[item.kind],
        detail=item.detail or None,
        documentation=types.MarkupContent(types.MarkupKind.Markdown, item.doc) if item.doc else None,
        sort_text=f"{item.rank}{item.label}",
        filter_text=item.label,
        text_edit=types.TextEdit(range_, text),
        insert_text_format=types.InsertTextFormat.Snippet if is_snippet and snippets else types.InsertTextFormat.PlainText,
    )


def _signature(ls: Server, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    if (place := _place(ls, params)) is None:
        return None
    found = signature_at(place[0], place[2], ls.editor.limits)
    if found is None:
        return None
    parameters = [types.ParameterInformation(text) for text in found.parameters]
    about = types.SignatureInformation(found.text, found.doc or None, parameters, found.active)
    return types.SignatureHelp([about], 0, found.active)


def _definition(ls: Server, params: types.DefinitionParams) -> types.Location | None:
    if (place := _place(ls, params)) is None:
        return None
    span = definition_of(place[0], place[2])
    return ls.location(span, params.text_document.uri) if span is not None else None


def _references(ls: Server, params: types.ReferenceParams) -> list[types.Location]:
    if (place := _place(ls, params)) is None or (occurrence := place[0].table.at(place[2])) is None:
        return []
    found = references(ls.editor.workspace, place[0], occurrence.symbol)
    wanted = (o.span for o in found if params.context.include_declaration or not o.defines)
    places = (ls.location(span, params.text_document.uri) for span in wanted)
    return [location for location in places if location is not None]


def _highlights(ls: Server, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    if (place := _place(ls, params)) is None or (occurrence := place[0].table.at(place[2])) is None:
        return []
    version, positions, _ = place
    return [
        types.DocumentHighlight(
            positions.range(o.span), types.DocumentHighlightKind.Write if o.defines else types.DocumentHighlightKind.Read
        )
        for o in version.table.of(occurrence.symbol)
    ]


# ---------------------------------------------------------------- changes


def _prepare_rename(ls: Server, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
    if (place := _place(ls, params)) is None:
        return None
    occurrence = _refusing(lambda: renamable(place[0], place[2]))
    return types.PrepareRenamePlaceholder(place[1].range(occurrence.span), occurrence.span.text)


def _rename(ls: Server, params: types.RenameParams) -> types.WorkspaceEdit | None:
    if (place := _place(ls, params)) is None:
        return None
    edits = _refusing(lambda: rename(ls.editor.workspace, place[0], place[2], params.new_name, ls.editor.limits))
    changes: dict[str, list[types.TextEdit]] = {}
    for edit in edits:
        location = ls.location(edit.span, params.text_document.uri)
        if location is not None:
            changes.setdefault(location.uri, []).append(types.TextEdit(location.range, edit.text))
    return types.WorkspaceEdit(changes=changes)


def _refusing(ask: Callable[[], T]) -> T:
    """The answer; a refusal as an error that the client shows."""
    try:
        return ask()
    except RenameRefused as refused:
        raise JsonRpcInvalidParams(str(refused)) from None


def _format(ls: Server, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    uri = params.text_document.uri
    version = ls.shown(uri)
    if version is None:
        return []
    positions = ls.positions(version.source)
    return [types.TextEdit(positions.range(span), text) for span, text in ls.editor.format(uri)]


def _actions(ls: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    version = ls.shown(uri)
    if version is None:
        return []
    positions = ls.positions(version.source)
    only = params.context.only or [types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]
    actions: list[types.CodeAction] = []
    if types.CodeActionKind.QuickFix in only:
        start, end = positions.offset(params.range.start), positions.offset(params.range.end)
        actions += [_quick_fix(ls, fix, positions, version, uri) for fix in fixes_at(version, start, end)]
    if any(types.CodeActionKind.SourceFixAll.value.startswith(str(getattr(kind, "value", kind))) for kind in only):
        edits = [types.TextEdit(positions.range(fix.span), fix.text) for fix in all_fixes(version)]
        if edits:
            edit = types.WorkspaceEdit(changes={uri: edits})
            actions.append(types.CodeAction("Apply every sure fix", types.CodeActionKind.SourceFixAll, edit=edit))
    return actions


def _quick_fix(ls: Server, fix: QuickFix, positions: Positions, version: Version, uri: str) -> types.CodeAction:
    edits = [types.TextEdit(positions.range(edit.span), edit.text) for edit in fix.edits]
    told = to_diagnostic(fix.diagnostic, positions, lambda span: ls.location(span, uri))
    return types.CodeAction(
        fix.title,
        types.CodeActionKind.QuickFix,
        diagnostics=[told],
        is_preferred=fix.is_sure,
        edit=types.WorkspaceEdit(changes={uri: edits}),
    )


# ---------------------------------------------------------------- the whole document


def _symbols(ls: Server, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    version = ls.shown(params.text_document.uri)
    if version is None:
        return []
    positions = ls.positions(version.source)
    return [_symbol(entry, positions) for entry in outline(version.module)]


def _symbol(entry: Entry, positions: Positions) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=entry.name,
        kind=_SYMBOL_KINDS[entry.kind],
        range=positions.range(entry.span),
        selection_range=positions.range(entry.name_span),
        detail=entry.detail,
        children=[_symbol(child, positions) for child in entry.children],
    )


def _workspace_symbols(ls: Server, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    found: list[types.WorkspaceSymbol] = []
    editor = ls.editor
    for reading in editor.files.read_all(editor.files.below(editor.workspace.folders)):
        for symbol in definitions(reading.module, params.query):
            location = ls.location(symbol.span) if symbol.span is not None else None
            if location is not None:
                found.append(
                    types.WorkspaceSymbol(location, symbol.name, _SYMBOL_KINDS[symbol.kind], container_name=reading.module.source.name)
                )
    return found


def _lenses(ls: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    uri = params.text_document.uri
    version = ls.shown(uri)
    if version is None:
        return []
    positions = ls.positions(version.source)
    lenses: list[types.CodeLens] = []
    for mark, found in marks.network_marks(version):
        name = found.definition.name
        command = None
        if version.is_known(found):
            command = types.Command(marks.counts(version, found), DRAW, arguments=[uri, name])
        lenses.append(types.CodeLens(positions.range(mark.span), command, data={"uri": uri, "network": name}))
    return lenses


def _resolve_lens(ls: Server, lens: types.CodeLens) -> types.CodeLens:
    data = cast("dict[str, str]", lens.data)
    version = ls.shown(data["uri"])
    found = next((f for f in version.networks if f.definition.name == data["network"]), None) if version else None
    title = marks.counts(version, found) if version is not None and found is not None else ""
    lens.command = types.Command(title, DRAW, arguments=[data["uri"], data["network"]])
    return lens


def _inlays(ls: Server, params: types.InlayHintParams) -> list[types.InlayHint]:
    version = ls.shown(params.text_document.uri)
    if version is None:
        return []
    positions = ls.positions(version.source)
    found = marks.shape_marks(version, params.range.start.line + 1, params.range.end.line + 1)
    return [
        types.InlayHint(positions.position(mark.span.start), mark.text, types.InlayHintKind.Type, padding_left=True)
        for mark in found
    ]


def _tokens(ls: Server, params: types.SemanticTokensParams) -> types.SemanticTokens:
    version = ls.shown(params.text_document.uri)
    data: list[int] = []
    if version is None:
        return types.SemanticTokens(data)
    positions = ls.positions(version.source)
    line = column = 0
    for token in colours.coloured(version):
        start, end = positions.position(token.start), positions.position(token.end)
        bits = sum(1 << colours.MODIFIERS.index(name) for name in token.modifiers)
        after = start.character - (column if start.line == line else 0)
        data += [start.line - line, after, end.character - start.character, colours.TYPES.index(token.type), bits]
        line, column = start.line, start.character
    return types.SemanticTokens(data)


def _foldings(ls: Server, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    version = ls.shown(params.text_document.uri)
    if version is None:
        return []
    lines = ((span.line - 1, version.source.position(span.end)[0] - 1) for span in foldings(version.module))
    return [types.FoldingRange(first, last) for first, last in lines]


def _links(ls: Server, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    version = ls.shown(params.text_document.uri)
    if version is None:
        return []
    positions = ls.positions(version.source)
    return [
        types.DocumentLink(positions.range(path_span(use)), target=ls.uri(module.source.path))
        for use, module in zip(version.module.program.uses, version.reading.uses, strict=True)
        if module is not None and module.source.path is not None
    ]


def _draw(ls: Server, *arguments: Any) -> dict[str, str] | None:
    """The overview of a network as SVG; shown by the client's system unless the client shows it itself."""
    uri, *more = _flat(arguments)
    network = str(more[0]) if more and more[0] else None
    try:
        name, svg = ls.editor.draw(str(uri), network)
    except (ResError, LookupError) as error:
        what = f"{network or 'the network'} has mistakes" if isinstance(error, ResError) else str(error.args[0])
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"not drawn: {what}"))
        return None
    about = ls.client_capabilities.window
    if not ls.returns_drawings and about is not None and about.show_document is not None and about.show_document.support:
        ls.show_drawing(name, svg)
    return {"network": name, "svg": svg}


def _flat(arguments: Iterable[Any]) -> list[Any]:
    """The arguments of a command, which clients send one by one or as one list."""
    values = list(arguments)
    return list(cast("list[Any]", values[0])) if len(values) == 1 and isinstance(values[0], list) else values


# ---------------------------------------------------------------- tables

PAUSE = 0.05  # seconds without a key before a text is checked

Feature = tuple[Callable[..., Any], Any]

FEATURES: Final[dict[str, Feature]] = {
    types.INITIALIZE: (_initialize, None),
    types.INITIALIZED: (_initialized, None),
    types.TEXT_DOCUMENT_DID_OPEN: (_opened, None),
    types.TEXT_DOCUMENT_DID_CHANGE: (_changed, None),
    types.TEXT_DOCUMENT_DID_CLOSE: (_closed, None),
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: (_files_changed, None),
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (_folders_changed, None),
    types.TEXT_DOCUMENT_HOVER: (_hover, None),
    types.TEXT_DOCUMENT_COMPLETION: (_complete, types.CompletionOptions(trigger_characters=["(", '"', "{", "."])),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: (_signature, types.SignatureHelpOptions(["(", ","])),
    types.TEXT_DOCUMENT_DEFINITION: (_definition, None),
    types.TEXT_DOCUMENT_REFERENCES: (_references, None),
    types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: (_highlights, None),
    types.TEXT_DOCUMENT_PREPARE_RENAME: (_prepare_rename, None),
    types.TEXT_DOCUMENT_RENAME: (_rename, types.RenameOptions(prepare_provider=True)),
    types.TEXT_DOCUMENT_FORMATTING: (_format, None),
    types.TEXT_DOCUMENT_CODE_ACTION: (
        _actions,
        types.CodeActionOptions([types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]),
    ),
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (_symbols, None),
    types.WORKSPACE_SYMBOL: (_workspace_symbols, None),
    types.TEXT_DOCUMENT_CODE_LENS: (_lenses, types.CodeLensOptions(resolve_provider=True)),
    types.CODE_LENS_RESOLVE: (_resolve_lens, None),
    types.TEXT_DOCUMENT_INLAY_HINT: (_inlays, None),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: (
        _tokens,
        types.SemanticTokensLegend(list(colours.TYPES), list(colours.MODIFIERS)),
    ),
    types.TEXT_DOCUMENT_FOLDING_RANGE: (_foldings, None),
    types.TEXT_DOCUMENT_DOCUMENT_LINK: (_links, None),
}
"""What the server answers, with what it tells the client of each."""

_SEVERITIES = {"error": types.DiagnosticSeverity.Error, "warning": types.DiagnosticSeverity.Warning}

_SYMBOL_KINDS: dict[Kind, types.SymbolKind] = {
    "network": types.SymbolKind.Class,
    "block": types.SymbolKind.Struct,
    "shortcut": types.SymbolKind.Operator,
    "layer": types.SymbolKind.Function,
    "schedule": types.SymbolKind.Method,
    "let": types.SymbolKind.Variable,
    "stage": types.SymbolKind.Field,
    "layers": types.SymbolKind.Field,
    "link": types.SymbolKind.Event,
}

_ITEMS = {
    "keyword": types.CompletionItemKind.Keyword,
    "argument": types.CompletionItemKind.Property,
    "value": types.CompletionItemKind.EnumMember,
    "file": types.CompletionItemKind.File,
}

_ITEM_KINDS: dict[Kind, types.CompletionItemKind] = {
    "network": types.CompletionItemKind.Class,
    "block": types.CompletionItemKind.Struct,
    "shortcut": types.CompletionItemKind.Operator,
    "layer": types.CompletionItemKind.Function,
    "op": types.CompletionItemKind.Function,
    "schedule": types.CompletionItemKind.Method,
    "parameter": types.CompletionItemKind.Variable,
    "let": types.CompletionItemKind.Variable,
    "equation": types.CompletionItemKind.Variable,
    "stage": types.CompletionItemKind.Field,
    "layers": types.CompletionItemKind.Field,
    "link": types.CompletionItemKind.Event,
    "function": types.CompletionItemKind.Function,
    "given": types.CompletionItemKind.Constant,
    "subject": types.CompletionItemKind.Property,
}
