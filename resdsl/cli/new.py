"""`resdsl new`: a spec to start from."""

from __future__ import annotations

import os
import sys
from typing import Literal

import click

from resdsl.cli.complete import complete_networks
from resdsl.cli.failures import shown_path
from resdsl.cli.files import write_result
from resdsl.cli.starts import Answers, ask, check_name, copied, derived, expanded, fresh
from resdsl.diagnostics import ToolError


@click.command(name="new")
@click.argument("name")
@click.option(
    "--from",
    "base",
    metavar="NETWORK",
    shell_complete=complete_networks,
    help="A network of the library to start from.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["derived", "copied", "expanded"]),
    default="derived",
    help="How: made from it by `use`, its text copied, or every name and default resolved.",
)
@click.option("-o", "--output", metavar="FILE", help="Where to write; `-` is stdout. Else NAME.res.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def command(
    name: str, base: str | None, form: Literal["derived", "copied", "expanded"], output: str | None, *, force: bool
) -> None:
    """Write a spec to start from: of a library network, or by questions.

    With --from, the new network NAME is made from a network of the library (`resdsl list` shows them). Without it, a
    few questions are asked where there is a terminal; elsewhere their defaults are taken.
    """
    check_name(name)
    target = output or f"{name}.res"
    if target != "-" and os.path.lexists(target) and not force:
        raise ToolError(f"`{target}` is there already; `--force` replaces it")
    if base is None:
        text = fresh(name, ask() if sys.stdin.isatty() else Answers())
    else:
        text = {"derived": derived, "copied": copied, "expanded": expanded}[form](name, base)
    write_result(target, text)
    if target != "-":
        click.echo(f"wrote {shown_path(target)}")
