"""The formats of pictures, each with its writer; to add one, write `writers/<format>.py` and a row here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from resdsl.emit.draw.errors import DrawingError
from resdsl.record import record

if TYPE_CHECKING:
    from resdsl.emit.draw.drawing import Drawing


@record
class Format:
    """A format: how it is written, and what it is for."""

    write: Callable[[Drawing], str | bytes]
    about: str


def form_of(path: Path) -> str:
    """The format of a file by its suffix. Raises DrawingError for a suffix that means nothing."""
    form = path.suffix.lstrip(".").lower()
    if form not in FORMATS:
        raise DrawingError(f"`{path.name}` ends in no format; there are {', '.join(f'.{one}' for one in FORMATS)}")
    return form


def _writer(name: str, function: str) -> Callable[..., str]:
    return cast("Callable[..., str]", getattr(import_module(f"resdsl.emit.draw.writers.{name}"), function))


def _svg(drawing: Drawing) -> str:
    return _writer("svg", "write_svg")(drawing.scene, drawing.theme)


def _html(drawing: Drawing) -> str:
    return _writer("html", "write_html")(drawing)


def _pdf(drawing: Drawing) -> bytes:
    return drawing.pdf()


def _png(drawing: Drawing) -> bytes:
    return drawing.png()


def _fixed(drawing: Drawing) -> str:
    return "light" if drawing.theme == "auto" else drawing.theme


def _table(drawing: Drawing, function: str) -> str:
    from resdsl.emit.draw.tabulate import tabulate

    return _writer("tables", function)(tabulate(drawing.graphs, shade=drawing.choice.shade))


def _tex(drawing: Drawing) -> str:
    if drawing.choice.view == "table":
        return _table(drawing, "write_latex")
    return _writer("tikz", "write_tikz")(drawing.scene, _fixed(drawing))


def _markdown(drawing: Drawing) -> str:
    if drawing.choice.view == "table":
        return _table(drawing, "write_markdown")
    return f"```mermaid\n{_mermaid(drawing)}```\n"


def _mermaid(drawing: Drawing) -> str:
    return _writer("structure", "write_mermaid")(drawing.graphs[0])


FORMATS: dict[str, Format] = {
    "svg": Format(_svg, "for pages and papers; every shape says what it stands for"),
    "pdf": Format(_pdf, "for papers: vectors, fonts embedded"),
    "png": Format(_png, "pixels, two for each of the picture's"),
    "html": Format(_html, "one page with all views, to explore"),
    "dot": Format(
        lambda drawing: _writer("dot", "write_dot")(drawing.scene, _fixed(drawing)), "Graphviz, every place pinned"
    ),
    "tex": Format(_tex, "TikZ; for the view `table` a tabular"),
    "json": Format(lambda drawing: _writer("json", "write_json")(drawing.scene), "the shapes as data"),
    "md": Format(_markdown, "Mermaid in Markdown; for the view `table` a table"),
    "mmd": Format(_mermaid, "Mermaid alone"),
    "csv": Format(lambda drawing: _table(drawing, "write_csv"), "the table, whatever the view"),
    "txt": Format(lambda drawing: _table(drawing, "write_columns"), "the table for a terminal"),
}
"""The formats by suffix."""
