"""What fuzzing once found stays mended, and a short run of it finds nothing new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.entries import ENTRIES
from tests.fuzz.minimise import minimise
from tests.fuzz.run import CORPUS, Run
from tests.fuzz.watch import listen, watch

FINDS = sorted(path for path in CORPUS.rglob("*") if path.is_file())


@pytest.fixture(autouse=True)
def clocks() -> Iterator[None]:
    """The clocks of `watch`, which hear nothing before."""
    with listen():
        yield


@pytest.mark.parametrize("path", FINDS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_find_stays_mended(path: Path):
    outcome = watch(ENTRIES[path.parent.name], path.read_bytes())
    assert outcome.fault == "", outcome.told


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ENTRIES)
def test_a_short_run_finds_nothing(name: str, tmp_path: Path):
    entry = ENTRIES[name]
    run = Run([entry], seed=1, finds=tmp_path)
    assert run.go(range(SHORT[name])), run.table()
    assert run.tallies[name].n_accepted > 0


def test_an_input_is_drawn_from_the_seed_and_its_number_alone():
    first, again = (Run(list(ENTRIES.values()), seed=5) for _ in range(2))
    assert [first.input(number) for number in range(64)] == [again.input(number) for number in reversed(range(64))][
        ::-1
    ]
    assert first.input(3) != Run(list(ENTRIES.values()), seed=6).input(3)


def test_an_input_is_made_as_small_as_it_goes():
    assert minimise(b"a" * 100 + b"x" + b"b" * 57 + b"y", lambda data: b"x" in data and b"y" in data) == b"xy"


SHORT = {
    "text": 400, "tokens": 800, "check": 100, "fmt": 100, "fix": 30, "graph": 200, "output": 10, "checkpoint": 200,
    "config": 60, "command": 30, "editor": 400,
}  # fmt: skip
"""Inputs of each entry: some ten seconds in all."""
