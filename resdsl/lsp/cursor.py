"""What may be written at a cursor: where it stands in the grammar, as the parser sees the text before it."""

from __future__ import annotations

from typing import Literal

from resdsl.diagnostics import ResError
from resdsl.limits import Limits
from resdsl.record import record
from resdsl.source import Source
from resdsl.syntax.lexer import lex
from resdsl.syntax.machine import Machine
from resdsl.syntax.place import Place
from resdsl.syntax.recovery import get_over
from resdsl.syntax.table import load_table
from resdsl.syntax.token import Token
from resdsl.syntax.tree import TreeBuilder

Slot = Literal[
    "block", "shortcut", "layer", "network", "schedule", "value", "init",
    "span", "label", "link", "scheme", "subject", "option", "option value", "type", "new name", "none",
]  # fmt: skip
"""What a name at a place of the grammar is for."""


@record
class Call:
    """The call whose parentheses a cursor stands in.

    Attributes:
        name: what is called.
        slot: what the called name is for.
        given: the names of the arguments that are given by name.
        n_positional: how many are given by place, before the cursor.
        keyword: the argument whose value the cursor stands in; empty where an argument begins.
    """

    name: str
    slot: Slot
    given: frozenset[str]
    n_positional: int
    keyword: str


@record
class Cursor:
    """The place of a cursor.

    Attributes:
        start: where the word under the cursor begins.
        word: as much of it as stands before the cursor.
        keywords: those that may stand there.
        slot: what a name is for there; `none` where no name may stand.
        call: the call that it stands in, if any.
        inside: whether it stands in a comment or a quoted text.
        quoted: the text from its quote to the cursor, where it stands in a quoted text.
        statement: the kind of the keyword of the statement that it stands in.
        closers: what closes the brackets that are open.
    """

    start: int
    word: str
    keywords: frozenset[str] = frozenset()
    slot: Slot = "none"
    call: Call | None = None
    inside: Literal["", "comment", "text"] = ""
    quoted: str = ""
    statement: str = ""
    closers: str = ""


def read_cursor(text: str, offset: int, limits: Limits, *, begin: int = 0) -> Cursor:
    """Where a cursor stands, by the text before it alone; mistakes in it are mended or skipped, as the parser does.

    `begin` is where a definition before the cursor begins: what stands above it is not looked at again.
    """
    start = offset
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    before, word = f"{_ABOVE}{text[begin:start]}" if begin else text[:start], text[start:offset]
    source = Source("", before)
    lexed = lex(source, limits)
    last = lexed.tokens[-2] if len(lexed.tokens) > 1 else None
    if last is not None and last.kind in ("BAD_STRING", "BAD_COMMENT"):
        inside = "text" if last.kind == "BAD_STRING" else "comment"
        return Cursor(offset, "", inside=inside, quoted=before[last.start :] + word, statement=_before(lexed.tokens))
    if lexed.comments and lexed.comments[-1].text.startswith("#") and "\n" not in before[lexed.comments[-1].start :]:
        return Cursor(offset, "", inside="comment")
    machine = _run(source, lexed.tokens[:-1], limits)
    if machine is None or word[:1].isdigit():
        return Cursor(start, word)
    tokens = lexed.tokens[:-1]
    takes = machine.expected()
    words = {kind: word for word, kind in load_table().keywords.items()}
    slot = _slot(machine, len(machine.states) - 1) if "NAME" in takes else "none"
    place = Place(source, machine, lexed.tokens, len(tokens))
    return Cursor(
        start,
        word,
        frozenset(words[kind] for kind in takes if kind in words) - _AS_NAMES.get(slot, frozenset()),
        slot,
        _call(machine, tokens),
        statement=place.keyword(),
        closers="".join(_CLOSERS[bracket.kind] for bracket in reversed(place.open_brackets())),
    )


def _before(tokens: list[Token]) -> str:
    """The kind of the token before an open text."""
    return tokens[-3].kind if len(tokens) > 2 else ""


def _run(source: Source, tokens: list[Token], limits: Limits) -> Machine | None:
    """The parse of everything before the cursor; what is wrong there is mended or skipped."""
    end = len(source.text)
    tokens = [*tokens, Token("$END", "", end, end)]
    machine = Machine(source, TreeBuilder(source, {}), limits)
    at = 0
    try:
        while at < len(tokens) - 1:
            if machine.feed(tokens[at]):
                at += 1
                continue
            _, at = get_over(Place(source, machine, tokens, at))
    except ResError:
        return None
    return machine


