"""What each token of a document is, for an editor that colours by meaning."""

from __future__ import annotations

from collections.abc import Iterator

from resdsl.lsp.document import Version
from resdsl.lsp.occurrences import Occurrence
from resdsl.lsp.symbols import Kind, Symbol
from resdsl.record import record
from resdsl.syntax.table import load_table

TYPES = (
    "keyword", "comment", "string", "number", "operator", "class", "struct", "type", "function", "method",
    "parameter", "variable", "property", "enumMember", "namespace", "macro",
)  # fmt: skip
"""The standard types of the protocol that are used here, in the order of their numbers."""

MODIFIERS = ("declaration", "readonly", "defaultLibrary", "documentation")
"""The standard modifiers, in the order of their bits."""


@record
class Coloured:
    """A token: its place, its type and its modifiers, by name."""

    start: int
    end: int
    type: str
    modifiers: frozenset[str] = frozenset()


def coloured(version: Version) -> Iterator[Coloured]:
    """All tokens and comments, in order; none spans a line's end. A name in the braces of a text is one of its own."""
    occurrences = {o.span.start: o for o in version.table.occurrences if o.symbol.kind != "file"}
    keywords = load_table().keywords
    for token in sorted([*version.lexed.tokens, *version.lexed.comments], key=lambda token: token.start):
        occurrence = occurrences.get(token.start)
        if occurrence is not None and occurrence.span.end == token.end:
            yield _named(occurrence)
        elif keywords.get(token.text) == token.kind:
            yield Coloured(token.start, token.end, "keyword")
        elif token.kind == "STRING":
            start = token.start
            for inner in version.table.within(token.start + 1, token.end):
                if inner.symbol.kind == "file":
                    continue
                yield from _lines(version, start, inner.span.start, "string")
                yield _named(inner)
                start = inner.span.end
            yield from _lines(version, start, token.end, "string")
        elif token.kind in _BY_TOKEN:
            documents = token.kind == "COMMENT" and token.text.startswith("##")
            modifiers = frozenset({"documentation"}) if documents else frozenset[str]()
            yield from _lines(version, token.start, token.end, _BY_TOKEN[token.kind], modifiers)


def _named(occurrence: Occurrence) -> Coloured:
    symbol = occurrence.symbol
    modifiers = {"declaration"} if occurrence.defines else set[str]()
    span = occurrence.span
    return Coloured(span.start, span.end, _BY_KIND[symbol.kind], frozenset(modifiers | _brought(symbol)))


def _lines(
    version: Version, start: int, end: int, type_: str, modifiers: frozenset[str] = frozenset()
) -> Iterator[Coloured]:
    for line in version.source.text[start:end].splitlines(keepends=True):
        n_shown = len(line.rstrip("\r\n"))
        if n_shown:
            yield Coloured(start, start + n_shown, type_, modifiers)
        start += len(line)


def _brought(symbol: Symbol) -> set[str]:
    if symbol.kind in ("op", "function", "given", "setting", "init", "scheme", "subject"):
        return {"defaultLibrary"}
    return {"readonly"} if symbol.kind in ("parameter", "let") else set()


_BY_KIND: dict[Kind, str] = {
    "network": "class",
    "block": "struct",
    "shortcut": "type",
    "layer": "function",
    "op": "function",
    "schedule": "method",
    "parameter": "parameter",
    "let": "variable",
    "equation": "variable",
    "stage": "property",
    "layers": "property",
    "link": "property",
    "file": "string",
    "setting": "parameter",
    "function": "function",
    "given": "variable",
    "init": "enumMember",
    "scheme": "enumMember",
    "subject": "property",
    "option": "property",
    "word": "enumMember",
}
_BY_TOKEN = {
    "COMMENT": "comment",
    "BLOCK_COMMENT": "comment",
    "INT": "number",
    "REAL": "number",
    "SIZE": "number",
    "QUANTITY": "number",
    "ARROW": "operator",
    "PLUS": "operator",
    "MINUS": "operator",
    "STAR": "operator",
    "SLASH": "operator",
    "FLOOR": "operator",
    "MODULO": "operator",
    "CARET": "operator",
    "COMPARE": "operator",
}
