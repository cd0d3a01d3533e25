"""What an ordinary `resdsl build` adds to the file: the network compiled, and one training step taken."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

import click

from resdsl.cli.progress import Stages
from resdsl.cli.summary_form import binary
from resdsl.diagnostics import ToolError
from resdsl.ir.graph import Graph
from resdsl.record import record

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import nn

    from resdsl.emit.torch_compiled.report import CompileReport

P = ParamSpec("P")
R = TypeVar("R")


@record
class Compilation:
    """How the network is compiled; see `resdsl.emit.torch_compiled.compile.compile_network`."""

    strategy: str
    backend: str
    checkpoint: str | None
    memory: str | None


def training_options(command: Callable[P, R]) -> Callable[P, R]:
    """`--compile`, and what belongs to it."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def set_compilation(model: nn.Module, how: Compilation) -> None:
    """Has a network compiled at its first step. Raises UsageError for options that mean nothing."""
    with _told():
        model.compile(how.strategy, backend=how.backend, checkpoint=how.checkpoint, memory=how.memory)  # pyright: ignore[reportUnknownMemberType]


def take_steps(model: nn.Module, graph: Graph, how: Compilation, batch: int, stages: Stages) -> list[str]:
    """Takes two training steps, the first of which compiles; what there is to say of it.

    Raises:
        ToolError: where there is no C++ compiler that works.
        MemoryError: where the batch does not fit.
        UsageError: where no policy of checkpointing fits in the memory that was given.
    """
    from resdsl.emit.torch_batch import train_batch

    with _told():
        with stages.run("compiling") as tell:
            _announce(model, tell)
            train_batch(model, graph.input, batch)
        with stages.run(f"one training step of {batch}"):
            train_batch(model, graph.input, batch)
    return [*_sentences(model, graph, how), *_saving(graph)]


@contextmanager
def _told() -> Generator[None]:
    from resdsl.emit.torch_cpp import CompilerError

    try:
        yield
    except CompilerError as error:
        raise ToolError(f"{error}; --no-compile builds without") from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _announce(model: nn.Module, tell: Callable[[str], object]) -> None:
    """Has the progress line name each function before it is compiled."""
    from resdsl.emit.torch_compiled.runtime import runtime_of

    runtime = runtime_of(model)
    if runtime is not None:
        n_functions = len(runtime.file.lowered.regions)
        numbers = iter(range(1, 1 + n_functions))
        runtime.announce = lambda name: tell(f"compiling {name}, {next(numbers, n_functions)} of {n_functions}")


def _sentences(model: nn.Module, graph: Graph, how: Compilation) -> list[str]:
    from resdsl.emit.torch_compiled.report import compile_report, n_graphs_of_torch
    from resdsl.emit.torch_compiled.runtime import runtime_of

    if runtime_of(model) is None:
        return [f"compiled by `{how.strategy}`: {_count(n_graphs_of_torch(), 'graph')} of torch.compile"]
    report = compile_report(model)
    dropped = f", {report.n_dropped} more for what is left of dropped blocks" if report.n_dropped else ""
    units = f"{_count(report.n_units, 'distinct unit')} of {_count(report.n_steps, 'step')}{dropped}"
    lines = [f"compiled by units: {units}, {_count(report.n_graphs, 'graph')} forward and backward"]
    lines.append(f"  {_seconds(report)}")
    if report.checkpoint is not None:
        again = report.checkpoint.macs / max(1, sum(step.unit.macs for step in graph.steps))
        groups = _count(len(report.checkpoint.groups), "group")
        lines.append(
            f"  activations: {binary(report.checkpoint.peak)} at most; {groups} of blocks computed again, "
            f"{again:.0%} of the forward pass"
        )
    return lines


def _seconds(report: CompileReport) -> str:
    n_found = report.n_graphs - report.n_new
    cold = f"{report.n_new} compiled in {report.new_seconds:.1f} s (cold)" if report.n_new else ""
    warm = f"{n_found} from the cache in {report.other_seconds:.1f} s (warm)" if n_found else ""
    return ", ".join(part for part in (cold, warm) if part)


def _saving(graph: Graph) -> list[str]:
    """What the schedule saves of a step, on average."""
    if graph.survival is None or graph.survival.per != "batch":
        return []
    from resdsl.analysis.cost import cost
    from resdsl.analysis.depth import depth

    costs, depths = cost(graph), depth(graph)
    share = costs.expected_macs / costs.total.macs
    blocks = f"{depths.expected_blocks:.1f} of {depths.blocks} blocks"
    saved = f"a training step runs {blocks}, {share:.1%} of the multiply-adds, on average"
    return [f"survive {graph.survival.schedule}: {saved}"]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


_OPTIONS: Final = (
    click.option("--compile/--no-compile", "compiles", default=True, help="Compile it, and take a training step."),
    click.option(
        "--strategy",
        type=click.Choice(["auto", "units", "modules", "graph"]),
        default="auto",
        show_default=True,
        help="What is compiled: each distinct unit once, each class of block by torch.compile, or the whole.",
    ),
    click.option("--checkpoint", metavar="every=K", help="Compute each K blocks again in the backward pass."),
    click.option("--memory", metavar="SIZE", help="Compute as few blocks again as fit training into, say, 8GiB."),
    click.option("--backend", type=click.Choice(["inductor", "aot_eager"]), default="inductor", hidden=True),
)
