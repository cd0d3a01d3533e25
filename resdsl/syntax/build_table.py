"""Makes the parse table from the grammar: `python -m resdsl.syntax.build_table` writes `grammars/res.table.json`.

Lark reads `res.lark` and computes the LALR(1) automaton; what is kept of it is plain data, so that no command has to
import Lark or to compute the automaton again. This is the only module that touches Lark, and Lark's internals.

The table, as JSON:

    digest      of the text of res.lark, which tells a stale table
    terminals   [name, pattern] in the order in which the lexer tries them
    ignored     names of the terminals that are dropped between tokens
    keywords    {word: name} of the terminals that are words, which NAME would match too
    rules       [symbol, length, action, picks]: `action` names what builds the value, or is null where the one child
                is handed up; `picks` lists the children it gets: a place, [place] where a helper rule's many children
                are spliced in, or null for an optional part that is absent
    states      {symbol: number}: a state to go to, or, below zero, the rule ~number to reduce by
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from typing import Any

from lark import Lark
from lark.lexer import PatternStr, TerminalDef
from lark.parsers.lalr_analysis import Shift

from resdsl.data import grammar_file

GRAMMAR = "res.lark"
TABLE = "res.table.json"


def build_table(grammar: str) -> dict[str, Any]:
    """The table of a grammar, the same to the byte on every run. Raises Lark's GrammarError on a conflict."""
    lark: Any = Lark(grammar, start="program", parser="lalr", lexer="basic", maybe_placeholders=True)
    words, terminals = _split_keywords(lark.terminals)
    states, rules = _number(lark.parser.parser._parse_table)  # noqa: SLF001
    return {
        "digest": digest(grammar),
        "terminals": [[t.name, t.pattern.to_regexp()] for t in sorted(terminals, key=_lexing_order)],
        "ignored": sorted(lark.ignore_tokens),
        "keywords": words,
        "rules": [_describe(rule) for rule in rules],
        "states": states,
    }


def digest(grammar: str) -> str:
    """What tells one grammar from another: a hash of its text, line ends aside."""
    return sha256(grammar.replace("\r\n", "\n").encode()).hexdigest()


def print_table(table: dict[str, Any]) -> str:
    """The table as JSON, a line for each rule and state, so that a change of the grammar shows as one."""
    parts: list[str] = []
    for key, value in table.items():
        if key in ("terminals", "rules", "states"):
            lines = ",\n".join(json.dumps(item, separators=(",", ":")) for item in value)
            parts.append(f"{json.dumps(key)}: [\n{lines}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _split_keywords(terminals: list[TerminalDef]) -> tuple[dict[str, str], list[TerminalDef]]:
    words = {
        t.pattern.value: t.name for t in terminals if isinstance(t.pattern, PatternStr) and t.pattern.value.isalpha()
    }
    return dict(sorted(words.items())), [t for t in terminals if t.name not in words.values()]


def _lexing_order(terminal: TerminalDef) -> tuple[int, int, int, str]:
    """Lark's own order: by priority, then the longer first."""
    pattern = terminal.pattern
    return -terminal.priority, -pattern.max_width, -len(pattern.value), terminal.name


def _number(table: Any) -> tuple[list[dict[str, int]], list[Any]]:
    """States and rules numbered in the order in which a walk from the start meets them: Lark's own numbers may vary."""
    start: int = table.start_states["program"]
    states: dict[int, int] = {start: 0}
    rules: dict[Any, int] = {}
    numbered: list[dict[str, int]] = []
    for state in (waiting := [start]):
        row: dict[str, int] = {}
        for symbol, (action, target) in sorted(table.states[state].items()):
            if action is Shift:
                if target not in states:
                    states[target] = len(states)
                    waiting.append(target)
                row[symbol] = states[target]
            else:
                row[symbol] = ~rules.setdefault(target, len(rules))
        numbered.append(row)
    numbered[states[table.end_states["program"]]]["$END"] = len(numbered)
    numbered[states[table.end_states["program"]]]["$END"] = len(numbered)  # Lark stops here without shifting the end
    return [*numbered, {}], list(rules)


def _describe(rule: Any) -> list[Any]:
    picks = _picks(rule)
    helper = rule.origin.name.startswith("_")
    hands_up = rule.options.expand1 and not rule.alias and len(picks) == 1
    action = "many" if helper else None if hands_up else rule.alias or rule.origin.name
    return [str(rule.origin.name), len(rule.expansion), None if action is None else str(action), picks]


def _picks(rule: Any) -> list[Any]:
    """The children that Lark's tree would have: signs in quotes left out, helpers spliced, absent options as None."""
    absent = [len(run) for run in "".join(str(int(x)) for x in rule.options.empty_indices).split("0")]
    picks: list[Any] = []
    for place, symbol in enumerate(rule.expansion):
        picks += [None] * (absent[place] if rule.options.empty_indices else 0)
        if symbol.is_term and symbol.filter_out and not rule.options.keep_all_tokens:
            continue
        picks.append([place] if not symbol.is_term and symbol.name.startswith("_") else place)
    return picks + [None] * (absent[-1] if rule.options.empty_indices else 0)


def _main() -> int:
    table = build_table(grammar_file(GRAMMAR).read_text(encoding="utf-8"))
    grammar_file(TABLE).write_text(print_table(table), encoding="utf-8")
    print(f"{grammar_file(TABLE)}: {len(table['rules'])} rules, {len(table['states'])} states")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(_main())
