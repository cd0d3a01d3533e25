"""What a picture cannot be."""

from __future__ import annotations


class DrawingError(ValueError):
    """A picture was asked for that there is not: an unknown view, a format that cannot hold it."""


class RendererMissingError(DrawingError):
    """A format needs a package that is not installed."""
