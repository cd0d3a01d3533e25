"""A token: the smallest part of a text that means something."""

from __future__ import annotations

import re
from typing import NamedTuple


class Token(NamedTuple):
    """A word, number, sign or comment: the name of its terminal, its characters, and where they stand.

    The last token of a text is of kind `$END`. Kinds that begin with `BAD` are no part of the grammar: characters
    that the language has no use for, which the parser tells of where it meets them.
    """

    kind: str
    text: str
    start: int
    end: int


NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What a name looks like; keywords do, too."""

NO_NAME = "…"
"""Stands for a name that could not be read; no author can write it."""

NAME_IN_BRACES = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A name in a message, `{depth}`, whose value stands there."""
