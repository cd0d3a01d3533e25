"""Prints how long pictures of the deepest network take, how large they are, and that none of it imports torch.

    python benchmarks/drawing.py [--rounds 9]

RoR-3 of 1202 layers with stochastic depth: 600 blocks. Seconds, the least of the rounds, and the median in brackets: of
the clock, and of the processor, which other work on the machine disturbs less. Asserts nothing: `benchmarks/README.md`
says what to compare with.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import resdsl

NETWORK = "pre_ror3_1202_sd"
PROCESSES = (
    ("overview, SVG", ()),
    ("overview, PNG", ("-o", "net.png")),
    ("overview, PDF", ("-o", "net.pdf")),
    ("strip, SVG", ("--view", "strip")),
    ("every block, SVG", ("--view", "blocks", "--all")),
    ("the page, HTML", ("-o", "net.html")),
)
IN_PROCESS = (
    ("overview, SVG", "overview", "svg", False),
    ("strip, SVG", "strip", "svg", False),
    ("every block, SVG", "blocks", "svg", True),
    ("overview, PDF", "overview", "pdf", False),
    ("overview, dot", "overview", "dot", False),
    ("overview, TikZ", "overview", "tex", False),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of RoR-3-1202: time and size.")
    parser.add_argument("--rounds", type=int, default=9, help="how often each measurement is taken")
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}")
    print("\nafter the graph is loaded".ljust(33), "clock".rjust(15), "processor".rjust(17), "size".rjust(11))
    graph = resdsl.load(NETWORK)
    for name, view, form, unfold in IN_PROCESS:
        size = len(_written(graph, view, form, unfold=unfold))
        clock, processor = _times(lambda v=view, f=form, u=unfold: _written(graph, v, f, unfold=u), rounds)
        print(f"  {name:30} {_told(clock)} {_told(processor)} {size / 1024:8.0f} KiB")
    print("\n`resdsl draw`, whole process".ljust(33), "clock".rjust(15), "processor".rjust(17))
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in PROCESSES:
            clock, processor = _process_times([sys.executable, "-m", "resdsl", *_draw(arguments)], Path(folder), rounds)
            print(f"  {name:30} {_told(clock)} {_told(processor)}")
        print(f"\nimported by `resdsl draw {NETWORK}`: {_imported(Path(folder))}")


def _draw(arguments: tuple[str, ...]) -> tuple[str, ...]:
    return ("draw", NETWORK, *(arguments if "-o" in arguments else (*arguments, "-o", "net.svg")))


def _written(graph: resdsl.Graph, view: str, form: str, *, unfold: bool) -> str | bytes:
    """A picture, laid out and written anew."""
    return resdsl.draw(graph, view, unfold=unfold).to(form)  # pyright: ignore[reportArgumentType]


def _times(work: Callable[[], object], rounds: int) -> tuple[list[float], list[float]]:
    clock: list[float] = []
    processor: list[float] = []
    for _ in range(rounds):
        start, used = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    return clock, processor


def _process_times(command: list[str], folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    clock: list[float] = []
    processor: list[float] = []
    subprocess.run(command, cwd=folder, capture_output=True, check=True)  # writes the byte code
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
        clock.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return clock, processor


def _imported(folder: Path) -> str:
    command = [sys.executable, "-X", "importtime", "-m", "resdsl", *_draw(())]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    heavy = [name for name in ("torch", "numpy", "networkx", "lark", "pydantic", "rich") if name in modules]
    return f"{len(modules)} modules, of these {', '.join(heavy) or 'no torch, numpy, networkx, lark, pydantic, rich'}"


def _told(seconds: list[float]) -> str:
    return f"{min(seconds):7.3f} ({median(seconds):.3f}) s"


if __name__ == "__main__":
    main()
