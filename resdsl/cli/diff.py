"""`resdsl diff`: what differs between two networks."""

from __future__ import annotations

import json

import click

from resdsl.analysis.diff import Diff, diff
from resdsl.cli.complete import complete_specs
from resdsl.cli.draw import read_graphs
from resdsl.cli.failures import FINDINGS
from resdsl.cli.options import network_options


@click.command(name="diff")
@click.argument("first", shell_complete=complete_specs)
@click.argument("second", shell_complete=complete_specs)
@network_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="The form of the output.")
@click.pass_context
def command(
    ctx: click.Context, first: str, second: str, network: str | None, params: dict[str, str], *, form: str
) -> None:
    """Tell what differs between two networks: parts, blocks, links, survival, cost.

    The exit code is 1 where they differ, as a git difftool expects: `git difftool -x 'resdsl diff'`. The picture of
    it is `resdsl draw --view diff`.
    """
    one, other = read_graphs((first, second), network, params)
    found = diff(one, other)
    click.echo(_as_json(found) if form == "json" else _as_text(found, one.name, other.name))
    if not found.is_empty:
        ctx.exit(FINDINGS)


def _as_text(found: Diff, one: str, other: str) -> str:
    if found.is_empty:
        return f"{one} and {other} are the same network" if one != other else f"{one}: no difference"
    colours = {"+": "green", "-": "red", "~": "cyan"}
    lines = [click.style(str(change), fg=colours[change.mark]) for change in found.changes]
    for name, (before, after) in (("params", found.params), ("MACs", found.macs)):
        if before != after:
            lines.append(f"  {name}: {before:,} → {after:,} ({after - before:+,})")
    return "\n".join(lines)


def _as_json(found: Diff) -> str:
    document = {
        "same": found.is_empty,
        "changes": [
            {"mark": change.mark, "place": change.place, "before": change.before, "after": change.after}
            for change in found.changes
        ],
        "params": found.params,
        "macs": found.macs,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
