"""The page of some networks as their files are now, or what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from resdsl.cli.draw import read_graphs
from resdsl.diagnostics import ResError, render
from resdsl.emit.draw import draw
from resdsl.emit.draw.writers.html import write_html, write_trouble


@dataclass(frozen=True)
class Page:
    """A page that could be drawn.

    Attributes:
        text: the HTML, which asks its server for news.
        version: a hash of what is shown.
    """

    text: str
    version: str


@dataclass(frozen=True)
class NoPage:
    """Files that no page can be drawn of.

    Attributes:
        trouble: what is wrong, as the command line says it.
        lines: the lines of the first spec that it stands on.
        text: an HTML page that says so, for when there is none to show it on.
        version: a hash of the trouble.
    """

    trouble: str
    lines: tuple[int, ...]
    text: str
    version: str


def make_page(specs: tuple[str, ...], network: str | None, params: dict[str, str]) -> Page | NoPage:
    """Reads the files and draws all views; a mistake in them is a NoPage, never an exception."""
    try:
        graphs = read_graphs(specs, network, params)
    except ResError as error:
        return _no_page(error, specs[0])
    drawing = draw(graphs, theme="auto")
    version = sha256("\0".join([*(graph.spec for graph in graphs), drawing.svg]).encode()).hexdigest()[:16]
    return Page(write_html(drawing, live=version), version)


def watched_files(specs: tuple[str, ...]) -> frozenset[Path]:
    """The specs that are files, and their neighbours, which they may use."""
    folders = {Path(spec).parent for spec in specs if Path(spec).is_file()}
    return frozenset(file for folder in folders for file in folder.glob("*.res"))


def _no_page(error: ResError, spec: str) -> NoPage:
    trouble = "\n\n".join(map(render, error.diagnostics))
    spans = [one.span for one in error.diagnostics if one.span]
    here = Path(spec).resolve()
    lines = tuple(span.line for span in spans if span.source.path and span.source.path.resolve() == here)
    version = sha256(trouble.encode()).hexdigest()[:16]
    return NoPage(trouble, lines, write_trouble(trouble, version), version)
