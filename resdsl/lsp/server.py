"""The language server: a session, and the answers of the table."""

from __future__ import annotations

from resdsl.lsp.requests import FEATURES
from resdsl.lsp.requests.drawing import DRAW, on_draw
from resdsl.lsp.session import Session


def make_server() -> Session:
    """A server with all features of the table; `start_io` serves one editor."""
    session = Session()
    for name, (answer, options) in FEATURES.items():
        session.feature(name, options)(answer)
    session.command(DRAW)(on_draw)
    return session
