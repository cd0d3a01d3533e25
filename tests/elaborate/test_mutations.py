"""Whatever is changed in a spec, what comes out is a graph or diagnostics, and they point near the change."""

import random
from pathlib import Path

import pytest

from resdsl.compiler import read_recovering
from resdsl.diagnostics import Diagnostic, render
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.limits import DEFAULT
from resdsl.source import Source
from resdsl.syntax.lexer import lex

ROOT = Path(__file__).resolve().parents[2]
SMALL = 2_000  # bytes: the others take longer, and say the same things
PATHS = [p for f in ("specs", "tests/cases/ok") for p in sorted((ROOT / f).glob("*.res")) if p.stat().st_size < SMALL]
SOURCES = [Source(path.name, path.read_text(encoding="utf-8"), path) for path in PATHS]
TOKENS = [[token for token in lex(source, DEFAULT).tokens if token.text] for source in SOURCES]
WORDS = sorted({token.text for tokens in TOKENS for token in tokens})


def mutate(chance: random.Random) -> tuple[Source, int]:
    """A spec in which one token is deleted, doubled, or replaced, and the line of it."""
    place = chance.randrange(len(SOURCES))
    source, tokens = SOURCES[place], TOKENS[place]
    at = chance.randrange(len(tokens))
    token = tokens[at]
    neighbour = tokens[(at + 1) % len(tokens)]
    new = chance.choice(["", f"{token.text} {token.text}", neighbour.text, chance.choice(WORDS)])
    text = f"{source.text[: token.start]} {new} {source.text[token.end :]}"
    return Source(source.name, text, source.path), source.position(token.start)[0]


def _is_near(diagnostic: Diagnostic, line: int) -> bool:
    spans = [diagnostic.span, *(note.span for note in diagnostic.notes)]
    return any(span is not None and abs(span.line - line) <= 2 for span in spans)


@pytest.mark.parametrize("part", range(4))
def test_a_mutated_spec_gives_a_graph_or_diagnostics(part: int):
    chance = random.Random(part)
    loader = Loader(Problems())  # reads the library once
    n_failing = n_near = 0
    for _ in range(500):
        source, line = mutate(chance)
        found = read_recovering(source, loader=loader).check().diagnostics  # nothing is raised
        assert all(render(diagnostic) for diagnostic in found)
        errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
        n_failing += bool(errors)
        n_near += bool(errors) and _is_near(errors[0], line)
    print(f"{n_near} of {n_failing} first messages within two lines")
    assert n_near >= 0.95 * n_failing > 0


def test_any_order_of_words_gives_a_program_or_diagnostics():
    chance = random.Random(7)
    for _ in range(200):
        words = chance.choices(WORDS, k=chance.randrange(60))
        found = read_recovering(Source("chance.res", "res 1\n" + " ".join(words))).check().diagnostics
        assert all(render(diagnostic) for diagnostic in found)
