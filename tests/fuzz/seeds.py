"""What is mutated: specs, the cases of tests/cases, and programs and networks that are drawn."""

from __future__ import annotations

import contextlib
import gc
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from resdsl.compiler import read
from resdsl.diagnostics import ResError
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.ir.json import to_json
from resdsl.source import Source
from resdsl.syntax.printer import print_program
from tests.generators import programs
from tests.networks import NAME, networks

ROOT = Path(__file__).resolve().parents[2]
LARGE = 2_000
"""Bytes of a text: larger ones take longer, and say the same things."""

T = TypeVar("T")


def drawn(strategy: st.SearchStrategy[T], number: int) -> list[T]:
    """So many different values of a strategy: the same ones each time."""
    found: list[T] = []

    @seed(number)
    @settings(
        max_examples=number,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(value: T) -> None:
        found.append(value)

    draw()
    gc.callbacks[:] = [f for f in gc.callbacks if "hypothesis" not in f.__module__]  # it measures for itself alone
    return list(dict.fromkeys(found))


@cache
def cases() -> list[str]:
    """The texts of tests/cases, right and wrong."""
    paths = sorted((ROOT / "tests" / "cases").rglob("*.res"))
    return [_read(path) for path in paths if path.stat().st_size < LARGE]


@cache
def specs() -> list[str]:
    """The texts of the library."""
    return [_read(path) for path in sorted((ROOT / "specs").glob("*.res")) if path.stat().st_size < LARGE]


@cache
def drawn_programs() -> list[str]:
    """Programs that the grammar has, whatever they mean."""
    return [print_program(program) for program in drawn(programs(), 80)]


@cache
def drawn_networks() -> list[str]:
    """Networks that are right."""
    return drawn(networks(most_stages=3, most_blocks=3), 120)


@cache
def graphs() -> list[str]:
    """Small graphs as JSON."""
    found: list[str] = []
    loader = Loader(Problems())  # reads the library once
    for text, name in [*((text, None) for text in cases()), *((text, NAME) for text in drawn_networks()[:40])]:
        with contextlib.suppress(ResError):
            found.append(to_json(read(Source("fuzz.res", text), loader=loader).graph(name)))
    return [document for document in found if len(document) < 4 * LARGE]


@cache
def words() -> list[str]:
    """Every word and sign of the seeds, and some that stand in none."""
    found = {word for text in (*cases(), *specs()) for word in re.findall(r'\w+|"[^"\n]*"|->|[^\w\s]', text)}
    return sorted(found | set(HOSTILE))


def fill() -> None:
    """Draws all seeds, which stay: what looks for garbage need not look through them again and again."""
    for pool in (cases, specs, drawn_programs, drawn_networks, graphs, words):
        pool()
    gc.collect()
    gc.freeze()


def one_text(chance: Random) -> str:
    """A text to mutate: mostly a small one."""
    kind = chance.random()
    pool: Callable[[], list[str]] = cases
    if kind < 0.02:
        pool = specs
    elif kind < 0.12:
        pool = drawn_programs
    elif kind < 0.24:
        pool = drawn_networks
    return chance.choice(pool())


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


HOSTILE = (
    "0", "1", "-1", "2", "64", "255", "65536", "1_000_000_000", str(2**31), str(2**63), str(2**64), str(2**128),
    "9" * 40, "1e308", "1e-308", "0.0", "1.5", "-0.5", "1e400", "0x0", "1x1", "99999x99999", "3x3x3x3x3x3", "1B",
    "999G", "007", "(" * 70, "[" * 70, "{" * 70, ")" * 3, "-" * 140, "not " * 140, "2^" * 40 + "2",
    "1 + " * 200 + "1", "a" * 65, "_", "__class__", "self", "lambda", "${x}", "{{ x }}", "/*", "*/", "#", '"', "'",
    '"\\n"', '"\\"', "\\", "`", "$", "@", "\0", "\x1b[31m", "\u202e", "\u2066", "\ufeff", "\u200b", "é", "ｆ", "大",
    "🙂", "\ud800", "\r", "\r\n", "\t", "\x0c", "\u2028", "“a”", "→", "×", "−", "# resdsl: allow(shape-loses)",
    "# resdsl: network drawn(n = 1)", "l", "L", "i", "n", 'use "std.res"', 'use "../../x.res"', 'use "/dev/zero"',
    "levels 40 via identity", "over all", "over each 3", "s1[9..2]", "* 1_000_000_000", "* 0", "/0", "/2", "% 0",
    "// 0", "^ -1", "^ 1_000_000", "[1..2]", "len([])", "multiple(7, 0)", "min()", "round(1e300)", "ceil(0.5)",
    "network a = a", "block b(w = b) { residual b }", "expect params ~ 1M within 0%", 'use "', 'use "\ud800.res"',
    'use "fuzz.res"', 'use "nothing.res"', "\udcff",
)  # fmt: skip
"""Words that are likely to hurt: limits, numbers at their ends, what cannot be seen, and what goes in circles."""
