"""Prints how long the compiler takes from text to graph, and how time and memory grow with the number of blocks.

    python benchmarks/elaboration.py [--rounds 9] [--most 100000]

Seconds of the clock, the least of the rounds, and the median in brackets; for whole processes, seconds of the processor
too, which other work on the machine disturbs less. Asserts nothing: `benchmarks/README.md` says what to compare with.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
RESNET152 = ROOT / "specs" / "resnet152.res"

SPEC = """
res 1 use "std.res"
network net(n: int) {{
  input 3x32x32
  stem  conv(3x3, 16) -> bn -> relu
  stage s1    : basic(16) * n
  stage s2 /2 : basic(32) * n
  stage s3 /2 : basic(64) * n
  head  global_avgpool -> linear(10)
  shortcut identity else zero_pad
  {statements}
}}
"""
NETWORKS = {
    "plain stages": "",
    "RoR-3 with survival": """
      link middle over each stage via conv_shortcut
      link root over all via conv_shortcut
      survive linear(0.5)
    """,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="From text to graph: time, and growth with the number of blocks.")
    parser.add_argument("--rounds", type=int, default=9, help="how often each short measurement is taken")
    parser.add_argument("--most", type=int, default=100_000, help="the largest number of blocks")
    parser.add_argument("--child", nargs=2, metavar=("NETWORK", "BLOCKS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure_growth(options.child[0], int(options.child[1]))))
        return
    print(f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}")
    print_processes(options.rounds)
    print_elaboration(options.rounds)
    for name in NETWORKS:
        print_growth(name, options.most)


# ---------------------------------------------------------------- whole processes


def print_processes(rounds: int) -> None:
    print("\nWhole processes")
    programs = {
        "python -c pass": ["-c", "pass"],
        "python -c 'import resdsl'": ["-c", "import resdsl"],
        "resdsl --help": ["-m", "resdsl", "--help"],
        "resdsl check specs/resnet152.res": ["-m", "resdsl", "check", str(RESNET152)],
        "resdsl check specs/": ["-m", "resdsl", "check", str(ROOT / "specs")],
    }
    for name, arguments in programs.items():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = timed(lambda arguments=arguments: run(arguments), rounds)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / rounds
        print(f"  {name:34} {told(seconds)}  processor {processor:.3f} on average")


def run(arguments: Sequence[str]) -> str:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


# ---------------------------------------------------------------- one process


def print_elaboration(rounds: int) -> None:
    from resdsl.analysis.cost import cost
    from resdsl.analysis.depth import depth
    from resdsl.compiler import load, read
    from resdsl.ir.digest import digest
    from resdsl.ir.verify import verify

    print("\nIn one process, from text to a verified graph, parsing included")
    for name in ("resnet152", "ror3_110", "pre_ror3_1202_sd"):
        print(f"  {f'load({name!r})':34} {told(timed(lambda name=name: load(name), rounds))}")
    print("\nPre-RoR-3-1202 with survival, its file read already")
    program = read("pre_ror3_1202_sd")
    graph = program.graph("pre_ror3_1202_sd")
    stages: dict[str, Callable[[], object]] = {
        "elaborate and verify": lambda: program.graph("pre_ror3_1202_sd"),
        "verify": lambda: verify(graph),
        "digest": lambda: digest(graph),
        "cost and depth": lambda: (cost(graph), depth(graph)),
    }
    for name, stage in stages.items():
        print(f"  {name:34} {told(timed(stage, rounds))}")


# ---------------------------------------------------------------- growth


def print_growth(name: str, most: int) -> None:
    print(f"\n{name}: one process for each row")
    heads = (
        "blocks",
        "load s",
        "µs a block",
        "digest s",
        "cost, depth s",
        "JSON and back s",
        "peak MiB",
        "KiB a block",
    )
    print("  " + "".join(f"{head:>16}" for head in heads))
    empty = None
    for n_blocks in (30, 300, 3_000, 30_000, most):
        child = [str(Path(__file__)), "--child", name, str(n_blocks)]
        found = json.loads(run(child))
        empty = empty or found["peak"]
        cells = (
            f"{found['blocks']:,}",
            f"{found['load']:.3f}",
            f"{found['load'] / found['blocks'] * 1e6:.0f}",
            f"{found['digest']:.3f}",
            f"{found['analyses']:.3f}",
            f"{found['json']:.3f}",
            f"{found['peak'] / 2**20:.0f}",
            f"{(found['peak'] - empty) / found['blocks'] / 2**10:.2f}",
        )
        print("  " + "".join(f"{cell:>16}" for cell in cells))


def measure_growth(name: str, n_blocks: int) -> dict[str, float]:
    """Seconds of each stage, and the peak resident bytes of this process before JSON."""
    from resdsl.analysis.cost import cost
    from resdsl.analysis.depth import depth
    from resdsl.compiler import load
    from resdsl.ir.json import from_json, to_json
    from resdsl.limits import Limits

    limits = Limits(nodes=100 * n_blocks + 1000, graph_bytes=1 << 30)
    clock = [time.perf_counter()]
    graph = load(SPEC.format(statements=NETWORKS[name]), limits=limits, n=max(1, n_blocks // 3))
    clock.append(time.perf_counter())
    assert len(graph.digest) == 64
    clock.append(time.perf_counter())
    n_found = depth(graph).blocks
    assert cost(graph).total.params > 0
    clock.append(time.perf_counter())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert from_json(to_json(graph), limits=limits) == graph
    clock.append(time.perf_counter())
    seconds = [after - before for before, after in pairwise(clock)]
    return {"blocks": n_found, "peak": peak, **dict(zip(("load", "digest", "analyses", "json"), seconds, strict=True))}


# ---------------------------------------------------------------- measuring


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    seconds: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return seconds


def told(seconds: Sequence[float]) -> str:
    return f"{min(seconds):.3f} ({median(seconds):.3f})"


if __name__ == "__main__":
    main()
