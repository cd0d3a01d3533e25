"""Measures cold and warm starts: what stands between a spec and its first training step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from compiled_rows.row import BENCHMARKS, Options, Row


def cold_start(options: Options) -> Iterator[Row]:
    """1202 layers compile as soon as 20."""
    seconds = {depth: _first_step(f"resnet{depth}", options, cache=None) for depth in (20, 110, 1202)}
    for depth, (processor, clock) in seconds.items():
        yield Row(f"cold training compile, {depth} layers", "", f"{processor:.1f} s of the processors, {clock:.1f} s")
    yield Row("the same, 1202 layers over 20", "≤ 1.5", f"**{seconds[1202][0] / seconds[20][0]:.2f}**")


def warm_start(options: Options) -> Iterator[Row]:
    """A second start finds its machine code."""
    with tempfile.TemporaryDirectory() as cache:
        cold, _ = _first_step("resnet110", options, cache=cache)
        warm, clock = _first_step("resnet110", options, cache=cache)
    yield Row("cold start, 110 layers, beyond importing torch", "", f"{cold:.1f} s of the processors")
    yield Row("second start, the same", "≤ 6 s", f"**{warm:.1f} s**, {clock:.1f} s of the clock")


def build_command(_options: Options) -> Iterator[Row]:
    """`resdsl build specs/resnet152.res`, whole process, twice."""
    spec = BENCHMARKS.parent / "specs" / "resnet152.res"
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": f"{folder}/cache"}
        for name, wanted in (("first", "≤ 90 s"), ("second", "≤ 10 s")):
            start = time.perf_counter()
            command = [sys.executable, "-m", "resdsl", "build", str(spec), "-o", f"{folder}/resnet152.py"]
            subprocess.run(command, env=environment, check=True, capture_output=True)
            found = f"**{time.perf_counter() - start:.1f} s**"
            yield Row(f"`resdsl build specs/resnet152.res`, the {name} time", wanted, found)


def _first_step(spec: str, options: Options, *, cache: str | None) -> tuple[float, float]:
    """Seconds of the processors and of the clock, from the spec to the end of the first step; torch is imported."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": cache or folder}
        command = [
            sys.executable,
            str(BENCHMARKS / "compiled.py"),
            "--first-step",
            spec,
            "--threads",
            str(options.threads),
        ]
        command += ["--device", options.device]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    processor, clock = json.loads(done.stdout.splitlines()[-1])
    return processor, clock


def first_step(spec: str, options: Options) -> None:
    """What `_first_step` runs in a process of its own."""
    import torch

    import resdsl
    from resdsl.integrations.bench.measure import all_processors

    start, clock = all_processors(), time.perf_counter()
    model = resdsl.build(spec).to(options.device)
    model.compile()
    x = torch.randn(2 if "1202" in spec else 8, 3, 32, 32, device=options.device)
    model(x).square().mean().backward()
    if options.device != "cpu":
        torch.cuda.synchronize()
    print(json.dumps([all_processors() - start, time.perf_counter() - clock]))