def _slot(machine: Machine, height: int) -> Slot:
    """What a name is for at a height of the stack."""
    symbols = machine.symbols_at(height)
    last = machine.kind_at(height - 1)
    if last == "SURVIVE":
        return "schedule"
    for symbol, slot in _BY_SYMBOL:
        if symbol in symbols:
            return slot
    if last in _BY_TOKEN:
        return _BY_TOKEN[last]
    if last == "COMMA":
        return _BY_LIST.get(_list_word(machine, height), "none")
    return "none"


def _list_word(machine: Machine, height: int) -> str:
    """The keyword that begins the list of names that a comma stands in."""
    for below in range(height - 1, -1, -1):
        kind = machine.kind_at(below)
        if kind in _BY_LIST:
            return kind
        if machine.is_list(below):
            break
    return ""


def _call(machine: Machine, tokens: list[Token]) -> Call | None:
    """The innermost call that is open on the stack."""
    depth = 0
    for height in range(len(machine.values) - 1, 0, -1):
        kind = machine.kind_at(height)
        if kind in ("CLOSE_PAREN", "CLOSE_BRACKET"):
            depth += 1
        elif kind in ("OPEN_PAREN", "OPEN_BRACKET") and depth:
            depth -= 1
        elif kind in ("OPEN_BRACKET", "OPEN_BRACE"):
            return None
        elif kind == "OPEN_PAREN":
            called = machine.values[height - 1]
            if not isinstance(called, Token) or called.kind not in ("NAME", "NORM", "ACT"):
                return None
            if machine.kind_at(height - 2) in _DEFINING:
                return None
            if machine.kind_at(height - 2) == "EXPECT":
                return _arguments(called.text, "subject", machine.starts[height], tokens)
            return _arguments(called.text, _slot(machine, height - 1), machine.starts[height], tokens)
    return None


def _arguments(name: str, slot: Slot, start: int, tokens: list[Token]) -> Call:
    """The arguments between an open parenthesis and the cursor."""
    inside = [token for token in tokens if token.start > start]
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in inside:
        depth += (token.kind in ("OPEN_PAREN", "OPEN_BRACKET")) - (token.kind in ("CLOSE_PAREN", "CLOSE_BRACKET"))
        if token.kind == "COMMA" and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    names = [part[0].text if len(part) > 1 and part[1].kind == "EQUALS" else "" for part in parts]
    strides = [bool(part) and part[0].kind == "SLASH" for part in parts]
    given = {name for name in names if name} | ({"stride"} if any(strides) else set[str]())
    n_positional = sum(not name and not stride for name, stride in zip(names[:-1], strides[:-1], strict=True))
    keyword = names[-1] or ("" if not parts[-1] else "…")
    return Call(name, slot, frozenset(given), n_positional, keyword)


_ABOVE = "res 1\n"

# Keywords that may stand as names: where the grammar takes them, and the language has no use for them.
_AS_NAMES: dict[Slot, frozenset[str]] = {
    "value": frozenset({"norm", "act"}),
    "layer": frozenset({"in"}),
    **dict.fromkeys(("block", "shortcut", "network", "init", "schedule"), frozenset({"norm", "act", "in"})),
}
_CLOSERS = {"OPEN_PAREN": ")", "OPEN_BRACKET": "]", "OPEN_BRACE": "}"}
_DEFINING = frozenset({"NETWORK", "BLOCK", "SHORTCUT", "LAYER", "SCHEDULE"})

# What a rule of the grammar that may begin at a place says about a name there; the first that is found counts.
_BY_SYMBOL: tuple[tuple[str, Slot], ...] = (
    ("kinds", "shortcut"),
    ("run", "block"),
    ("span", "span"),
    ("chain", "layer"),
    ("argument", "value"),
    ("type", "type"),
    ("atom", "value"),
    ("drop_target", "none"),
    ("option_value", "option value"),
)
# Else the token before says it.
_BY_TOKEN: dict[str, Slot] = {
    "ARROW": "layer",
    "NORM": "layer",
    "ACT": "layer",
    "ELSE": "shortcut",
    "EQUALS": "network",
    "INIT": "init",
    "TAP": "label",
    "STAGE": "label",
    "LAYERS": "label",
    "LINK": "link",
    "KEYS": "scheme",
    "EXPECT": "subject",
    "DOTS": "label",
    "NETWORK": "new name",
    "BLOCK": "new name",
    "SHORTCUT": "new name",
    "LAYER": "new name",
    "SCHEDULE": "new name",
    "LET": "new name",
    "OPEN_PAREN": "new name",
}
# Of lists of names, the keyword before the list.
_BY_LIST: dict[str, Slot] = {"INIT": "init", "TAP": "label", "SURVIVE": "option", "BEFORE": "option"}
