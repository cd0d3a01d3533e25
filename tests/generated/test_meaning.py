"""Another text for the same network keeps its digest; another network has another. Layouts change nothing."""

import random
import re
from collections.abc import Callable
from functools import cache

import pytest

from resdsl.compiler import read
from resdsl.data import library_folder
from resdsl.diagnostics import ResError
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.emit.res import print_res
from resdsl.ir.graph import Graph
from resdsl.limits import DEFAULT
from resdsl.source import Source
from resdsl.syntax.format import fmt
from resdsl.syntax.lexer import lex
from tests.fuzz.seeds import drawn_networks
from tests.networks import NAME

pytestmark = pytest.mark.no_cover

Change = Callable[[random.Random, str], str]


LOADER = Loader(Problems())
"""Reads the library once."""


def load(text: str) -> Graph:
    return read(Source("drawn.res", text), loader=LOADER).graph(NAME)


@cache
def digest(text: str) -> str:
    return load(text).digest


@cache
def texts() -> list[str]:
    """Networks that are no other's: of a derived one, a statement of its base may mean nothing."""
    return [text for text in drawn_networks() if "= base" not in text]


# ---------------------------------------------------------------- what keeps the meaning


def other_spaces(chance: random.Random, text: str) -> str:
    """Every gap between tokens another: lines mean nothing. Documentation is about the line below it."""
    return _joined(text, lambda: chance.choice((" ", "\n", "  ", "\t", "\r\n", " \n\n ")))


def comments(chance: random.Random, text: str) -> str:
    return _joined(text, lambda: chance.choice((" ", " ", " /* } */ ", " # stage s9 : a(1) * 2\n", " /**/ ")))


def _joined(text: str, gap: Callable[[], str]) -> str:
    tokens = [token.text for token in lex(Source("", text), DEFAULT).tokens]
    return "".join(token + gap() for token in tokens)


def other_names(chance: random.Random, text: str) -> str:
    """Parameters, lets, definitions and labels under other names."""
    own = {*re.findall(r"\b(own_\w+|before_s\d|s\d|classes|half|unit|outer|inner|upper|last|h|g)\b", text)}
    for name in chance.sample(sorted(own), min(len(own), 3)):
        text = re.sub(rf"\b{name}\b", f"{name}_{chance.randrange(100)}", text)
    return text


def other_order(chance: random.Random, text: str) -> str:
    """Statements about the network as a whole stand anywhere in it; those of the spine, and links, keep their order."""
    head, body, rest = _network(text)
    moved = [line for line in body if re.match(r"\s*(shortcut|survive|norm|act|init|about|levels|tap|input)\b", line)]
    kept = [line for line in body if line not in moved]
    for line in moved:
        kept.insert(chance.randrange(len(kept) + 1), line)
    return "\n".join([head, *kept, rest])


def _network(text: str) -> tuple[str, list[str], str]:
    """What is before the first network's statements, they, and what is behind them."""
    lines = text.split("\n")
    first = next(n for n, line in enumerate(lines) if line.startswith("network "))
    last = next(n for n in range(first, len(lines)) if lines[n] == "}")
    return "\n".join(lines[: first + 1]), lines[first + 1 : last], "\n".join(lines[last:])


def inlined_use(chance: random.Random, text: str) -> str:
    """The definitions of the used file in this one, at either end."""
    library = (library_folder() / "std.res").read_text(encoding="utf-8").partition("res 1\n")[2]
    own = text.partition('use "std.res"\n')[2]
    return "res 1\n" + "\n".join(chance.sample([library, own], 2))


def laid_out(_chance: random.Random, text: str) -> str:
    return fmt(text)


def written_out(_chance: random.Random, text: str) -> str:
    return print_res(load(text))


def other_numbers(chance: random.Random, text: str) -> str:
    """Numbers written otherwise: `16` as `(8 + 8)`, `0.5` as `0.50`."""
    text = re.sub(r"\b(0\.\d+)\b", lambda m: m[0] + "0" * chance.randrange(3), text)
    return re.sub(r"(?<=[(,] )(\d+)(?=\))", lambda m: chance.choice((m[0], f"({m[0]})", f"({m[0]} * 1)")), text)


KEEPING: tuple[Change, ...] = (
    other_spaces, comments, other_names, other_order, inlined_use, laid_out, written_out, other_numbers,
)  # fmt: skip


def test_two_hundred_texts_for_the_same_networks_have_their_digests():
    chance = random.Random(1)
    for number in range(200):
        text = chance.choice(drawn_networks())
        change = KEEPING[number % len(KEEPING)]
        again = change(chance, text)
        assert load(again).digest == digest(text), f"{change.__name__}\n{text}\n{again}"


# ---------------------------------------------------------------- what changes it


def _sub(pattern: str, new: str | Callable[[str], str]) -> Change:
    """Changes one place of those that a pattern finds."""

    def one(chance: random.Random, text: str) -> str:
        found = list(re.finditer(pattern, text, re.MULTILINE))
        if not found:
            return text
        match = chance.choice(found)
        return text[: match.start(1)] + (new if isinstance(new, str) else new(match[1])) + text[match.end(1) :]

    return one


def one_more(number: str) -> str:
    return str(int(number) + 1)


CHANGES: tuple[Change, ...] = (
    _sub(r"^  input (\d)x", one_more),
    _sub(r"^  stage .*?\* (\d+)", one_more),
    _sub(r"^  stem conv\((3),", "5"),
    _sub(r"^  stem conv\(3, (\d+|first)\)", "24"),
    _sub(r"classes: int in 1..1000 = (\d+)", one_more),
    _sub(r"^  survive uniform\((0.9)\)", "0.8"),
    _sub(r"^  act (elu|gelu|silu|tanh|selu|relu6)$", "sigmoid"),
    _sub(r"^  init (he_fan_out|he_fan_in|xavier)$", "normal(0.5)"),
    _sub(r"^  stage s\d( /2) :", ""),
    _sub(r"^  tap (s1),", "stem"),
    _sub(r"^  link \w+ over .*? via (identity|scale\(0.5\)) else", "exclusive_gate"),
    _sub(r"^  levels (3)", "2"),
)
"""One token for another, which makes another network wherever it makes one."""


def test_two_hundred_changes_of_meaning_change_the_digest():
    chance = random.Random(2)
    n_changed = n_tried = 0
    while n_changed < 200:
        text = chance.choice(texts())
        changed = chance.choice(CHANGES)(chance, text)
        n_tried += 1
        assert n_tried < 3000
        if changed == text:
            continue
        try:
            now = load(changed)
        except ResError:
            continue  # it makes none
        assert now.digest != digest(text), f"{text}\n{changed}"
        n_changed += 1


def test_fmt_and_print_of_any_network_keep_its_meaning():
    for text in drawn_networks():
        formatted = fmt(text)
        assert fmt(formatted) == formatted
        assert formatted.count("#") == text.count("#")
        assert digest(formatted) == digest(text)
