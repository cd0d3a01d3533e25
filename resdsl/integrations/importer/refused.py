"""How the importer stops: one error that says what it met, in which module."""

from __future__ import annotations

from resdsl.diagnostics import Code, Diagnostic, ResError


def refused(message: str, path: str = "", *, help: str = "") -> ResError:
    """The error, to be raised; `path` is the module's, from the model: `layer1.0.conv1`."""
    where = f"`{path}`: " if path else ""
    return ResError([Diagnostic(Code.IMPORT_MODULE, f"{where}{message}", help=help)])
