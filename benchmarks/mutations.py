"""Every token of every spec deleted, doubled and replaced by its neighbour: what comes of it, and where it is told.

Run: `python benchmarks/mutations.py [--every 1] [SPEC…]`; all specs take some twenty minutes on two cores, `--every 50`
half a minute. A mutant is a graph or diagnostics, never a foreign exception: the program ends with 1 where it is, or
where fewer than 95 % of the first errors stand within two lines of the change.

`--together 3` makes three changes of a spec at once, each of which gives one error by itself: how many of these sets
give these three errors and no other. It ends with 1 where fewer than 95 % do.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import NamedTuple, TypeVar

from resdsl.compiler import read_recovering
from resdsl.diagnostics import Diagnostic, render
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.limits import DEFAULT
from resdsl.source import Source
from resdsl.syntax.lexer import lex
from resdsl.syntax.token import Token

ROOT = Path(__file__).resolve().parents[1]
PROMISE = 0.95
NEAR = 2  # lines
KINDS = ("deleted", "doubled", "replaced")

T = TypeVar("T")


class Change(NamedTuple):
    """One token of a text in another's place."""

    token: Token
    new: str
    line: int

    def __str__(self) -> str:
        return f"{self.line}: {self.token.text!r} → {self.new!r}"


class Spec:
    """A spec and its tokens."""

    def __init__(self, path: Path) -> None:
        self.source = Source(path.name, path.read_text(encoding="utf-8"), path)
        self.tokens = [token for token in lex(self.source, DEFAULT).tokens if token.text]
        self.loader = Loader(Problems())  # the library is read once

    def change(self, at: int, kind: str) -> Change:
        """What one kind of change makes of a token."""
        token, neighbour = self.tokens[at], self.tokens[(at + 1) % len(self.tokens)]
        new = {"deleted": "", "doubled": f"{token.text} {token.text}", "replaced": neighbour.text}[kind]
        return Change(token, new, self.source.position(token.start)[0])

    def check(self, changes: Iterable[Change]) -> tuple[Diagnostic, ...]:
        """What is told of the spec with these changes made."""
        text = self.source.text
        for change in sorted(changes, key=lambda change: -change.token.start):
            text = f"{text[: change.token.start]} {change.new} {text[change.token.end :]}"
        found = read_recovering(Source(self.source.name, text, self.source.path), loader=self.loader).check()
        return found.diagnostics


