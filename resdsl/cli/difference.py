"""What changes between two texts, as `diff -u` tells it."""

from __future__ import annotations

import re
import sys
from difflib import unified_diff
from typing import Final

from resdsl.diagnostics import visible, visible_lines


def difference(name: str, before: str, after: str, changed: str) -> str:
    """The lines that differ; `changed` says what the text after is, as `formatted`.

    Exact where a program reads it; on a terminal without what would hide a part of it.
    """
    shown = visible(name)
    lines = unified_diff(_lines(before), _lines(after), fromfile=shown, tofile=f"{shown} ({changed})")
    text = "".join(line if line.endswith("\n") else f"{line}\n{_OPEN_END}\n" for line in lines)
    return visible_lines(text) if sys.stdout.isatty() else text


def _lines(text: str) -> list[str]:
    """The lines as `diff` and `patch` have them: a newline ends one, and no other character."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


_OPEN_END: Final = "\\ No newline at end of file"
