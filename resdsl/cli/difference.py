"""What changes between two texts, as `diff -u` tells it."""

from __future__ import annotations

import sys
from difflib import unified_diff

from resdsl.diagnostics import visible, visible_lines


def difference(name: str, before: str, after: str, changed: str) -> str:
    """The lines that differ; `changed` says what the text after is, as `formatted`.

    Exact where a program reads it; on a terminal without what would hide a part of it.
    """
    lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    shown = visible(name)
    text = "".join(unified_diff(*lines, fromfile=shown, tofile=f"{shown} ({changed})"))
    return visible_lines(text) if sys.stdout.isatty() else text
