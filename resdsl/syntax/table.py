"""Loads the parse table that is shipped beside the grammar; a stale one is built from the grammar instead."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, NamedTuple

from resdsl.data import grammar_file

Pick = int | list[int] | None


class Rule(NamedTuple):
    """How `length` symbols become one: `action` builds its value from the children that `picks` lists."""

    symbol: str
    length: int
    action: str | None
    picks: list[Pick]


class Table(NamedTuple):
    """The LALR(1) automaton of the grammar; `resdsl.syntax.build_table` says what each part holds."""

    terminals: list[tuple[str, str]]
    ignored: frozenset[str]
    keywords: dict[str, str]
    rules: list[Rule]
    states: list[dict[str, int]]


@cache
def load_table() -> Table:
    """The table of `res.lark`."""
    data = _read()
    return Table(
        terminals=[(name, pattern) for name, pattern in data["terminals"]],
        ignored=frozenset(data["ignored"]),
        keywords=data["keywords"],
        rules=[Rule(*rule) for rule in data["rules"]],
        states=data["states"],
    )


def _read() -> dict[str, Any]:
    from hashlib import sha256

    grammar = grammar_file("res.lark").read_bytes().replace(b"\r\n", b"\n")
    shipped = grammar_file("res.table.json")
    if shipped.is_file():
        data = json.loads(shipped.read_text(encoding="utf-8"))
        if data["digest"] == sha256(grammar).hexdigest():
            return data
    from resdsl.syntax.build_table import build_table  # Lark is needed only here, while the grammar is being changed

    return build_table(grammar.decode())
