"""Measures what compiling by units is worth: cold and warm starts, training steps, stochastic depth, memory, inference.

    python benchmarks/compiled.py [--only NAME …] [--rounds 21] [--threads 1] [--device cpu] [--write]

Each measurement is a process of its own, one after the other. Within one, everything that is compared takes turns, and
a ratio is that of medians. `--write` puts the tables into RESULTS.md, those that were not run again left as they are.
On a GPU (`--device cuda`) the same rows are measured with larger batches, in bf16 where that is the custom, and beside
them images and operations a second against what the card itself reaches, CUDA graphs and `max-autotune`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from compiled_rows import MEASUREMENTS
from compiled_rows.row import BENCHMARKS, Options, Row
from compiled_rows.starts import first_step

RESULTS = BENCHMARKS / "RESULTS.md"


def main() -> None:
    parser = argparse.ArgumentParser(description="What compiling by units is worth.")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument("--rounds", type=int, default=21, help="how often each contender is timed")
    parser.add_argument("--threads", type=int, default=1, help="of torch, on a processor")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--write", action="store_true", help="write the tables into RESULTS.md")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--first-step", help=argparse.SUPPRESS)
    given = parser.parse_args()
    options = Options(given.rounds, given.threads, given.device)
    if given.first_step or given.here:
        _use(options)
    if given.first_step:
        first_step(given.first_step, options)
    elif given.here:
        rows = [[row.what, row.wanted, row.found] for row in MEASUREMENTS[given.only[0]](options)]
        print("\n" + json.dumps(rows))
    else:
        for name in given.only:
            table = _section(name, _elsewhere(name, options), options)
            print(table, flush=True)
            if given.write:
                _write(name, table)


def _use(options: Options) -> None:
    import torch

    torch.set_num_threads(options.threads)


def _elsewhere(name: str, options: Options) -> list[Row]:
    """The rows of a measurement, from a process of its own."""
    command = [sys.executable, __file__, "--here", "--only", name, "--rounds", str(options.rounds)]
    command += ["--threads", str(options.threads), "--device", options.device]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return [Row(*row) for row in json.loads(done.stdout.splitlines()[-1])]


def _section(name: str, rows: Sequence[Row], options: Options) -> str:
    import torch

    about = (MEASUREMENTS[name].__doc__ or "").splitlines()[0]
    device = torch.cuda.get_device_name() if options.device != "cpu" else f"{_processor()}, {os.cpu_count()} cores"
    command = f"python benchmarks/compiled.py --only {name} --rounds {options.rounds} --threads {options.threads}"
    command += f" --device {options.device}"
    versions = f"torch {torch.__version__}, Python {platform.python_version()}"
    day = datetime.now(tz=UTC).date().isoformat()
    clock = "the clock" if options.by == "seconds" else "processor time"
    with_wanted = any(row.wanted for row in rows)
    lines = [
        f"## {name}",
        "",
        about,
        "",
        "| figure | wanted | found |" if with_wanted else "| figure | found |",
        "|---|---|---|" if with_wanted else "|---|---|",
        *(f"| {row.what} | {f'{row.wanted} | ' if with_wanted else ''}{row.found} |" for row in rows),
        "",
        f"`{command}`; {versions}, {device}; {day}; ratios by {clock}.",
        "",
    ]
    return "\n".join(lines)


def _processor() -> str:
    names = re.findall(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return names[0] if names else platform.machine()


def _write(name: str, table: str) -> None:
    """Puts one section into RESULTS.md, in the order of the measurements."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    sections = {section.split("\n", 1)[0]: f"## {section}" for section in text.split("## ")[1:]}
    sections[name] = f"{table}\n"
    ordered = [sections[each].rstrip() for each in MEASUREMENTS if each in sections]
    RESULTS.write_text(_HEAD + "\n\n".join(ordered) + "\n", encoding="utf-8")


_HEAD = """\
# What was measured

Written by `python benchmarks/compiled.py --write`; each section names its command, machine, versions and day. A
training step is a forward and a backward pass on random images, without an optimizer. Bold figures are those that are
held against something.

"""

if __name__ == "__main__":
    main()
