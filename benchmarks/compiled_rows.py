"""What `compiled.py` measures: one function for each measurement, which gives the rows of its table."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor, nn

    from resdsl.integrations.bench.measure import Figures
    from resdsl.ir.graph import Graph

Found: TypeAlias = "dict[tuple[str, str], Figures]"
"""What was measured of each network run in each way."""

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Options:
    """What a measurement is asked for."""

    rounds: int
    threads: int
    device: str

    @property
    def by(self) -> str:
        """Which clock: the processor's where one thread does the work, for it does not count what others do."""
        return "processor" if self.device == "cpu" and self.threads == 1 else "seconds"

    def batch(self, on_cpu: int, on_gpu: int) -> int:
        """A batch that suits the device."""
        return on_cpu if self.device == "cpu" else on_gpu


@dataclass(frozen=True)
class Row:
    """One figure: what it is, what it should be, what it is."""

    what: str
    wanted: str
    found: str


# ---------------------------------------------------------------- starts


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
    spec = HERE.parent / "specs" / "resnet152.res"
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
        command = [sys.executable, str(HERE / "compiled.py"), "--first-step", spec, "--threads", str(options.threads)]
        command += ["--device", options.device]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    processor, clock = json.loads(done.stdout.splitlines()[-1])
    return processor, clock


def first_step(spec: str, options: Options) -> None:
    """What `_first_step` runs in a process of its own."""
    import torch

    import resdsl

    start, clock = _processors(), time.perf_counter()
    model = resdsl.build(spec).to(options.device)
    model.compile()
    x = torch.randn(2 if "1202" in spec else 8, 3, 32, 32, device=options.device)
    model(x).square().mean().backward()
    if options.device != "cpu":
        torch.cuda.synchronize()
    print(json.dumps([_processors() - start, time.perf_counter() - clock]))


def _processors() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


# ---------------------------------------------------------------- training steps


def resnet110(options: Options) -> Iterator[Row]:
    """A training step of ResNet-110 at 32 pixels, beside pytorchcv's."""
    figures = _bench("resnet110", ("pytorchcv:resnet110_cifar10",), options, options.batch(8, 512))
    ours, eager = figures["resnet110", "compiled"], figures["pytorchcv:resnet110_cifar10", "eager"]
    yield from _steps(figures, options)
    yield Row("ResNet-110, compiled / pytorchcv's, eager", "≤ 0.90", f"**{_ratio(ours, eager, options):.3f}**")
    best = _best(figures, "pytorchcv:resnet110_cifar10", options)
    yield Row(f"ResNet-110, compiled / pytorchcv's best, {best.way}", "≤ 1.0", f"**{_ratio(ours, best, options):.3f}**")
    if options.device != "cpu":
        yield from _throughput("resnet110", ours, options.batch(8, 512))


def resnet50(options: Options) -> Iterator[Row]:
    """A training step of ResNet-50 at 224 pixels, beside torchvision's and timm's."""
    peers = ("torchvision:resnet50", "timm:resnet50")
    dtype = "fp32" if options.device == "cpu" else "bf16"
    figures = _bench("resnet50", peers, options, options.batch(4, 256), dtype=dtype)
    ours = figures["resnet50", "compiled"]
    yield from _steps(figures, options)
    for peer in peers:
        best = _best(figures, peer, options)
        found = f"**{_ratio(ours, best, options):.3f}**"
        yield Row(f"ResNet-50, compiled / {peer}'s best, {best.way}", "≤ 1.0", found)
    if options.device != "cpu":
        yield from _throughput("resnet50", ours, options.batch(4, 256))


def _bench(spec: str, peers: tuple[str, ...], options: Options, batch: int, *, dtype: str = "fp32") -> Found:
    import resdsl
    from resdsl.integrations.bench.session import Asked, bench

    asked = Asked(resdsl.load(spec), spec, peers, batch, options.rounds, options.threads, dtype, options.device)
    return {(each.network, each.way): each for each in bench(asked, "train")}


def _steps(figures: Found, options: Options) -> Iterator[Row]:
    for (network, way), each in figures.items():
        saved = f", {each.saved / 2**20:,.0f} MiB kept for the backward pass"
        peak = "" if each.peak is None else f", {each.peak / 2**20:,.0f} MiB at most"
        seconds = median(getattr(each, options.by))
        found = f"{seconds * 1e3:.1f} ms{saved}{peak}; first step {each.compile_processor:.1f} s of the processors"
        yield Row(f"{network}, {way}", "", found)


def _ratio(one: Figures, other: Figures, options: Options) -> float:
    from resdsl.integrations.bench.measure import ratio

    return ratio(one, other, by=options.by)


def _best(figures: Found, peer: str, options: Options) -> Figures:
    compiled = [each for (network, way), each in figures.items() if network == peer and way != "eager"]
    return min(compiled, key=lambda each: median(getattr(each, options.by)))


# ---------------------------------------------------------------- stochastic depth


