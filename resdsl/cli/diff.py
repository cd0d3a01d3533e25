"""`resdsl diff`: what differs between two networks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from resdsl.analysis.diff import Change, Diff, Mark, diff
from resdsl.cli.complete import complete_specs
from resdsl.cli.draw import read_graphs
from resdsl.cli.failures import FINDINGS
from resdsl.cli.options import network_options, not_empty
from resdsl.cli.specs import new_loader
from resdsl.compiler import read
from resdsl.ir.graph import Graph
from resdsl.source import Source
from resdsl.weights.survive import Survival, surviving_weights


@click.command(name="diff")
@click.argument("first", callback=not_empty, shell_complete=complete_specs)
@click.argument("second", callback=not_empty, shell_complete=complete_specs)
@network_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="The form of the output.")
@click.pass_context
def command(
    ctx: click.Context, first: str, second: str, network: str | None, params: dict[str, str], *, form: str
) -> None:
    """Tell what differs between two networks: parts, blocks, links, survival, cost, weights.

    Weights survive where their keys and shapes do: a change that keeps the labels keeps the keys.

    The exit code is 1 where they differ, as a git difftool expects: `git difftool -x 'resdsl diff'`. The picture of
    it is `resdsl draw --view diff`.
    """
    one, other = (_read(spec, network, params) for spec in (first, second))
    found = diff(one, other) if one and other else _alone(one, other)
    weights = surviving_weights(one, other) if one and other else None
    names = [graph.name for graph in (one, other) if graph]
    click.echo(_as_json(found, weights) if form == "json" else _as_text(found, weights, names[0], names[-1]))
    if not found.is_empty:
        ctx.exit(FINDINGS)


def _read(spec: str, network: str | None, params: dict[str, str]) -> Graph | None:
    """The network of a spec; None for what git shows in the place of a file that is not there.

    `git difftool` hands over copies in a temporary folder, and names the file itself in `BASE`: what it uses is
    looked for beside the file.
    """
    if spec == os.devnull:
        return None
    base = os.environ.get("BASE", "")
    if not base or not Path(spec).parent.name.startswith("git-blob-"):
        return read_graphs((spec,), network, params)[0]
    try:
        text = Path(spec).read_text(encoding="utf-8")
    except UnicodeDecodeError:  # told as for any file
        return read_graphs((spec,), network, params)[0]
    program = read(Source(base, text, Path(base).resolve()), loader=new_loader())
    return program.graph(network or program.preferred, params)


def _alone(one: Graph | None, other: Graph | None) -> Diff:
    """The difference between a network and none."""
    changes: list[Change] = []
    sums: list[tuple[int, int]] = []
    sides: tuple[tuple[Mark, Graph | None], ...] = (("-", one), ("+", other))
    for mark, graph in sides:
        units = [step.unit for step in graph.steps] if graph else []
        sums.append((sum(unit.n_params for unit in units), sum(unit.macs for unit in units)))
        if graph:
            changes.append(Change(mark, f"network {graph.name}"))
    return Diff(tuple(changes), (sums[0][0], sums[1][0]), (sums[0][1], sums[1][1]), ({}, {}), ({}, {}))


def _as_text(found: Diff, weights: Survival | None, one: str, other: str) -> str:
    if found.is_empty:
        return f"{one} and {other} are the same network" if one != other else f"{one}: no difference"
    colours = {"+": "green", "-": "red", "~": "cyan"}
    lines = [click.style(str(change), fg=colours[change.mark]) for change in found.changes]
    for name, (before, after) in (("params", found.params), ("MACs", found.macs)):
        if before != after:
            lines.append(f"  {name}: {before:,} → {after:,} ({after - before:+,})")
    if weights is not None:
        lines += _weights(weights)
    return "\n".join(lines)


def _weights(found: Survival) -> Iterator[str]:
    """Which of the first network's weights the second takes: those whose labels, and so whose keys, stay."""
    n_values = sum(tensor.n_values for tensor in found.kept if not tensor.is_counter)
    if found.is_whole:
        yield "  weights: all survive"
        return
    n_before = len(found.kept) + len(found.reshaped) + len(found.lost)
    yield f"  weights: {len(found.kept)} of {n_before} tensors survive, {n_values:,} values"
    for what, keys in (
        ("another shape", [one.key for one, _ in found.reshaped]),
        ("gone", [tensor.key for tensor in found.lost]),
        ("new", [tensor.key for tensor in found.new]),
    ):
        if keys:
            modules = list(dict.fromkeys(key.rpartition(".")[0] for key in keys))
            more = f" and {len(modules) - _MOST} more" if len(modules) > _MOST else ""
            yield f"    {what}: {', '.join(modules[:_MOST])}{more}"


def _as_json(found: Diff, weights: Survival | None) -> str:
    document: dict[str, object] = {
        "same": found.is_empty,
        "changes": [
            {"mark": change.mark, "place": change.place, "before": change.before, "after": change.after}
            for change in found.changes
        ],
        "params": found.params,
        "macs": found.macs,
    }
    if weights is not None:
        document["weights"] = {
            "kept": [tensor.key for tensor in weights.kept],
            "reshaped": [one.key for one, _ in weights.reshaped],
            "lost": [tensor.key for tensor in weights.lost],
            "new": [tensor.key for tensor in weights.new],
        }
    return json.dumps(document, indent=2, ensure_ascii=False)


_MOST: Final = 4
