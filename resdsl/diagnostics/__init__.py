"""What is told to a person about their file: codes, diagnostics, and how they are printed."""

from resdsl.diagnostics.code import WARNINGS, Code
from resdsl.diagnostics.diagnostic import Diagnostic, InternalError, Note, ResError, Severity, ToolError, sure_fixes
from resdsl.diagnostics.fix import Fix, apply, delete, suggest
from resdsl.diagnostics.nearest import nearest
from resdsl.diagnostics.render import render
from resdsl.diagnostics.visible import escaped, visible, visible_lines

__all__ = [
    "WARNINGS",
    "Code",
    "Diagnostic",
    "Fix",
    "InternalError",
    "Note",
    "ResError",
    "Severity",
    "ToolError",
    "apply",
    "delete",
    "escaped",
    "nearest",
    "render",
    "suggest",
    "sure_fixes",
    "visible",
    "visible_lines",
]
