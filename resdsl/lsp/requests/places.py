"""Answers about the place of a cursor."""

from __future__ import annotations

from typing import Protocol

from lsprotocol import types

from resdsl.lsp.completion import Item, complete
from resdsl.lsp.document import Version
from resdsl.lsp.hover import hover
from resdsl.lsp.navigation import definition_of, references
from resdsl.lsp.positions import Positions
from resdsl.lsp.session import Session
from resdsl.lsp.signatures import signature_at
from resdsl.lsp.symbols import Kind
from resdsl.source import Span


class AtPlace(Protocol):
    """A request about a position in a document."""

    @property
    def text_document(self) -> types.TextDocumentIdentifier:
        """The document."""
        ...

    @property
    def position(self) -> types.Position:
        """The position."""
        ...


def place_of(ls: Session, params: AtPlace) -> tuple[Version, Positions, int] | None:
    """The document that a request is about, and the offset of its position."""
    version = ls.shown(params.text_document.uri)
    if version is None:
        return None
    positions = ls.positions(version.source)
    return version, positions, positions.offset(params.position)


def on_hover(ls: Session, params: types.HoverParams) -> types.Hover | None:
    """What is told about a place."""
    if (place := place_of(ls, params)) is None:
        return None
    version, positions, offset = place
    found = hover(version, offset)
    if found is None:
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, found.text), positions.range(found.span))


def on_complete(ls: Session, params: types.CompletionParams) -> types.CompletionList:
    """What may be written at a place."""
    if (place := place_of(ls, params)) is None:
        return types.CompletionList(is_incomplete=False, items=[])
    version, positions, offset = place
    start, items = complete(version, offset, ls.editor.limits)
    range_ = positions.range(Span(version.source, start, offset))
    snippets = _takes_snippets(ls)
    return types.CompletionList(is_incomplete=False, items=[_item(item, range_, snippets=snippets) for item in items])


def _takes_snippets(ls: Session) -> bool:
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
        insert_text_format=types.InsertTextFormat.Snippet
        if is_snippet and snippets
        else types.InsertTextFormat.PlainText,
    )


def on_signature(ls: Session, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    """The parameters of the call around a place."""
    if (place := place_of(ls, params)) is None:
        return None
    found = signature_at(place[0], place[2], ls.editor.limits)
    if found is None:
        return None
    parameters = [types.ParameterInformation(text) for text in found.parameters]
    about = types.SignatureInformation(found.text, found.doc or None, parameters, found.active)
    return types.SignatureHelp([about], 0, found.active)


def on_definition(ls: Session, params: types.DefinitionParams) -> types.Location | None:
    """Where a name is defined."""
    if (place := place_of(ls, params)) is None:
        return None
    span = definition_of(place[0], place[2])
    return ls.location(span, params.text_document.uri) if span is not None else None


def on_references(ls: Session, params: types.ReferenceParams) -> list[types.Location]:
    """Where a thing is named, in all files."""
    if (place := place_of(ls, params)) is None or (occurrence := place[0].table.at(place[2])) is None:
        return []
    found = references(ls.editor.workspace, place[0], occurrence.symbol)
    wanted = (o.span for o in found if params.context.include_declaration or not o.defines)
    places = (ls.location(span, params.text_document.uri) for span in wanted)
    return [location for location in places if location is not None]


def on_highlights(ls: Session, params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
    """Where a thing is named in this document."""
    if (place := place_of(ls, params)) is None or (occurrence := place[0].table.at(place[2])) is None:
        return []
    version, positions, _ = place
    return [
        types.DocumentHighlight(
            positions.range(o.span),
            types.DocumentHighlightKind.Write if o.defines else types.DocumentHighlightKind.Read,
        )
        for o in version.table.of(occurrence.symbol)
    ]


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
