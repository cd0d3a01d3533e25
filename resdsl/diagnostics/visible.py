"""Texts as they can be shown: nothing in them moves the cursor, hides what stands there, or begins a line."""

from __future__ import annotations

from unicodedata import category


def visible(text: str) -> str:
    """The text on one line, with � for each character that a terminal would obey or hide.

    What comes from outside goes through here on its way to a person: paths, the keys of a checkpoint, names in a
    document. It is the same text where nothing is hidden in it.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if c == "\t" else _UNSEEN if category(c) in _HIDDEN else c for c in text)


def visible_lines(text: str) -> str:
    """The same for a text whose lines are ours."""
    return "\n".join(map(visible, text.split("\n")))


def escaped(document: str) -> str:
    r"""A JSON document with each such character written as `\u202e`: to a program it is the same document."""
    if document.isascii():
        return document.replace("\x7f", "\\u007f")
    return "".join(c if c == "\n" or category(c) not in _HIDDEN else _json_escape(c) for c in document)


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


_UNSEEN = "�"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
