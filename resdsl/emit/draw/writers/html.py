"""Drawing to one HTML page: all views, the spec beside them, and nothing that comes from anywhere else."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from resdsl.emit.draw.views import VIEWS, lay
from resdsl.emit.draw.wording import clean
from resdsl.emit.draw.writers.svg import text, write_svg
from resdsl.ir.graph import Graph
from resdsl.record import evolve

if TYPE_CHECKING:
    from resdsl.emit.draw.drawing import Drawing

PAGE_FOLDER = Path(__file__).parents[1] / "page"
MOST_UNFOLDED = 130
"""Nets with at most so many blocks show each of them on the page."""


def write_html(drawing: Drawing, *, live: str = "") -> str:
    """The page; with `live`, the version of what it shows, one that asks its own server for news."""
    views = _views(drawing)
    style = asset("page.css")
    script = asset("page.js") + (asset("live.js") if live else "")
    pictures = {view: _picture(drawing, view) for view in views}
    styles = [style, *re.findall(r"<style>(.*?)</style>", "".join(pictures.values()), re.DOTALL)]
    hashes = " ".join(map(content_hash, styles))
    policy = f"default-src 'none'; script-src {content_hash(script)}; style-src {hashes}"
    policy += "; base-uri 'none'; form-action 'none'" + ("; connect-src 'self'" if live else "")
    title = text(drawing.scene.title)
    tabs = "".join(
        f'<button role="tab" id="tab-{view}" data-view="{view}" aria-controls="panel-{view}">{NAMES[view]}</button>'
        for view in views
    )
    panels = "\n".join(
        f'<div role="tabpanel" id="panel-{view}" data-view="{view}" aria-labelledby="tab-{view}" hidden>{picture}</div>'
        for view, picture in pictures.items()
    )
    specs = "\n".join(_spec(graph, number) for number, graph in enumerate(drawing.graphs, start=1))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="version" content="{live}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
<div role="tablist" aria-label="Views">{tabs}</div>
<div class="search">
<input id="search" type="search" placeholder="Search  (/)" aria-label="Search blocks and layers" autocomplete="off">
<ul id="results" hidden></ul>
</div>
</header>
<main>
<section class="stage" aria-label="Picture">
{panels}
<div class="tools">
<button id="zoom-out" aria-label="Smaller">−</button><button id="zoom-fit">fit</button>
<button id="zoom-in" aria-label="Larger">+</button>
</div>
</section>
<aside>
<div id="about" aria-live="polite"><p class="hint">Point at a block for its numbers; click a stage for its blocks,
a block for its layers. Keys: / search, + − 0 zoom, 1–{len(views)} views.</p></div>
<div class="specs">
{specs}
</div>
</aside>
</main>
<pre id="trouble" role="alert" hidden></pre>
<script>{script}</script>
</body>
</html>
"""


def _views(drawing: Drawing) -> list[str]:
    """The view that was asked for first, then the others that these networks have."""
    several = len(drawing.graphs) > 1
    views: list[str] = list(_OF_SEVERAL if several else _OF_ONE)
    if len(drawing.graphs) == 2:
        views.insert(1, "diff")
    if not any(graph.blocks for graph in drawing.graphs):
        views = [view for view in views if view not in {"blocks", "strip", "unit"}]
    wanted = "compare" if several and drawing.choice.view == "overview" else drawing.choice.view
    return [wanted, *(view for view in views if view != wanted)]


def _picture(drawing: Drawing, view: str) -> str:
    few = sum(len(graph.blocks) for graph in drawing.graphs) <= MOST_UNFOLDED
    only = drawing.choice.only if view == drawing.choice.view else ""
    unfold = drawing.choice.unfold or (few and view == "blocks")
    choice = evolve(drawing.choice, view=view, only=only, unfold=unfold)
    return write_svg(
        lay(drawing.graphs, choice), drawing.theme if drawing.theme != "light" else "auto", background=False
    )


def _spec(graph: Graph, number: int) -> str:
    """The text of a spec under the network's name."""
    return f'<h2>{text(graph.name)}</h2><pre id="spec-{number}">{"".join(spec_lines(graph.spec, number))}</pre>'


def spec_lines(spec: str, number: int) -> list[str]:
    """The text of spec `number`, an element a line."""
    lines = spec.replace("\r\n", "\n").rstrip("\n").split("\n")
    return [
        f'<div id="line-{number}-{i}" data-line="{i}"><code>{_coloured(line)}</code></div>'
        for i, line in enumerate(lines, start=1)
    ]


def _coloured(line: str) -> str:
    """A line of a spec with its words, numbers, strings and comments marked; spaces are kept."""
    pieces: list[str] = []
    at = 0
    for found in _TOKEN.finditer(line):
        pieces.append(_plain(line[at : found.start()]))
        kind = found.lastgroup or ""
        words = _plain(found[0])
        kind = "word" if kind == "name" and found[0] in KEYWORDS else kind
        pieces.append(words if kind == "name" else f'<span class="spec-{kind}">{words}</span>')
        at = found.end()
    pieces.append(_plain(line[at:]))
    return "".join(pieces)


def _plain(words: str) -> str:
    """Text of a spec, its spaces as they are."""
    return "".join(" " if c in " \t" else text(c) if clean(c) else "" for c in words)


def asset(name: str) -> str:
    """The text of a file of the page."""
    return (PAGE_FOLDER / name).read_text(encoding="utf-8")


def content_hash(content: str) -> str:
    """What a content security policy calls a style or script."""
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


_OF_SEVERAL = ("compare", "blocks", "strip", "unit", "layers", "table")
_OF_ONE = ("overview", "blocks", "strip", "unit", "layers", "table")

NAMES = {view: {"unit": "Units"}.get(view, view.capitalize()) for view in VIEWS}

KEYWORDS = frozenset(
    (
        "res use network let require input stem head layers stage shortcut link over via else levels survive init tap"
        " keys norm act about cite expect drop block before residual after layer schedule extern all each if then and"
        " or not true false"
    ).split()
)
"""The words that the page shows bold in a spec."""

_TOKEN = re.compile(
    r"(?P<comment>\#.*|/\*.*?\*/)|(?P<string>\"(?:[^\"\\]|\\.)*\")|(?P<number>\b\d[\w.]*)|(?P<name>[A-Za-z_]\w*)",
)
