"""Pictures of networks: `draw` makes one, `VIEWS` and `FORMATS` say what there is."""

from resdsl.emit.draw.drawing import Drawing, draw
from resdsl.emit.draw.errors import DrawingError, RendererMissingError
from resdsl.emit.draw.formats import FORMATS
from resdsl.emit.draw.views import VIEWS

__all__ = ["FORMATS", "VIEWS", "Drawing", "DrawingError", "RendererMissingError", "draw"]
