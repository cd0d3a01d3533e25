"""`resdsl bench`: how fast a network trains and runs, beside others, measured in turns."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from resdsl.cli.complete import complete_specs
from resdsl.cli.failures import shown_path
from resdsl.cli.files import write_result
from resdsl.cli.options import network_options, spec_argument
from resdsl.cli.progress import Stages
from resdsl.cli.specs import read_spec
from resdsl.cli.table import Column, Table
from resdsl.diagnostics import visible_lines

if TYPE_CHECKING:
    from resdsl.integrations.bench.measure import Figures


@click.command(name="bench")
@spec_argument
@network_options
@click.option(
    "--against",
    multiple=True,
    metavar="NETWORK",
    shell_complete=complete_specs,
    help="torchvision:resnet50, timm:…, pytorchcv:…, or another spec; repeatable.",
)
@click.option("--task", type=click.Choice(["train", "eval", "both"]), default="both", show_default=True)
@click.option("--ways", type=click.Choice(["eager", "compiled", "both"]), default="both", show_default=True)
@click.option("--batch", type=click.IntRange(min=1), default=8, show_default=True, help="Samples in a batch.")
@click.option("--rounds", type=click.IntRange(min=1), default=15, show_default=True, help="How often each is timed.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads of torch on a processor.  [torch's own]")
@click.option(
    "--dtype", type=click.Choice(["fp32", "bf16", "fp16"]), default="fp32", show_default=True, help="Autocast."
)
@click.option("--device", metavar="NAME", help="cpu, cuda, cuda:1.  [cuda where there is one]")
@click.option("--backend", type=click.Choice(["inductor", "aot_eager"]), default="inductor", hidden=True)
@click.option("--json", "json_file", metavar="FILE", help="Write every time that was measured; `-` is stdout.")
def command(  # noqa: PLR0913, PLR0917  as many as there are options
    spec: str,
    network: str | None,
    params: dict[str, str],
    against: tuple[str, ...],
    task: Literal["train", "eval", "both"],
    ways: Literal["eager", "compiled", "both"],
    batch: int,
    rounds: int,
    threads: int | None,
    dtype: str,
    device: str | None,
    backend: str,
    json_file: str | None,
) -> None:
    """Time a network beside others: compilation, training step, evaluation, memory.

    Everything runs in one process, in turns, on the same random batch; ratios are those of medians, to the first
    network run eagerly. `folded and compiled` is what `build --for inference` makes. Other libraries are extras:
    `pip install 'resdsl[peers]'`.
    """
    stages = Stages()
    program = read_spec(spec)
    graph = program.graph(network or program.preferred, params)
    with stages.run("importing torch"):
        from resdsl.integrations.bench.session import Asked, bench, describe_machine

    asked = Asked(graph, spec, against, batch, rounds, threads, dtype, device, ways, {"backend": backend})
    results: dict[str, list[Figures]] = {}
    for each in ("train", "eval") if task == "both" else (task,):
        with stages.run(f"measuring {each}") as tell:
            results[each] = bench(asked, each, tell)
    to_stdout = json_file == "-"
    for each, figures in results.items():
        click.echo(f"{_TITLES[each]}, batch of {batch}", err=to_stdout)
        click.echo(visible_lines(_table(figures).to_text()) + "\n", err=to_stdout)
    if json_file is not None:
        write_result(json_file, _document(results, describe_machine(asked)))
    if json_file is not None and not to_stdout:
        click.echo(f"wrote {shown_path(Path(json_file))}")


def _table(figures: list[Figures]) -> Table:
    from resdsl.integrations.bench.measure import ratio

    columns = ("network", "runs", "first step", "step", "ratio", "saved", "peak")
    rows = tuple(
        (
            each.network,
            each.way,
            f"{each.compile_seconds:.1f} s",
            f"{each.median * 1e3:.1f} ms",
            f"{ratio(each, figures[0]):.3f}",
            "" if each.saved is None else f"{each.saved / 2**20:,.1f} MiB",
            "" if each.peak is None else f"{each.peak / 2**20:,.0f} MiB",
        )
        for each in figures
    )
    return Table(tuple(Column(name, numbers=place > 1) for place, name in enumerate(columns)), rows)


def _document(results: dict[str, list[Figures]], machine: dict[str, str]) -> str:
    from dataclasses import asdict

    tasks = {task: [asdict(each) for each in figures] for task, figures in results.items()}
    return json.dumps({"machine": {"python": platform.python_version(), **machine}, "tasks": tasks}, indent=1) + "\n"


_TITLES: Final = {"train": "training step", "eval": "evaluation"}
