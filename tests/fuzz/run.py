"""One run over the entries: draws, watches, counts, and keeps what it finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from time import monotonic, process_time

from tests.fuzz.entry import Chance, Entry
from tests.fuzz.minimise import minimise
from tests.fuzz.watch import Outcome, peak, watch

CORPUS = Path(__file__).parent / "corpus"
ROW = 16
"""So many inputs in a row share a part of their chance: see `Chance`."""


@dataclass
class Tally:
    """What one entry has seen."""

    n_inputs: int = 0
    n_accepted: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_input: int = -1

    def add(self, number: int, outcome: Outcome) -> None:
        """Counts one input."""
        self.n_inputs += 1
        self.n_accepted += outcome.accepted
        self.seconds += outcome.seconds
        if outcome.seconds > self.slowest:
            self.slowest, self.slowest_input = outcome.seconds, number


@dataclass
class Run:
    """A run: inputs by number, each drawn from the seed and its number alone."""

    entries: list[Entry]
    seed: int
    finds: Path = CORPUS
    say: Callable[[str], None] = print
    tallies: dict[str, Tally] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)

    def input(self, number: int) -> tuple[Entry, bytes]:
        """The entry and the input of a number."""
        row, place = divmod(number, ROW)
        shared = Random(self.seed << 64 | row << 8)
        entry = shared.choices(self.entries, [entry.weight for entry in self.entries])[0]
        return entry, entry.draw(Chance(Random(self.seed << 64 | row << 8 | place + 1), shared))

    def go(self, numbers: Iterable[int], *, every: float = 30.0) -> bool:
        """Takes the inputs of these numbers; whether nothing was found. Says how far it is every so many seconds."""
        start, told, n_done, n_shown = monotonic(), monotonic(), 0, 0
        had = peak()  # of whatever this process did before
        for number in numbers:
            entry, data = self.input(number)
            outcome = watch(entry, data)
            self.tallies.setdefault(entry.name, Tally()).add(number, outcome)
            n_done += 1
            if outcome.fault:
                self._keep(entry, number, data, outcome)
            if monotonic() - told > every:
                told = monotonic()
                self.say(self._progress(n_done, told - start))
                if n_done > 2 * n_shown + 10_000:
                    n_shown = n_done
                    self.say(self.table())
        if peak() - had > MOST_BYTES:
            self.faults["memory grew beyond what a run may add"] += 1
        self.say(self._progress(n_done, monotonic() - start))
        return not self.faults

    def table(self) -> str:
        """The figures of every entry, and their sums."""
        rows = [f"{'entry':12}{'inputs':>11}{'accepted':>10}{'ms each':>9}{'slowest':>9}  about"]
        for entry in self.entries:
            tally = self.tallies.get(entry.name, Tally())
            share, mean = tally.n_accepted / max(tally.n_inputs, 1), 1000 * tally.seconds / max(tally.n_inputs, 1)
            rows.append(
                f"{entry.name:12}{tally.n_inputs:11,}{share:10.1%}{mean:9.2f}{tally.slowest:7.2f} s  {entry.about}; "
                f"the slowest is input {tally.slowest_input}"
            )
        n_inputs = sum(tally.n_inputs for tally in self.tallies.values())
        seconds = sum(tally.seconds for tally in self.tallies.values())
        slowest = max((tally.slowest for tally in self.tallies.values()), default=0.0)
        rows.append(
            f"{n_inputs:,} inputs, seed {self.seed}: {sum(self.faults.values())} finds; {seconds:,.0f} s in resdsl, "
            f"{process_time():,.0f} s of the processor in all; the slowest took {slowest:.2f} s; "
            f"at most {peak() / 2**20:,.0f} MiB"
        )
        return "\n".join([*rows, *(f"{count} x {fault}" for fault, count in self.faults.most_common())])

    def _progress(self, n_done: int, seconds: float) -> str:
        n_faults = sum(self.faults.values())
        rate = n_done / max(seconds, 1e-9)
        return (
            f"{n_done:,} inputs in {seconds:,.0f} s, {rate:,.0f}/s, {process_time():,.0f} s of the processor; "
            f"{n_faults} finds; {peak() >> 20} MiB"
        )

    def _keep(self, entry: Entry, number: int, data: bytes, outcome: Outcome) -> None:
        """Writes a find to the corpus, made as small as it goes; the third of a kind and more are only counted."""
        fault = f"{entry.name}: {outcome.fault}"
        self.faults[fault] += 1
        if self.faults[fault] > _MOST_OF_A_KIND:
            return
        small = minimise(data, lambda smaller: watch(entry, smaller).fault == outcome.fault)
        path = self.finds / entry.name / sha256(small).hexdigest()[:12]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(small)
        self.say(f"input {number} of seed {self.seed}: {fault}: {path}\n{outcome.told}")


MOST_BYTES = 2**29
"""What a run may add to the peak of its process's memory; a process that does nothing else stays below 1 GiB."""
_MOST_OF_A_KIND = 2
