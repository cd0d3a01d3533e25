"""`resdsl plan`: how to train a network on many devices."""

from __future__ import annotations

import json
from typing import Any, Final

import click

from resdsl.analysis.memory import BYTES, DType, read_bytes
from resdsl.analysis.plan import STATES, Asked, Optimizer, Plan, Rank, Strategy, choose, plans
from resdsl.cli.options import network_options, spec_argument
from resdsl.cli.specs import read_spec
from resdsl.cli.summary_form import amount, binary
from resdsl.cli.table import Column, Table
from resdsl.ir.cut import cut_places
from resdsl.ir.graph import Graph


def _bytes(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    try:
        return read_bytes(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(name="plan")
@spec_argument
@network_options
@click.option("--devices", type=click.IntRange(min=1), required=True, help="How many devices, all alike.")
@click.option("--memory", "n_bytes", metavar="SIZE", callback=_bytes, required=True, help="What each has: 80GiB.")
@click.option("--batch", type=click.IntRange(min=1), required=True, help="Samples of a step, over all devices.")
@click.option("--microbatches", type=click.IntRange(min=1), help="Of a pipeline.  [four for each device]")
@click.option("--optimizer", type=click.Choice(list(STATES)), default="momentum", show_default=True)
@click.option("--dtype", type=click.Choice(list(BYTES)), default="float32", show_default=True, help="Of activations.")
@click.option("--strategy", type=click.Choice(["ddp", "fsdp", "pipeline"]), help="Tell of this one.  [the best]")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="The form of the output.")
def command(  # noqa: PLR0913  as many as there are options
    spec: str,
    network: str | None,
    params: dict[str, str],
    *,
    devices: int,
    n_bytes: int,
    batch: int,
    microbatches: int | None,
    optimizer: Optimizer,
    dtype: DType,
    strategy: Strategy | None,
    form: str,
) -> None:
    """Plan the training of a network on many devices: strategy, cuts, memory, communication, checkpointing.

    From the graph alone, for any number of devices. `again`: multiply-adds of a step that checkpointing adds; `idle`:
    how long a stage waits; `time`: a step by multiply-adds, 1 where all devices always compute; the least is taken.
    Weights, gradients and the optimizer's numbers are float32; what
    layers need for a moment, and what torch and a device's driver keep for themselves, comes on top.
    """
    if batch < devices:
        raise click.UsageError(f"a batch of {batch} does not reach {devices} devices: --batch {devices} or more")
    if microbatches is not None and not devices <= microbatches <= batch:
        raise click.UsageError(f"--microbatches is between the devices and the batch here: {devices} to {batch}")
    program = read_spec(spec)
    graph = program.graph(network or program.preferred, params)
    asked = Asked(devices, n_bytes, batch, microbatches, optimizer, dtype)
    found = plans(graph, asked)
    chosen = found[strategy] if strategy else choose(found)
    if form == "json":
        click.echo(_document(graph, found, chosen))
        return
    click.echo(_told(graph, asked, found, chosen))


def _told(graph: Graph, asked: Asked, found: dict[Strategy, Plan | str], chosen: Plan | str | None) -> str:
    n_params = sum(step.unit.n_params for step in graph.steps)
    n_macs = sum(step.unit.macs for step in graph.steps)
    devices = "1 device" if asked.n_devices == 1 else f"{asked.n_devices} devices"
    lines = [
        f"{graph.name}: {n_params:,} parameters, {amount(n_macs)} multiply-adds a sample",
        f"{devices} of {binary(asked.n_bytes)}, a batch of {asked.batch}, {asked.optimizer}, {asked.dtype}",
        "",
        _comparison(found).to_text(),
    ]
    lines += [f"no pipeline: {reason}" for reason in found.values() if isinstance(reason, str)]
    lines.append("")
    match chosen:
        case None:
            lines.append("Nothing fits: more devices, a smaller batch, or --dtype bfloat16.")
        case str():
            pass
        case Plan():
            lines += _details(graph, chosen)
    return "\n".join(lines).rstrip()


def _comparison(found: dict[Strategy, Plan | str]) -> Table:
    """A row for each strategy, of its device that holds most."""
    rows: list[tuple[str, ...]] = []
    for plan in found.values():
        if isinstance(plan, str):
            continue
        rank = max(plan.ranks, key=lambda rank: rank.total)
        again = max(rank.recomputed / rank.macs if rank.macs else 0 for rank in plan.ranks) / 3
        rows.append(
            (
                plan.strategy,
                str(rank.samples),
                *map(binary, (rank.state, rank.gathered, rank.activations, rank.total)),
                "yes" if plan.fits else "no",
                f"+{again:.0%}" if again else "0",
                f"{plan.idle:.1%}" if plan.idle else "0",
                f"{plan.time:.3f}",
                binary(max(rank.sent for rank in plan.ranks)),
            )
        )
    return Table(tuple(Column(name, numbers=place > 0) for place, name in enumerate(_COLUMNS)), tuple(rows))


def _details(graph: Graph, plan: Plan) -> list[str]:
    title = f"{_NAMES[plan.strategy]}: {_ABOUT[plan.strategy]}"
    if plan.strategy != "pipeline":
        rank = plan.ranks[0]
        return [title, f"checkpointing: {_groups(graph, rank)}", f"each device sends {binary(rank.sent)} a step"]
    places = len(cut_places(graph))
    rows = tuple(
        (
            str(number),
            _where(graph, rank),
            amount(rank.macs),
            binary(rank.state),
            binary(rank.activations),
            binary(rank.total),
            binary(rank.sent),
            _groups(graph, rank),
        )
        for number, rank in enumerate(plan.ranks)
    )
    table = Table(tuple(Column(name, numbers=name in _NUMBERS) for name in _STAGES), rows)
    return [
        title,
        f"{plan.n_microbatches} microbatches of {plan.ranks[0].samples}; a device waits {plan.idle:.1%} of a step",
        f"no link crosses {places} places; the slowest stage takes {plan.balance:.3f} times the mean, by multiply-adds",
        "",
        table.to_text(),
    ]


def _where(graph: Graph, rank: Rank) -> str:
    """`conv2[1]…conv4[3]`; a chain without a place."""
    first, last = (_name(graph, position) for position in (rank.first, rank.beyond - 1))
    return first if first == last else f"{first}…{last}"


def _name(graph: Graph, position: int) -> str:
    step = graph.steps[position]
    return f"{step.section}[{step.place}]" if step.unit.is_block else step.section


def _groups(graph: Graph, rank: Rank) -> str:
    if not rank.groups:
        return "none"
    n_blocks = max(beyond - first for first, beyond in rank.groups)
    last = _name(graph, rank.groups[-1][1] - 1)
    return f"every {n_blocks}, {_name(graph, rank.groups[0][0])}…{last}" if n_blocks > 1 else f"every block to {last}"


def _document(graph: Graph, found: dict[Strategy, Plan | str], chosen: Plan | str | None) -> str:
    strategies = {name: {"refused": plan} if isinstance(plan, str) else _data(plan) for name, plan in found.items()}
    document = {
        "network": graph.name,
        "cuts": cut_places(graph),
        "chosen": chosen.strategy if isinstance(chosen, Plan) else None,
        "strategies": strategies,
    }
    return json.dumps(document, indent=1)


def _data(plan: Plan) -> dict[str, Any]:
    ranks = [
        {
            "steps": [rank.first, rank.beyond],
            "samples": rank.samples,
            "state": rank.state,
            "gathered": rank.gathered,
            "activations": rank.activations,
            "total": rank.total,
            "sent": rank.sent,
            "macs": rank.macs,
            "recomputed": rank.recomputed,
            "groups": rank.groups,
        }
        for rank in plan.ranks
    ]
    return {
        "fits": plan.fits,
        "balance": plan.balance,
        "idle": plan.idle,
        "time": plan.time,
        "microbatches": plan.n_microbatches,
        "ranks": ranks,
    }


_COLUMNS: Final = (
    "strategy",
    "samples",
    "state",
    "gathered",
    "activations",
    "in all",
    "fits",
    "again",
    "idle",
    "time",
    "sent",
)
_STAGES: Final = ("rank", "steps", "MACs", "state", "activations", "in all", "sent", "checkpointing")
_NUMBERS: Final = frozenset({"rank", "MACs", "state", "activations", "in all", "sent"})
_NAMES: Final = {"ddp": "DistributedDataParallel", "fsdp": "fully_shard (FSDP2)", "pipeline": "pipelining, 1F1B"}
_ABOUT: Final = {
    "ddp": "each device has the network and a part of the batch; gradients are averaged",
    "fsdp": "each device has a shard of every weight and a part of the batch; units are gathered when they run",
    "pipeline": "each device has a stage; microbatches pass through",
}
