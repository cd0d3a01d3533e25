"""The command that draws a network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from resdsl.diagnostics import ResError
from resdsl.lsp.session import Session

DRAW: Final = "resdsl.draw"
"""Takes a document's address and, where it has several networks, the name of one."""


def on_draw(ls: Session, *arguments: Any) -> dict[str, str] | None:
    """The overview of a network as SVG; shown by the client's system unless the client shows it itself."""
    match _flat(arguments):
        case [str(uri)]:
            network = None
        case [str(uri), str() | None as given]:
            network = given or None
        case _:
            raise JsonRpcInvalidParams(f"`{DRAW}` takes the address of a document and, at will, a network's name")
    try:
        name, svg = ls.editor.draw(uri, network)
    except (ResError, LookupError) as error:
        what = f"{network or 'the network'} has mistakes" if isinstance(error, ResError) else str(error.args[0])
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"not drawn: {what}"))
        return None
    about = ls.client_capabilities.window
    if (
        not ls.returns_drawings
        and about is not None
        and about.show_document is not None
        and about.show_document.support
    ):
        ls.show_drawing(name, svg)
    return {"network": name, "svg": svg}


def _flat(arguments: Iterable[Any]) -> list[Any]:
    """The arguments of a command, which clients send one by one or as one list."""
    values = list(arguments)
    return list(cast("list[Any]", values[0])) if len(values) == 1 and isinstance(values[0], list) else values
