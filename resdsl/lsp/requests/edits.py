"""Answers that change documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from resdsl.lsp.document import Version
from resdsl.lsp.fixes import QuickFix, all_fixes, fixes_at
from resdsl.lsp.positions import Positions
from resdsl.lsp.rename import RenameRefused, renamable, rename
from resdsl.lsp.requests.places import place_of
from resdsl.lsp.session import Session

T = TypeVar("T")


def on_prepare_rename(ls: Session, params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
    """Whether the thing at a place can be renamed."""
    if (place := place_of(ls, params)) is None:
        return None
    occurrence = _refusing(lambda: renamable(place[0], place[2]))
    return types.PrepareRenamePlaceholder(place[1].range(occurrence.span), occurrence.span.text)


def on_rename(ls: Session, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """The edits that rename the thing at a place."""
    if (place := place_of(ls, params)) is None:
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


def on_format(ls: Session, params: types.DocumentFormattingParams) -> list[types.TextEdit]:
    """The edits that bring the canonical layout."""
    uri = params.text_document.uri
    edits = ls.editor.format(uri)
    return [types.TextEdit(ls.positions(span.source).range(span), text) for span, text in edits]


def on_actions(ls: Session, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Quick fixes, and all sure fixes at once.

    A client that asks of itself, after every key, is told nothing before the text is checked: it asks again when the
    messages come.
    """
    uri = params.text_document.uri
    version = ls.shown(uri)
    is_asked = params.context.trigger_kind != types.CodeActionTriggerKind.Automatic
    if version is None or not (is_asked or version.is_checked):
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


def _quick_fix(ls: Session, fix: QuickFix, positions: Positions, version: Version, uri: str) -> types.CodeAction:
    edits = [types.TextEdit(positions.range(fix.edit.span), fix.edit.text)]
    told = ls.diagnostic(fix.diagnostic, version, uri)
    return types.CodeAction(
        fix.title,
        types.CodeActionKind.QuickFix,
        diagnostics=[told],
        is_preferred=fix.edit is fix.diagnostic.fixes[0],
        edit=types.WorkspaceEdit(changes={uri: edits}),
    )
