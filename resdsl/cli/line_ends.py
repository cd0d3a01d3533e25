"""Line ends, which a file keeps: texts are read with plain ones."""

from __future__ import annotations

from difflib import SequenceMatcher
from operator import add

from resdsl.source import usual_line_end


def with_line_ends(text: str, raw: str) -> str:
    """A mended text with the line ends of the raw one, in which they may differ from line to line."""
    if "\r\n" not in raw:
        return text
    old, new = raw.split("\n"), text.split("\n")
    ends = [usual_line_end(raw).removesuffix("\n")] * (len(new) - 1) + [""]
    matcher = SequenceMatcher(None, [line.removesuffix("\r") for line in old], new, autojunk=False)
    lines: list[str] = []
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        lines += old[i1:i2] if kind == "equal" else map(add, new[j1:j2], ends[j1:j2])
    return "\n".join(lines)
