"""Whatever is changed in a spec, what comes out is a graph or diagnostics, and they point near the change."""

import random
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from resdsl.compiler import read_recovering
from resdsl.diagnostics import Code, Diagnostic, render
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.limits import DEFAULT
from resdsl.source import Source
from resdsl.syntax.lexer import lex
from resdsl.syntax.token import Token

ROOT = Path(__file__).resolve().parents[2]
SMALL = 2_000  # bytes: the others take longer, and say the same things
PATHS = [p for f in ("specs", "tests/cases/ok") for p in sorted((ROOT / f).glob("*.res")) if p.stat().st_size < SMALL]
SOURCES = [Source(path.name, path.read_text(encoding="utf-8"), path) for path in PATHS]
TOKENS = [[token for token in lex(source, DEFAULT).tokens if token.text] for source in SOURCES]
WORDS = sorted({token.text for tokens in TOKENS for token in tokens})


class Change(NamedTuple):
    """A token, and what stands in its place."""

    token: Token
    new: str
    line: int


def change(chance: random.Random, place: int) -> Change:
    """One token of a spec deleted, doubled, or replaced."""
    source, tokens = SOURCES[place], TOKENS[place]
    at = chance.randrange(len(tokens))
    token = tokens[at]
    neighbour = tokens[(at + 1) % len(tokens)]
    new = chance.choice(["", f"{token.text} {token.text}", neighbour.text, chance.choice(WORDS)])
    return Change(token, new, source.position(token.start)[0])


def changed(place: int, changes: Iterable[Change]) -> Source:
    """A spec with these changes."""
    source = SOURCES[place]
    text = source.text
    for token, new, _ in sorted(changes, key=lambda change: -change.token.start):
        text = f"{text[: token.start]} {new} {text[token.end :]}"
    return Source(source.name, text, source.path)


def check(place: int, changes: Iterable[Change], loader: Loader) -> tuple[Diagnostic, ...]:
    """What is told of a spec with these changes."""
    return read_recovering(changed(place, changes), loader=loader).check().diagnostics


def errors_of(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    return [diagnostic for diagnostic in found if diagnostic.severity == "error"]


def _is_near(diagnostic: Diagnostic, line: int) -> bool:
    spans = [diagnostic.span, *(note.span for note in diagnostic.notes)]
    return any(span is not None and abs(span.line - line) <= 2 for span in spans)


@pytest.mark.no_cover
@pytest.mark.parametrize("part", range(4))
def test_a_mutated_spec_gives_a_graph_or_diagnostics(part: int):
    chance = random.Random(part)
    loader = Loader(Problems())  # reads the library once
    n_failing = n_near = 0
    for _ in range(500):
        place = chance.randrange(len(SOURCES))
        changed = change(chance, place)
        found = check(place, [changed], loader)  # nothing is raised
        assert all(render(diagnostic) for diagnostic in found)
        errors = errors_of(found)
        n_failing += bool(errors)
        n_near += bool(errors) and _is_near(errors[0], changed.line)
    print(f"{n_near} of {n_failing} first messages within two lines")
    assert n_near >= 0.95 * n_failing > 0


@pytest.mark.no_cover
def test_three_changes_give_the_three_errors_of_each_alone():
    """Those of which each gives one error, on lines of their own; nine sets of ten, for not all are independent."""
    chance = random.Random(0)
    loader = Loader(Problems())
    n_sets = n_exact = 0
    while n_sets < 60:
        place = chance.randrange(len(SOURCES))
        changes = sorted((change(chance, place) for _ in range(3)), key=lambda change: change.line)
        if any(later.line - earlier.line < 2 for earlier, later in pairwise(changes)):
            continue
        alone = [errors_of(check(place, [one], loader)) for one in changes]
        if all(len(errors) == 1 and _is_near(errors[0], one.line) for errors, one in zip(alone, changes, strict=True)):
            found = Counter(map(_told, errors_of(check(place, changes, loader))))
            n_sets += 1
            n_exact += found == Counter(_told(error) for errors in alone for error in errors)
    print(f"{n_exact} of {n_sets} sets of three")
    assert n_exact >= 0.9 * n_sets


def _told(error: Diagnostic) -> tuple[int | None, Code]:
    return error.span.line if error.span is not None else None, error.code


def test_any_order_of_words_gives_a_program_or_diagnostics():
    chance = random.Random(7)
    for _ in range(200):
        words = chance.choices(WORDS, k=chance.randrange(60))
        found = read_recovering(Source("chance.res", "res 1\n" + " ".join(words))).check().diagnostics
        assert all(render(diagnostic) for diagnostic in found)
