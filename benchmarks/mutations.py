"""Every token of every spec deleted, doubled and replaced by its neighbour: what comes of it, and where it is told.

Run: `python benchmarks/mutations.py [--every 1] [SPEC…]`; all specs take some twenty minutes on two cores, `--every 50`
half a minute. A mutant is a graph or diagnostics, never a foreign exception: the program ends with 1 where it is, or
where fewer than 95 % of the first errors stand within two lines of the change.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from resdsl.compiler import read_recovering
from resdsl.diagnostics import Diagnostic, render
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.limits import DEFAULT
from resdsl.source import Source
from resdsl.syntax.lexer import lex

ROOT = Path(__file__).resolve().parents[1]
PROMISE = 0.95
NEAR = 2  # lines


class Mutant(NamedTuple):
    """A text in which one token is another."""

    source: Source
    line: int
    kind: str
    change: str


class Outcome(NamedTuple):
    """What came of the mutants of one file."""

    name: str
    counts: Counter[str]
    far: list[str]
    foreign: list[str]
    slowest: float
    seconds: float


def mutants(source: Source, every: int) -> Iterator[Mutant]:
    """Three for each `every`-th token."""
    tokens = [token for token in lex(source, DEFAULT).tokens if token.text]
    for at in range(0, len(tokens), every):
        token, neighbour = tokens[at], tokens[(at + 1) % len(tokens)]
        line = source.position(token.start)[0]
        changes = {"deleted": "", "doubled": f"{token.text} {token.text}", "replaced": neighbour.text}
        for kind, new in changes.items():
            text = f"{source.text[: token.start]} {new} {source.text[token.end :]}"
            yield Mutant(Source(source.name, text, source.path), line, kind, f"{token.text!r} → {new!r}")


def distance(found: Diagnostic, line: int) -> int:
    """How many lines the place of a message is away from a line; many where it has none."""
    return abs(found.span.line - line) if found.span is not None else sys.maxsize


def look(job: tuple[Path, int]) -> Outcome:
    """Checks every mutant of a file."""
    path, every = job
    source = Source(path.name, path.read_text(encoding="utf-8"), path)
    loader = Loader(Problems())  # the library is read once
    counts: Counter[str] = Counter()
    far, foreign = [], []
    slowest, begin = 0.0, perf_counter()
    for mutant in mutants(source, every):
        start = perf_counter()
        try:
            found = read_recovering(mutant.source, loader=loader).check().diagnostics
            [render(diagnostic) for diagnostic in found]
        except Exception as error:  # noqa: BLE001  what is counted here
            foreign.append(f"{path.name}:{mutant.line}: {mutant.change}: {type(error).__name__}: {error}")
            continue
        slowest = max(slowest, perf_counter() - start)
        errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
        counts["all"] += 1
        counts["failing"] += bool(errors)
        counts["told once"] += len(errors) == 1
        if not errors:
            continue
        if distance(errors[0], mutant.line) <= NEAR:
            counts["near"] += 1
        else:
            told = f"{errors[0].span.line if errors[0].span else 'nowhere'}: {errors[0].code.value}"
            far.append(f"{path.name}:{mutant.line}: {mutant.change}, told at {told}: {errors[0].message}")
    return Outcome(path.name, counts, far, foreign, slowest, perf_counter() - begin)


def main() -> int:
    """Prints a row for each file, and the sums; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("specs", nargs="*", type=Path, help="files; else all of specs/")
    parser.add_argument("--every", type=int, default=1, help="take each so many tokens one")
    parser.add_argument("--far", action="store_true", help="print each mutant that is told of elsewhere")
    arguments = parser.parse_args()
    specs = arguments.specs or sorted((ROOT / "specs").glob("*.res"))
    jobs = [(path.resolve(), arguments.every) for path in sorted(specs, key=lambda p: -p.stat().st_size)]
    total: Counter[str] = Counter()
    n_foreign = 0
    slowest = 0.0
    print(f"{'spec':20}{'mutants':>9}{'failing':>9}{'near':>9}{'once':>9}{'s':>8}")
    with get_context("fork").Pool(len(os.sched_getaffinity(0))) as pool:
        for outcome in pool.imap_unordered(look, jobs):
            counts = outcome.counts
            shares = "".join(f"{counts[key] / max(counts['failing'], 1):9.1%}" for key in ("near", "told once"))
            row = f"{outcome.name:20}{counts['all']:9,}{counts['failing']:9,}{shares}{outcome.seconds:8.1f}"
            print("\n".join([row, *outcome.foreign, *(outcome.far if arguments.far else ())]), flush=True)
            total += counts
            n_foreign += len(outcome.foreign)
            slowest = max(slowest, outcome.slowest)
    share = total["near"] / max(total["failing"], 1)
    print(
        f"\n{total['all']:,} mutants, {n_foreign} foreign exceptions; {total['failing']:,} fail: {share:.2%} of the "
        f"first errors stand within {NEAR} lines, {total['told once'] / max(total['failing'], 1):.1%} give one error; "
        f"the slowest took {slowest:.2f} s"
    )
    return int(bool(n_foreign) or share < PROMISE)


if __name__ == "__main__":
    raise SystemExit(main())
