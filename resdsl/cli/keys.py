"""`resdsl keys`: what the weights of a network are called, and what of a checkpoint fits."""

from __future__ import annotations

import json

import click

from resdsl.cli.checkpoints import checkpoint_options
from resdsl.cli.complete import complete_schemes
from resdsl.cli.failures import FINDINGS
from resdsl.cli.options import network_options, spec_argument
from resdsl.cli.specs import read_spec
from resdsl.diagnostics import visible_lines
from resdsl.emit.names import module_names
from resdsl.emit.state import state_tensors
from resdsl.ir.graph import Graph
from resdsl.weights.fit import Reading, fit_checkpoint
from resdsl.weights.match import Match
from resdsl.weights.suggest import suggest_renames


@click.command(name="keys")
@spec_argument
@network_options
@click.option(
    "--keys",
    "scheme",
    metavar="SCHEME",
    shell_complete=complete_schemes,
    help="List the names of this scheme; else the network's own.",
)
@click.option("--from", "checkpoint", metavar="FILE", help="Hold a checkpoint against the network.")
@checkpoint_options
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="The form of the output.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    spec: str,
    network: str | None,
    params: dict[str, str],
    scheme: str | None,
    checkpoint: str | None,
    reading: Reading,
    form: str,
) -> None:
    """List the weights of a network by a scheme's names, or tell what of a checkpoint fits it.

    With --from: matched, missing, unexpected, of another shape, and renames that could mend it. The layout of the
    checkpoint is recognised; nothing in it is run. The exit code is 1 where something does not fit.
    """
    program = read_spec(spec)
    graph = program.graph(network or program.preferred, params)
    if checkpoint is None:
        _list(graph, scheme or graph.keys, form)
        return
    if scheme is not None:
        raise click.UsageError("--keys is for listing; say whose names the checkpoint has by --from-keys")
    fit = fit_checkpoint(graph, checkpoint, reading)
    click.echo(_as_json(fit.match) if form == "json" else visible_lines(str(fit)))
    if not fit.match.is_complete:
        ctx.exit(FINDINGS)


def _list(graph: Graph, scheme: str, form: str) -> None:
    """Every tensor of the state with its shape. Raises ResError where the scheme has no name for one."""
    module_names(graph, scheme)
    tensors = [tensor for tensor in state_tensors(graph, scheme) if tensor.is_stored]
    if form == "json":
        click.echo(json.dumps({tensor.key: list(tensor.dims) for tensor in tensors}, indent=1))
        return
    width = max((len(tensor.key) for tensor in tensors), default=0)
    for tensor in tensors:
        click.echo(f"{tensor.key:{width}}  {'x'.join(map(str, tensor.dims))}".rstrip())


def _as_json(match: Match) -> str:
    document = {
        "complete": match.is_complete,
        "scheme": match.scheme,
        "prefix": match.prefix,
        "matched": {pair.key: pair.tensor.key for pair in match.pairs},
        "missing": [lack.key for lack in match.missing],
        "unexpected": [extra.key for extra in match.unexpected],
        "shape_differs": {pair.key: [pair.tensor.own_dims, pair.dims] for pair in match.differing},
        "counters_not_stored": len(match.counters),
        "renames": {rename.key: rename.wanted for rename in suggest_renames(match)},
    }
    return json.dumps(document, indent=1)