def stochastic_depth(options: Options) -> Iterator[Row]:
    """What a schedule saves of a training step; the peers compute every block and mask it."""
    import torch

    import resdsl
    from resdsl.emit.torch_compiled.runtime import runtime_of

    torch.set_num_threads(options.threads)
    graph = resdsl.load("resnet110_sd")
    x = torch.randn(options.batch(8, 512), 3, 32, 32, device=options.device)
    dropping, constant = (resdsl.build("resnet110_sd").to(options.device).train() for _ in range(2))
    constant.set_survival(0)  # p_l = 1: the same network, every block kept
    for model in (dropping, constant):
        model.compile()
    for model in (dropping, constant) * 3:
        _train(model, x)
    graphs = [runtime_of(model).n_graphs for model in (dropping, constant)]
    n_rounds = options.rounds * 4
    times: dict[str, list[float]] = {"dropping": [], "constant": []}
    kept: list[float] = []
    shares = _shares(graph)
    for seed in range(n_rounds):
        for name, model in (("dropping", dropping), ("constant", constant)):
            torch.manual_seed(seed)
            times[name].append(_timed(lambda model=model: _train(model, x), options))
        torch.manual_seed(seed)
        draws = [is_kept for is_kept, _ in dropping.draw()]
        kept.append(1 - sum(share for share, is_kept in zip(shares, draws, strict=True) if not is_kept))
    ratio = mean(times["dropping"]) / mean(times["constant"])
    yield Row("stochastic depth, 110 layers, p_L = 0.5: multiply-adds that were kept", "", f"{mean(kept):.3f}")
    wanted = f"≤ {1.05 * mean(kept):.3f}, 1.05 of that"
    yield Row("its step / the same network, every block kept, both compiled", wanted, f"**{ratio:.3f}**")
    made = [runtime_of(model).n_graphs for model in (dropping, constant)]
    found = f"**{sum(made) - sum(graphs)}**, in {n_rounds} steps with as many draws"
    yield Row("graphs compiled after the first step, any drop pattern", "0", found)
    yield Row("timm's resnet50 at 64 pixels, drop path 0.5 / 0, eager", "", f"{_drop_path(options):.3f}")


def _shares(graph: Graph) -> list[float]:
    """The part of the multiply-adds that the residual branch of each block has."""
    from resdsl.ir.dropped import drop_residual

    total = sum(step.unit.macs for step in graph.steps)
    blocks = [step for step in graph.steps if step.survival is not None]
    return [(step.unit.macs - drop_residual(step.unit)[0].macs) / total for step in blocks]


def _drop_path(options: Options) -> float:
    """What timm's stochastic depth saves."""
    import torch

    from resdsl.integrations.peers import declare_operators

    declare_operators()  # timm imports torchvision
    timm = import_module("timm")
    x = torch.randn(options.batch(8, 256), 3, 64, 64, device=options.device)
    models = [timm.create_model("resnet50", drop_path_rate=rate).to(options.device).train() for rate in (0.5, 0.0)]
    times: list[list[float]] = [[], []]
    for model in models * 2:
        _train(model, x)
    for _ in range(options.rounds):
        for model, found in zip(models, times, strict=True):
            found.append(_timed(lambda model=model: _train(model, x), options))
    return median(times[0]) / median(times[1])


def _train(model: nn.Module, x: Tensor) -> None:
    model.zero_grad()
    model(x).square().mean().backward()


def _timed(step: Callable[[], None], options: Options) -> float:
    import torch

    if options.device != "cpu":
        torch.cuda.synchronize()
    start, processor = time.perf_counter(), time.process_time()
    step()
    if options.device != "cpu":
        torch.cuda.synchronize()
    return time.process_time() - processor if options.by == "processor" else time.perf_counter() - start


# ---------------------------------------------------------------- memory


