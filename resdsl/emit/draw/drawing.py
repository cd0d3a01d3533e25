"""A picture of one or more networks: written in any format, shown in a notebook, handed to other tools."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resdsl.emit.draw.errors import DrawingError, RendererMissingError
from resdsl.emit.draw.scene import Scene
from resdsl.emit.draw.theme import THEMES, ThemeName
from resdsl.emit.draw.views import Choice, View, lay, refuse_idle
from resdsl.emit.write import write_file
from resdsl.ir.graph import Graph
from resdsl.record import record

if TYPE_CHECKING:
    import graphviz
    import networkx as nx


def draw(
    graph: Graph | Sequence[Graph],
    view: View = "overview",
    *,
    shade: str | None = None,
    theme: ThemeName = "light",
    only: str = "",
    unfold: bool = False,
    width: float | None = None,
) -> Drawing:
    """A picture of a network, or of several in one; `resdsl.draw` says what can be asked for.

    Raises:
        DrawingError: where there is no such view, shade, theme or part, or where the width is too small.
    """
    if shade not in {None, "survival"}:
        raise DrawingError(f"there is no shade `{shade}`; there is `survival`")
    if theme not in {*THEMES, "auto"}:
        raise DrawingError(f"there is no theme `{theme}`; there are {', '.join(THEMES)}, auto")
    graphs = (graph,) if isinstance(graph, Graph) else tuple(graph)
    choice = Choice(view, shade=shade is not None, only=only, unfold=unfold, width=width)
    refuse_idle(choice, n_graphs=len(graphs))
    drawing = Drawing(graphs, choice, theme)
    _ = drawing.scene
    return drawing


@record
class Drawing:
    """A picture; `draw` makes it.

    Attributes:
        graphs: the networks that it shows.
        choice: what it shows of them.
        theme: its colours.
    """

    graphs: tuple[Graph, ...]
    choice: Choice
    theme: ThemeName = "light"

    @cached_property
    def scene(self) -> Scene:
        """The shapes, without a format."""
        return lay(self.graphs, self.choice)

    @cached_property
    def svg(self) -> str:
        """The picture as SVG."""
        return str(self.to("svg"))

    def png(self, *, scale: float = 2.0) -> bytes:
        """The picture as PNG, with `scale` dots for each pixel. Raises RendererMissingError without `resvg-py`."""
        from resdsl.emit.draw.writers.png import write_png

        return write_png(self.scene, self._fixed_theme, scale=scale)

    def pdf(self) -> bytes:
        """The picture as PDF: lines and letters, with the fonts in it."""
        from resdsl.emit.draw.writers.pdf import write_pdf

        return write_pdf(self.scene, self._fixed_theme)

    def to(self, form: str) -> str | bytes:
        """The picture in a format: see `FORMATS`. Raises DrawingError for a format that there is not."""
        from resdsl.emit.draw.formats import FORMATS

        if form not in FORMATS:
            raise DrawingError(f"there is no format `{form}`; there are {', '.join(FORMATS)}")
        return FORMATS[form].write(self)

    def save(self, path: str | Path) -> Path:
        """Writes the picture in the format of the path's suffix; the path.

        Raises:
            DrawingError: for a suffix that is no format's.
            ToolError: where the file cannot be written; what stood there still does.
        """
        from resdsl.emit.draw.formats import form_of

        path = Path(path)
        write_file(path, self.to(form_of(path)))
        return path

    def to_graphviz(self) -> graphviz.Source:
        """The pinned picture for the `graphviz` package. Raises RendererMissingError without it."""
        try:
            import graphviz
        except ImportError:
            raise RendererMissingError("`to_graphviz` needs the package `graphviz` (`pip install graphviz`)") from None
        return graphviz.Source(str(self.to("dot")))

    def to_networkx(self) -> nx.DiGraph[int]:
        """The first network, layer by layer."""
        from resdsl.ir.networkx import to_networkx

        return to_networkx(self.graphs[0])

    @property
    def _fixed_theme(self) -> ThemeName:
        return "light" if self.theme == "auto" else self.theme

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """What a notebook shows: the picture, no wider than its cell, and for terminals the table."""
        from resdsl.emit.draw.tabulate import tabulate
        from resdsl.emit.draw.writers.tables import write_columns

        return {
            "text/html": f'<div style="overflow-x:auto">{self.svg}</div>',
            "image/svg+xml": self.svg,
            "text/plain": write_columns(tabulate(self.graphs)).rstrip(),
        }