def errors_of(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Without the warnings."""
    return [diagnostic for diagnostic in found if diagnostic.severity == "error"]


def line_of(found: Diagnostic) -> int | None:
    """Where a message stands, if anywhere."""
    return found.span.line if found.span is not None else None


# ---------------------------------------------------------------- one at a time


class Outcome(NamedTuple):
    """What came of the mutants of one file."""

    name: str
    counts: Counter[str]
    lines: list[str]
    slowest: float
    seconds: float


def is_near(found: Diagnostic, line: int) -> bool:
    """Whether a message stands near a line."""
    place = line_of(found)
    return place is not None and abs(place - line) <= NEAR


def look(path: Path, every: int) -> Outcome:
    """Checks every mutant of a file, or of `every` tokens one's."""
    spec = Spec(path)
    counts: Counter[str] = Counter()
    lines: list[str] = []
    slowest, begin = 0.0, perf_counter()
    for change in (spec.change(at, kind) for at in range(0, len(spec.tokens), every) for kind in KINDS):
        start = perf_counter()
        try:
            found = spec.check([change])
            [render(diagnostic) for diagnostic in found]
        except Exception as error:  # noqa: BLE001  what is counted here
            counts["foreign"] += 1
            lines.append(f"{path.name}:{change}: {type(error).__name__}: {error}")
            continue
        slowest = max(slowest, perf_counter() - start)
        errors = errors_of(found)
        near = bool(errors) and is_near(errors[0], change.line)
        counts.update({"all": 1, "failing": bool(errors), "told once": len(errors) == 1, "near": near})
        if errors and not near:
            lines.append(f"{path.name}:{change}, told at {line_of(errors[0]) or 'no place'}: {errors[0].message}")
    return Outcome(path.name, counts, lines, slowest, perf_counter() - begin)


def show_each(paths: list[Path], every: int, *, far: bool) -> bool:
    """Prints a row for each file, and the sums; whether all is as promised."""
    total: Counter[str] = Counter()
    slowest = 0.0
    print(f"{'spec':20}{'mutants':>9}{'failing':>9}{'near':>9}{'once':>9}{'s':>8}")
    for outcome in in_processes(partial(look, every=every), paths):
        counts = outcome.counts
        shares = "".join(f"{counts[key] / max(counts['failing'], 1):9.1%}" for key in ("near", "told once"))
        row = f"{outcome.name:20}{counts['all']:9,}{counts['failing']:9,}{shares}{outcome.seconds:8.1f}"
        print("\n".join([row, *(outcome.lines if far or counts["foreign"] else ())]), flush=True)
        total += counts
        slowest = max(slowest, outcome.slowest)
    share = total["near"] / max(total["failing"], 1)
    print(
        f"\n{total['all']:,} mutants, {total['foreign']} foreign exceptions; {total['failing']:,} fail: {share:.2%} of "
        f"the first errors stand within {NEAR} lines, {total['told once'] / max(total['failing'], 1):.1%} give one "
        f"error; the slowest took {slowest:.2f} s"
    )
    return not total["foreign"] and share >= PROMISE


# ---------------------------------------------------------------- several together


def look_together(path: Path, number: int, n_sets: int, seed: int) -> list[str]:
    """Sets of changes on lines of their own; of each that is not told as its changes are, what is otherwise."""
    spec, chance = Spec(path), random.Random(f"{path.name} {number} {seed}")
    alone: dict[tuple[int, str], tuple[int | None, str] | None] = {}
    sets: list[str] = []
    for _ in range(MOST_TRIES * n_sets):
        if len(sets) == n_sets:
            break
        chosen = [(at, chance.choice(KINDS)) for at in sorted(chance.sample(range(len(spec.tokens)), number))]
        changes = [spec.change(at, kind) for at, kind in chosen]
        if any(later.line - change.line < NEAR for change, later in pairwise(changes)):
            continue
        for key, change in zip(chosen, changes, strict=True):
            if key not in alone:
                errors = errors_of(spec.check([change]))
                alone[key] = told(errors[0]) if len(errors) == 1 and is_near(errors[0], change.line) else None
        wanted = Counter(one for key in chosen if (one := alone[key]) is not None)
        if wanted.total() == number:
            found = Counter(map(told, errors_of(spec.check(changes))))
            sets.append("" if found == wanted else "\n".join([
                f"{path.name}: {'; '.join(map(str, changes))}",
                *(f"    not told: {line}: {code}" for line, code in (wanted - found).elements()),
                *(f"    told besides: {line}: {code}" for line, code in (found - wanted).elements()),
            ]))  # fmt: skip
    return sets


def told(error: Diagnostic) -> tuple[int | None, str]:
    """The line and the code of an error."""
    return line_of(error), error.code.value


def show_together(paths: list[Path], number: int, n_sets: int, seed: int) -> bool:
    """Prints the sets that are not told as their changes are, and how many those are; whether all is as promised."""
    sets: list[str] = []
    for outcome in in_processes(partial(look_together, number=number, n_sets=n_sets, seed=seed), paths):
        sets += outcome
        print("".join(f"{line}\n" for line in outcome if line), end="", flush=True)
    share = sets.count("") / max(len(sets), 1)
    print(f"{len(sets):,} sets of {number} changes: {share:.1%} give the {number} errors of each alone, and no other")
    return share >= PROMISE


MOST_TRIES = 20  # for each set: not every change gives one error


# ---------------------------------------------------------------- all specs


def in_processes(do: Callable[[Path], T], paths: list[Path]) -> Iterator[T]:
    """What is done with each file, on all processors, the largest first."""
    largest_first = sorted(paths, key=lambda path: -path.stat().st_size)
    with get_context("fork").Pool(len(os.sched_getaffinity(0))) as pool:
        yield from pool.imap_unordered(do, largest_first)


def main() -> int:
    """Prints what was found; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("specs", nargs="*", type=Path, help="files; else all of specs/")
    parser.add_argument("--every", type=int, default=1, help="take each so many tokens one")
    parser.add_argument("--far", action="store_true", help="print each mutant that is told of elsewhere")
    parser.add_argument("--together", type=int, metavar="K", help="make K changes at once")
    parser.add_argument("--sets", type=int, default=12, help="how many sets of changes for each file")
    parser.add_argument("--seed", type=int, default=0, help="chooses the changes")
    asked = parser.parse_args()
    paths = [path.resolve() for path in asked.specs or (ROOT / "specs").glob("*.res")]
    if asked.together is not None:
        return int(not show_together(paths, asked.together, asked.sets, asked.seed))
    return int(not show_each(paths, asked.every, far=asked.far))


if __name__ == "__main__":
    sys.exit(main())
