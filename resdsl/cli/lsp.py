"""`resdsl lsp`: the language server for editors."""

from __future__ import annotations

import click

from resdsl.diagnostics import ToolError


@click.command(name="lsp")
@click.option("--stdio", is_flag=True, help="Speak over standard input and output, as it does anyway.")
def command(*, stdio: bool) -> None:
    """Serve an editor: diagnostics, hovers, completions, shapes.

    Editors start it themselves and speak the Language Server Protocol with it over standard input and output. It needs
    pygls: `pip install 'resdsl[lsp]'`.
    """
    del stdio
    try:
        from resdsl.lsp.server import make_server
    except ModuleNotFoundError as missing:
        if missing.name not in ("pygls", "lsprotocol"):
            raise
        raise ToolError(f"`{missing.name}` is not installed; `pip install 'resdsl[lsp]'` brings it") from None
    make_server().start_io()
