"""Entries for `.res` text: its syntax, everything that `check` finds, the formatter, and `check --fix`."""

from __future__ import annotations

from itertools import chain, count, repeat

from resdsl.cli.mend import mend
from resdsl.compiler import read_recovering
from resdsl.diagnostics import ResError, render
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.source import Source
from resdsl.syntax import parse, parse_recovering
from resdsl.syntax.format import fmt
from resdsl.syntax.printer import print_program
from tests.fuzz.entry import Chance
from tests.fuzz.mutate import change_bytes, change_text, decode, encode
from tests.fuzz.seeds import drawn_networks, one_text, words


def draw_text(chance: Chance) -> bytes:
    """A seed with tokens, characters or bytes changed."""
    own = chance.own
    data = encode(change_text(own, one_text(own)))
    return change_bytes(own, data) if own.random() < 0.1 else data


def draw_small_text(chance: Chance) -> bytes:
    """The same, of a seed that is right: what is changed then shows in elaboration."""
    own = chance.own
    return encode(change_text(own, own.choice(drawn_networks()))) if own.random() < 0.2 else draw_text(chance)


def draw_tokens(chance: Chance) -> bytes:
    """Words and signs of the language in any order."""
    own = chance.own
    start = own.choice(("res 1 ", "res 1 ", "res 1 network a { ", "res 1 block a(b) { ", "res 1 schedule a = ", ""))
    return encode(start + own.choice((" ", " ", "", "\n")).join(own.choices(words(), k=own.randrange(20))))


def take_syntax(data: bytes) -> bool:
    """A program that is printed and read back the same, or messages that can be shown."""
    source = Source("fuzz.res", decode(data))
    program, mistakes = parse_recovering(source)
    for mistake in mistakes:
        assert mistake.span is not None
        render(mistake)
    if not mistakes:
        assert parse(print_program(program)) == program
    return not mistakes


def take_checked(data: bytes) -> bool:
    """Networks, or messages that can be shown."""
    found = read_recovering(Source("fuzz.res", decode(data)), loader=next(_LOADERS)).check()
    for diagnostic in found.diagnostics:
        render(diagnostic)
    return not found.has_errors


def take_formatted(data: bytes) -> bool:
    """A layout that stays as it is, or messages."""
    try:
        formatted = fmt(decode(data))
    except ResError:
        return False
    assert fmt(formatted) == formatted
    return True


def take_mended(data: bytes) -> bool:
    """A text with its sure fixes made, and what is still wrong with it."""
    source = Source("fuzz.res", decode(data))
    mended = mend(source, next(_LOADERS))
    for diagnostic in mended.checked.diagnostics:
        render(diagnostic)
    return mended.n_fixes > 0


_LOADERS = chain.from_iterable(repeat(Loader(Problems()), 500) for _ in count())
"""A loader that has read the library; a new one now and then, as it keeps what blocks of the library became."""
