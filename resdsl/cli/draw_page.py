"""The page of some networks as their files are now, or what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from resdsl.cli.draw import read_graphs
from resdsl.cli.specs import spec_file
from resdsl.diagnostics import Diagnostic, ResError, render
from resdsl.emit.draw import Drawing, DrawingError
from resdsl.emit.draw.writers.html import write_html
from resdsl.emit.draw.writers.trouble import Wrong, write_trouble
from resdsl.ir.graph import Graph


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
        wrong: where: the number of the spec (from 1), its line, and what to say there.
        texts: the specs as they are now; empty for what is no file.
        text: an HTML page that says so, for when there is none to show it on.
        version: a hash of the trouble and of the texts.
    """

    trouble: str
    wrong: tuple[Wrong, ...]
    texts: tuple[str, ...]
    text: str
    version: str


Draw = Callable[[Sequence[Graph]], Drawing]
"""Makes a picture of networks in the way that was asked for."""


def make_page(specs: tuple[str, ...], network: str | None, params: dict[str, str], draw: Draw) -> Page | NoPage:
    """Reads the files and draws all views; a mistake in them is a NoPage, never an exception."""
    try:
        graphs = read_graphs(specs, network, params)
        drawing = draw(graphs)
    except ResError as error:
        return _no_page(error, specs)
    except DrawingError as error:
        return _without_place(str(error), specs)
    version = sha256("\0".join([*(graph.spec for graph in graphs), drawing.svg]).encode()).hexdigest()[:16]
    return Page(write_html(drawing, live=version), version)


def watched_files(specs: tuple[str, ...]) -> frozenset[Path]:
    """The specs that are files, and their neighbours, which they may use."""
    folders = {file.parent for spec in specs if (file := spec_file(spec))}
    return frozenset(file for folder in folders for file in folder.glob("*.res"))


def _no_page(error: ResError, specs: tuple[str, ...]) -> NoPage:
    trouble = "\n\n".join(map(render, error.diagnostics))
    wrong = tuple(found for one in error.diagnostics for found in _places(one, specs))
    return _told(trouble, wrong, specs)


def _without_place(trouble: str, specs: tuple[str, ...]) -> NoPage:
    return _told(trouble, (), specs)


def _told(trouble: str, wrong: tuple[Wrong, ...], specs: tuple[str, ...]) -> NoPage:
    texts = tuple(_text(spec) for spec in specs)
    version = sha256("\0".join([trouble, *texts]).encode()).hexdigest()[:16]
    return NoPage(trouble, wrong, texts, write_trouble(trouble, wrong, texts, version), version)


def _places(diagnostic: Diagnostic, specs: tuple[str, ...]) -> Iterator[Wrong]:
    """Where a mistake stands in the specs; nowhere for one in a file that they use, which the trouble tells."""
    span = diagnostic.span
    if span is None or span.source.path is None:
        return
    told = f"{diagnostic.message}\n{diagnostic.help}" if diagnostic.help else diagnostic.message
    for number, spec in enumerate(specs, start=1):
        if span.source.path.resolve() == Path(spec).resolve():
            yield Wrong(number, span.line, told)


def _text(spec: str) -> str:
    file = spec_file(spec)
    try:
        return file.read_text(encoding="utf-8", errors="replace") if file is not None else ""
    except OSError:  # gone, or not to be read, as while an editor replaces it
        return ""
