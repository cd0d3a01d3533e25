"""Scene to PNG, by resvg, with the fonts that the package ships: the same pixels on every machine."""

from __future__ import annotations

from resdsl.emit.draw.errors import DrawingError, RendererMissingError
from resdsl.emit.draw.scene import Scene
from resdsl.emit.draw.theme import ThemeName
from resdsl.emit.draw.truetype import FONT_FOLDER
from resdsl.emit.draw.writers.svg import write_svg

MAX_SIDE = 16_384


def write_png(scene: Scene, theme: ThemeName = "light", *, scale: float = 2.0) -> bytes:
    """The picture with `scale` dots for each pixel of its size.

    Raises:
        RendererMissingError: where resvg is not installed.
        DrawingError: where the picture would be larger than 16,384 dots a side.
    """
    try:
        import resvg_py
    except ImportError:
        message = "PNG needs the package `resvg-py` (`pip install resvg-py`); .svg and .pdf need nothing"
        raise RendererMissingError(message) from None
    side = max(scene.width, scene.height) * scale
    if side > MAX_SIDE:
        size = f"{scene.width:.0f}x{scene.height:.0f} pixels at scale {scale:g}"
        raise DrawingError(
            f"the picture is {size}; a PNG has at most {MAX_SIDE} a side: write .svg or .pdf, or scale it down"
        )
    svg = write_svg(scene, theme)
    return bytes(
        resvg_py.svg_to_bytes(svg_string=svg, zoom=scale, skip_system_fonts=True, font_dirs=[str(FONT_FOLDER)])
    )
