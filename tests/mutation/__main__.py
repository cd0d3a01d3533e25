"""Changes one small thing of the compiler at a time, and runs the tests that reach it: does one of them fail?

    pytest --cov --cov-context=test --cov-report= ROOMS      # which test reaches which line; in `.coverage`
    python -m tests.mutation [--sample 210] [--seed 0] ROOMS

ROOMS are folders of tests: `tests/cases tests/analysis`. A change inside a function is put into the running function;
each mutant is a process forked from one that has collected all tests. One of a class or a module's own lines is a
process that imports it changed. Tests that reach the fewest lines come first, and the first that fails ends it.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from coverage import CoverageData

from tests.mutation.mutants import Mutant, mutants
from tests.mutation.running import Inner, load_others, run_imported

CORE = ("resdsl/elaborate", "resdsl/analysis", "resdsl/passes", "resdsl/ops")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="+", help="folders of tests")
    parser.add_argument("--sample", type=int, default=210, help="how many mutants; 0 for all")
    parser.add_argument("--seed", type=int, default=0, help="which")
    parser.add_argument("--only", nargs="*", default=[""], help="of these, those whose line holds one of these words")
    parser.add_argument("--every", action="store_true", help="run every test of the rooms: a second look at survivors")
    parser.add_argument("--tests", type=int, default=40, help="how many tests of one mutant are run at most")
    parser.add_argument("--data", default=".coverage", help="what pytest-cov wrote, with a context for each test")
    options = parser.parse_args()
    os.environ["CI"] = "1"  # hypothesis draws what it always draws

    every = [mutant for room in CORE for path in sorted(Path(room).rglob("*.py")) for mutant in mutants(path)]
    chosen = random.Random(options.seed).sample(every, options.sample) if options.sample else every
    chosen = sorted((mutant for mutant in chosen if any(word in str(mutant) for word in options.only)), key=str)
    reached = Rooms(options.rooms) if options.every else Reached(options.data, options.tests)
    print(f"{len(chosen)} of {len(every)} mutants", flush=True)

    begun = time.monotonic()
    fates: Counter[str] = Counter()

    def tell(mutant: Mutant, fate: str, n_tests: int) -> None:
        fates[fate] += 1
        print(f"{fate:9} {n_tests:4} {mutant}", flush=True)

    load_others()
    outer = [mutant for mutant in chosen if not mutant.is_inside]
    for mutant in outer:
        tests = reached.tests(mutant)
        tell(mutant, run_imported(mutant, tests) if tests else "unreached", len(tests))
    inner = [(mutant, reached.tests(mutant)) for mutant in chosen if mutant.is_inside]
    Inner(inner, tell).run(options.rooms)
    killed = fates["killed"] + fates["hangs"]
    print(f"{killed} of {len(chosen)} killed, {killed / max(1, len(chosen)):.1%}; {time.monotonic() - begun:.0f} s")


class Rooms:
    """Every test of some folders, files or single tests."""

    def __init__(self, rooms: Sequence[str]) -> None:
        self._rooms = rooms

    def tests(self, _: Mutant) -> Sequence[str]:
        """All of them, whatever the mutant."""
        return self._rooms


class Reached:
    """Which tests run a line, from the contexts of coverage's data."""

    def __init__(self, file: str, most: int) -> None:
        self._most = most
        data = CoverageData(file)
        data.read()
        self._lines: dict[Path, Mapping[int, list[str]]] = {}
        self._size: dict[str, int] = defaultdict(int)
        for path in data.measured_files():
            if any(Path(path).is_relative_to(Path(room).resolve()) for room in CORE):
                self._lines[Path(path)] = data.contexts_by_lineno(path)
        for lines in self._lines.values():
            for contexts in lines.values():
                for context in contexts:
                    self._size[context] += 1

    def tests(self, mutant: Mutant) -> Sequence[str]:
        """The tests that reach a mutant, the most particular first; those of its file where only its import does."""
        lines = self._lines.get(mutant.path.resolve(), {})
        found = {test for line in range(mutant.first_line, mutant.line + 1) for test in lines.get(line, ()) if test}
        found = found or {test for tests in lines.values() for test in tests if test}
        return [test.partition("|")[0] for test in sorted(found, key=lambda test: (self._size[test], test))][
            : self._most
        ]


if __name__ == "__main__":
    main()
