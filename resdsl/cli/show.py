"""`resdsl show`: a network as the table of its paper would have it, or as data."""

from __future__ import annotations

from typing import Literal

import click

from resdsl.cli.options import network_options, spec_argument
from resdsl.cli.specs import read_spec


@click.command(name="show")
@spec_argument
@network_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "md", "csv"]),
    default="table",
    help="The form of the output.",
)
@click.option("--expanded", is_flag=True, help="Print the network in .res instead, all names and defaults resolved.")
@click.option("--lowered", is_flag=True, help="Print the Python functions that are compiled, one a distinct unit.")
def command(
    spec: str,
    network: str | None,
    params: dict[str, str],
    form: Literal["table", "json", "md", "csv"],
    *,
    expanded: bool,
    lowered: bool,
) -> None:
    """Print a network as the table of its paper would.

    Stages with their blocks, output sizes, parameters, multiply-adds and survival probabilities; totals, depth by
    three conventions, links.
    """
    if expanded and lowered:
        raise click.UsageError("--expanded prints .res, --lowered prints Python: one of them")
    if (expanded or lowered) and form != "table":
        raise click.UsageError(
            f"--format {form} is a form of the table, which {'--expanded' if expanded else '--lowered'} leaves out"
        )
    program = read_spec(spec)
    graph = program.graph(network or program.preferred, params)
    if expanded:
        from resdsl.emit.res import print_res

        click.echo(print_res(graph), nl=False)
        return
    if lowered:
        from resdsl.emit.lowered.file import emit

        click.echo(emit(graph), nl=False)
        return
    from resdsl.cli.summary import summarise
    from resdsl.cli.summary_form import FORMS

    click.echo(FORMS[form](summarise(graph)))
