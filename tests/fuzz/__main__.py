"""`python -m tests.fuzz`: a run of many inputs, one input again, or the corpus."""

from __future__ import annotations

import argparse
import os
import random
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports torch
os.environ["COLUMNS"] = "100"

from tests.fuzz.entries import ENTRIES
from tests.fuzz.run import CORPUS, Run
from tests.fuzz.seeds import fill
from tests.fuzz.watch import listen


def main() -> int:
    """The exit code: 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the number of the first: with --inputs 1, that one again")
    parser.add_argument("--seed", type=int, default=None, help="else one by chance, which is printed")
    parser.add_argument("--entry", action="append", choices=list(ENTRIES), help="only this one; repeatable")
    parser.add_argument("--log", type=Path, help="write what is printed to a file, too")
    parser.add_argument("--finds", type=Path, default=CORPUS, help="where finds are kept")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed

    def say(line: str) -> None:
        print(line, flush=True)
        if given.log is not None:
            with given.log.open("a", encoding="utf-8") as log:
                log.write(line + "\n")

    names = given.entry or list(ENTRIES)
    say(
        f"python -m tests.fuzz --inputs {given.inputs} --seed {seed} --first {given.first}"
        + "".join(f" --entry {name}" for name in given.entry or ())
    )
    run = Run([ENTRIES[name] for name in names], seed, given.finds, say)
    fill()
    with listen():
        is_clean = run.go(range(given.first, given.first + given.inputs))
    say(run.table())
    return int(not is_clean)


if __name__ == "__main__":
    raise SystemExit(main())