def checkpointing(options: Options) -> Iterator[Row]:
    """What ResNet-1202 takes with activations kept and computed again."""
    import torch

    import resdsl
    from resdsl.analysis.checkpoint import checkpoint_every
    from resdsl.analysis.memory import memory
    from resdsl.integrations.bench.contender import Conditions, Contender
    from resdsl.integrations.bench.measure import measure

    torch.set_num_threads(options.threads)
    graph = resdsl.load("resnet1202")
    batch = options.batch(4, 128)
    ways = {"kept": {}, "every=4": {"checkpoint": "every=4"}, "every=12": {"checkpoint": "every=12"}}

    def make(settings: dict[str, str]) -> Callable[[], nn.Module]:
        def made() -> nn.Module:
            model = resdsl.build(graph)
            model.compile(**settings)
            return model

        return made

    entrants = [Contender("resnet1202", way, make(settings)) for way, settings in ways.items()]
    conditions = Conditions(batch, graph.input.dims, options.device, None, {})
    figures = measure(entrants, "train", conditions, rounds=max(3, options.rounds // 4))
    said = {"kept": memory(graph, batch=batch).saved}
    said |= {f"every={n}": checkpoint_every(graph, n, batch=batch).saved for n in (4, 12)}
    for each in figures:
        kept = f"{each.saved / 2**20:,.0f} MiB kept for the backward pass, foretold {said[each.way] / 2**20:,.0f}"
        found = f"{kept}; step / that of `kept` {_ratio(each, figures[0], options):.2f}"
        yield Row(f"ResNet-1202, batch {batch}, activations {each.way}", "", found)


# ---------------------------------------------------------------- a card


def card(options: Options) -> Iterator[Row]:
    """ResNet-110 and ResNet-50 on a GPU: CUDA graphs of the whole step, and `max-autotune`."""
    import torch

    import resdsl

    if options.device == "cpu":
        return
    for spec, pixels, batch in (("resnet110", 32, 512), ("resnet50", 224, 256)):
        x = torch.randn(batch, 3, pixels, pixels, device=options.device)
        steps: dict[str, Callable[[], None]] = {}
        for way, settings in (("compiled", {}), ("max-autotune", {"mode": "max-autotune-no-cudagraphs"})):
            model = resdsl.build(spec).to(options.device).train()
            model.compile(**settings)
            steps[way] = partial(_train_bf16, model, x)
            steps[f"{way}, CUDA graph of the step"] = _recorded(model, x)
        times: dict[str, list[float]] = {way: [] for way in steps}
        for _ in range(options.rounds):
            for way, step in steps.items():
                times[way].append(_timed(step, options))
        for way, found in times.items():
            yield Row(f"{spec}, batch {batch}, bf16, {way}", "", f"{batch / median(found):,.0f} images a second")


def _train_bf16(model: nn.Module, x: Tensor) -> None:
    import torch

    model.zero_grad()
    with torch.autocast(x.device.type, dtype=torch.bfloat16):
        y = model(x)
    y.float().square().mean().backward()


def _recorded(model: nn.Module, x: Tensor) -> Callable[[], None]:
    """A training step recorded once as one CUDA graph, to be replayed."""
    import torch

    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            _train_bf16(model, x)
    torch.cuda.current_stream().wait_stream(stream)
    recording = torch.cuda.CUDAGraph()
    model.zero_grad()
    with torch.cuda.graph(recording):
        with torch.autocast(x.device.type, dtype=torch.bfloat16):
            y = model(x)
        y.float().square().mean().backward()
    return recording.replay


def _throughput(spec: str, figures: Figures, batch: int) -> Iterator[Row]:
    import torch

    import resdsl

    macs = resdsl.cost(resdsl.load(spec)).total.macs
    a = torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16)
    for _ in range(3):
        a @ a
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(20):
        a @ a
    torch.cuda.synchronize()
    peak = 20 * 2 * 8192**3 / (time.perf_counter() - start)
    reached = 3 * 2 * macs * batch / figures.median  # the backward pass costs two forward passes
    yield Row(f"{spec}: images a second", "", f"{batch / figures.median:,.0f}")
    found = f"{reached / 1e12:.1f} TFLOP/s, {reached / peak:.0%} of what it reaches in bf16 products of matrices"
    yield Row(f"{spec}: of the card", "", found)


# ---------------------------------------------------------------- inference


def inference(options: Options) -> Iterator[Row]:
    """ResNet-50 at 224 pixels, batch 2: the rows of `inference.py` that have a target."""
    import torch

    sys.path.insert(0, str(HERE))
    import inference as program

    torch.set_num_threads(options.threads)
    case = next(case for case in program.CASES if case.name.lower().replace("-", "").startswith("resnet50"))
    by_name = {figure.name: figure for figure in program.measure(case, rounds=options.rounds)}

    def ratio(one: str, other: str) -> str:
        times = [getattr(by_name[name], options.by) for name in (one, other)]
        return f"**{median(times[0]) / median(times[1]):.3f}**"

    base, ours, ours_bf16 = program.BASELINE, program.OURS, program.OURS_BF16
    frozen = min(
        (name for name in by_name if name.startswith(program.FROZEN) and name != program.FROZEN_BF16),
        key=lambda name: median(getattr(by_name[name], options.by)),
    )
    yield Row("ResNet-50 inference, fp32 / torchvision, eager, float32", "≤ 0.70", ratio(ours, base))
    yield Row("the same, bf16", "≤ 0.26", ratio(ours_bf16, base))
    yield Row(f"the same, fp32 / {frozen}", "≤ 1.0", ratio(ours, frozen))
    yield Row(f"the same, bf16 / {program.FROZEN_BF16}", "≤ 1.0", ratio(ours_bf16, program.FROZEN_BF16))
    for name in (ours, ours_bf16):
        yield Row(f"{name}: largest difference from float64", "", f"{by_name[name].error:.1e} of the largest output")


MEASUREMENTS: dict[str, Callable[[Options], Iterator[Row]]] = {
    "cold_start": cold_start,
    "warm_start": warm_start,
    "build_command": build_command,
    "resnet110": resnet110,
    "resnet50": resnet50,
    "stochastic_depth": stochastic_depth,
    "checkpointing": checkpointing,
    "inference": inference,
    "card": card,
}
