"""`python -m tests.fuzz.guided ENTRY [libFuzzer's options]`: inputs that reach new code are changed further.

Needs `pip install 'resdsl[fuzz]'`. It starts from the corpus, and from a hundred inputs drawn by chance. What it finds
is made small, kept in the corpus, and ends it with an error; `-runs=100000` or `-max_total_time=60` end it before.
"""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports torch

import atheris

with atheris.instrument_imports(include=["resdsl"]):
    from tests.fuzz.entries import ENTRIES

from tests.fuzz.entry import Chance, Entry
from tests.fuzz.minimise import minimise
from tests.fuzz.run import CORPUS
from tests.fuzz.watch import listen, watch


def main(arguments: list[str]) -> None:
    """Never returns: libFuzzer ends the process."""
    if not arguments or arguments[0] not in ENTRIES:
        raise SystemExit(f"name an entry: {', '.join(ENTRIES)}")
    entry = ENTRIES[arguments[0]]
    with TemporaryDirectory(prefix="resdsl-fuzz-") as seeds, listen():
        for number in range(100):
            drawn = entry.draw(Chance(Random(number), Random(number)))
            (Path(seeds) / str(number)).write_bytes(drawn)
        folders = [folder for folder in (seeds, str(CORPUS / entry.name)) if Path(folder).is_dir()]
        atheris.Setup([sys.argv[0], *arguments[1:], *folders], lambda data: take(entry, entry.read(data)))
        atheris.Fuzz()


def take(entry: Entry, data: bytes) -> None:
    """Takes an input. Raises AssertionError where that goes wrong, with the input kept."""
    outcome = watch(entry, data)
    if outcome.fault:
        small = minimise(data, lambda smaller: watch(entry, smaller).fault == outcome.fault)
        path = CORPUS / entry.name / sha256(small).hexdigest()[:12]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(small)
        raise AssertionError(f"{outcome.fault}: {path}\n{outcome.told}")


if __name__ == "__main__":
    main(sys.argv[1:])
