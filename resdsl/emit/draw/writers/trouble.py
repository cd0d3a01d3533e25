"""A page that says what is wrong with specs that no picture can be drawn of, each mistake at its line."""

from __future__ import annotations

from collections.abc import Sequence

from resdsl.emit.draw.wording import clean
from resdsl.emit.draw.writers.html import asset, content_hash, spec_lines
from resdsl.emit.draw.writers.svg import text
from resdsl.record import record


@record
class Wrong:
    """A mistake at its place: the number of the spec and the line, from 1, and what to say there."""

    spec: int
    line: int
    words: str


def write_trouble(trouble: str, wrong: Sequence[Wrong], specs: Sequence[str], version: str) -> str:
    """The page, which asks its own server for news."""
    style, script = asset("page.css"), asset("live.js")
    policy = f"default-src 'none'; script-src {content_hash(script)}; style-src {content_hash(style)}"
    policy += "; connect-src 'self'; base-uri 'none'; form-action 'none'"
    shown = "\n".join(text(line).replace(" ", "\u00a0") if clean(line) else "" for line in trouble.split("\n"))
    marked = "\n".join(_marked(spec, number, wrong) for number, spec in enumerate(specs, start=1) if spec)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="version" content="{version}">
<title>resdsl</title>
<style>{style}</style>
</head>
<body>
<div class="specs">{marked}</div>
<pre id="trouble" role="alert">{shown}</pre>
<script>{script}</script>
</body>
</html>
"""


def _marked(spec: str, number: int, wrong: Sequence[Wrong]) -> str:
    lines = spec_lines(spec, number)
    for one in wrong:
        if one.spec == number and one.line <= len(lines):
            lines[one.line - 1] = lines[one.line - 1].replace("<div ", '<div class="wrong" ', 1)
    for one in sorted(wrong, key=lambda one: -one.line):
        if one.spec == number:
            words = "<br>".join(map(text, one.words.split("\n")))
            lines.insert(one.line, f'<div class="told"><code>{words}</code></div>')
    return f'<pre id="spec-{number}">{"".join(lines)}</pre>'
