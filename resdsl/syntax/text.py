"""Checks a text before it is cut into tokens: its size, and that it is what it looks like."""

from __future__ import annotations

import re
import unicodedata

from resdsl.diagnostics import Code, Diagnostic, Fix
from resdsl.limits import Limits
from resdsl.source import Source, Span


def check_size(source: Source, limits: Limits) -> Diagnostic | None:
    """What is wrong with the size of a text, in bytes of UTF-8."""
    text = source.text
    if len(text) * 4 <= limits.file_bytes:
        return None
    size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    if size <= limits.file_bytes:
        return None
    return Diagnostic(
        Code.LIMIT_SOURCE,
        f"`{source.name}` has {size:,} bytes; a file may have {limits.file_bytes:,}",
        Span(source, 0, 0),
        help="split it into files that `use` each other, or raise the limit: `Limits(file_bytes=…)`",
    )


def check_characters(source: Source) -> list[Diagnostic]:
    """A message for each character that hides what a text says, in comments and quoted texts too.

    Refused are controls but tab and newline, marks that change the direction of writing, characters without a width,
    a byte order mark after the beginning, halves of surrogate pairs, and line ends that not every editor shows.
    """
    return [
        _hidden(source, match) for match in HIDDEN.finditer(source.text) if match.group() != "\ufeff" or match.start()
    ]


def name_character(character: str) -> str:
    """A character as a message can show it: `U+202E (RIGHT-TO-LEFT OVERRIDE)`."""
    name = "CARRIAGE RETURN" if character == "\r" else unicodedata.name(character, "")
    return f"U+{ord(character):04X}{f' ({name})' if name else ''}"


def _hidden(source: Source, match: re.Match[str]) -> Diagnostic:
    message = f"the character {name_character(match.group())} cannot be seen, and may hide what the text says"
    span = Span(source, *match.span())
    return Diagnostic(Code.SYNTAX_CHARACTER, message, span, help="delete it", fixes=(Fix(span, ""),))


HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # without a width
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # without a width, of direction, line ends
    "\ud800-\udfff\U000e0000-\U000e0fff]"  # halves of pairs, tags
    "|\r(?!\n)"
)
