"""What a picture cannot be."""

from __future__ import annotations

from resdsl.diagnostics import ToolError


class DrawingError(ValueError):
    """A picture was asked for that there is not: an unknown view, a format that cannot hold it."""


class RendererMissingError(ToolError):
    """A format needs a package that is not installed."""
