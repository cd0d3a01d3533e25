"""Answers about a whole document, or all of them."""

from __future__ import annotations

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from resdsl.lsp import colours, marks
from resdsl.lsp.occurrences import path_span
from resdsl.lsp.outline import Entry, definitions, foldings, outline
from resdsl.lsp.positions import Positions
from resdsl.lsp.requests.drawing import DRAW
from resdsl.lsp.session import Session
from resdsl.lsp.symbols import Kind


def on_symbols(ls: Session, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    """The outline of a document."""
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


def on_workspace_symbols(ls: Session, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    """Definitions in the open folders by their names."""
    found: list[types.WorkspaceSymbol] = []
    editor = ls.editor
    for reading in editor.files.read_all(editor.files.below(editor.workspace.folders)):
        for symbol in definitions(reading.module, params.query):
            location = ls.location(symbol.span) if symbol.span is not None else None
            if location is not None:
                kind, file = _SYMBOL_KINDS[symbol.kind], reading.module.source.name
                found.append(types.WorkspaceSymbol(location, symbol.name, kind, container_name=file))
    return found


def on_lenses(ls: Session, params: types.CodeLensParams) -> list[types.CodeLens]:
    """A line above each network; what is not computed yet is resolved later."""
    uri = params.text_document.uri
    version = ls.shown(uri)
    if version is None:
        return []
    positions = ls.positions(version.source)
    lenses: list[types.CodeLens] = []
    for found in version.networks:
        name = found.definition.name
        command = None
        if version.is_known(found):
            command = types.Command(marks.counts(version, found), DRAW, arguments=[uri, name])
        lenses.append(
            types.CodeLens(positions.range(found.definition.name_span), command, data={"uri": uri, "network": name})
        )
    return lenses


def on_resolve_lens(ls: Session, lens: types.CodeLens) -> types.CodeLens:
    """A network's counts."""
    match lens.data:
        case {"uri": str(uri), "network": str(network)}:
            version = ls.shown(uri)
        case _:
            raise JsonRpcInvalidParams("a lens is resolved with the `data` that it came with")
    found = next((f for f in version.networks if f.definition.name == network), None) if version else None
    title = marks.counts(version, found) if version is not None and found is not None else ""
    lens.command = types.Command(title, DRAW, arguments=[uri, network])
    return lens


def on_inlays(ls: Session, params: types.InlayHintParams) -> list[types.InlayHint]:
    """The shapes at the ends of lines."""
    version = ls.shown(params.text_document.uri)
    if version is None:
        return []
    positions = ls.positions(version.source)
    beyond = types.Position(params.range.end.line, _BEYOND)
    first, last = (version.source.position(positions.offset(at))[0] for at in (params.range.start, beyond))
    found = marks.shape_marks(version, first, last)
    return [
        types.InlayHint(positions.position(mark.span.start), mark.text, types.InlayHintKind.Type, padding_left=True)
        for mark in found
    ]


def on_tokens(ls: Session, params: types.SemanticTokensParams) -> types.SemanticTokens:
    """The colours of all tokens, as differences."""
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


def on_foldings(ls: Session, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    """What can be folded away."""
    version = ls.shown(params.text_document.uri)
    if version is None:
        return []
    positions = ls.positions(version.source)
    ranges = (positions.range(span) for span in foldings(version.module))
    return [types.FoldingRange(range_.start.line, range_.end.line) for range_ in ranges]


def on_links(ls: Session, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    """The files that are used."""
    version = ls.shown(params.text_document.uri)
    if version is None:
        return []
    positions = ls.positions(version.source)
    return [
        types.DocumentLink(positions.range(path_span(use)), target=ls.uri(module.source.path))
        for use, module in zip(version.module.program.uses, version.reading.uses, strict=True)
        if module is not None and module.source.path is not None
    ]


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
_BEYOND = 2**31 - 1  # characters of a line, as the protocol has them at most
