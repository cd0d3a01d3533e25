"""What is told to a person about their file: codes, diagnostics, and how they are printed."""

from resdsl.diagnostics.code import Code
from resdsl.diagnostics.diagnostic import Diagnostic, Fix, InternalError, Note, ResError, Severity
from resdsl.diagnostics.nearest import nearest
from resdsl.diagnostics.render import render

__all__ = ["Code", "Diagnostic", "Fix", "InternalError", "Note", "ResError", "Severity", "nearest", "render"]
