"""`resdsl explain`: what a code in a message means."""

from __future__ import annotations

import click

from resdsl.cli.complete import complete_codes
from resdsl.diagnostics import Code, nearest
from resdsl.diagnostics.explanation import explain


@click.command(name="explain")
@click.argument("code", required=False, shell_complete=complete_codes)
def command(code: str | None) -> None:
    """Tell what a code in a message means.

    With a program that is wrong in this way, and one that is right. Without a CODE, list all of them.
    """
    if code is None:
        width = max(len(member.value) for member in Code)
        for member in Code:
            click.echo(f"{member.value:{width}}  {member.explanation}")
        return
    known = {member.value: member for member in Code}
    wanted = code.removeprefix("error[").removeprefix("warning[").removesuffix("]")
    if wanted not in known:
        meant = nearest(wanted, known)
        raise click.UsageError(f"no code `{wanted}`" + (f"; did you mean `{meant}`?" if meant else ""))
    click.echo(str(explain(known[wanted])))
