"""`resdsl check`: everything that is wrong with specs, and whether they are what they say."""

from __future__ import annotations

from collections.abc import Sequence

import click

from resdsl.cli.complete import complete_specs
from resdsl.cli.failures import FINDINGS
from resdsl.cli.options import network_options
from resdsl.cli.report import report
from resdsl.cli.specs import expand_folders, new_loader, read_spec_recovering
from resdsl.compiler import Checked
from resdsl.diagnostics import Diagnostic


@click.command(name="check")
@click.argument("specs", metavar="SPEC…", nargs=-1, required=True, shell_complete=complete_specs)
@network_options
@click.pass_context
def command(context: click.Context, specs: tuple[str, ...], network: str | None, params: dict[str, str]) -> None:
    """Find what is wrong with specs, and test what they expect of themselves.

    Every network of each file is elaborated with its defaults and verified, and each `expect` is computed; a folder
    stands for all the .res files below it. With -n, only that network; with -p, its parameters, and no `expect`: what
    a file expects, it expects of its defaults. Warnings alone leave the exit code at 0.
    """
    loader = new_loader()
    programs = (read_spec_recovering(spec, loader=loader) for spec in expand_folders(specs))
    checked = [program.check(network, params) for program in programs]
    found = tuple(dict.fromkeys(diagnostic for one in checked for diagnostic in one.diagnostics))
    report(found)
    click.echo(_summary(checked, found))
    if any(diagnostic.severity == "error" for diagnostic in found):
        context.exit(FINDINGS)


def _summary(checked: Sequence[Checked], found: Sequence[Diagnostic]) -> str:
    n_errors = sum(diagnostic.severity == "error" for diagnostic in found)
    n_expectations = sum(one.n_expectations for one in checked)
    stands = _count(sum(len(one.networks) for one in checked), "network")
    if n_expectations:
        stands += f", {_count(n_expectations, 'expectation')} {'holds' if n_expectations == 1 else 'hold'}"
    told = [_count(n, word) for n, word in ((n_errors, "error"), (len(found) - n_errors, "warning")) if n]
    return f"{', '.join(told)}; {stands}" if told else stands


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
