"""`resdsl fmt`: files in the one canonical layout."""

from __future__ import annotations

from typing import Final

import click

from resdsl.cli.complete import complete_specs
from resdsl.cli.difference import difference
from resdsl.cli.failures import FINDINGS, WRONG_COMMAND
from resdsl.cli.options import not_empty
from resdsl.cli.report import report
from resdsl.cli.specs import expand_folders, read_stdin, spec_file
from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.emit.write import write_file
from resdsl.source import usual_line_end
from resdsl.syntax.format import fmt


@click.command(name="fmt")
@click.argument("specs", metavar="FILE…", nargs=-1, required=True, callback=not_empty, shell_complete=complete_specs)
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit with 1 where a file would change.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; print what would change.")
@click.pass_context
def command(context: click.Context, specs: tuple[str, ...], *, only_check: bool, show_diff: bool) -> None:
    """Write specs in the one canonical layout, comments kept in place, the meaning unchanged.

    A folder stands for all the .res files below it; `-` formats standard input to standard output.
    """
    expanded = expand_folders(specs)
    broken = list(expanded.refused)
    n_changed = n_files = 0
    for spec in expanded.specs:
        try:
            before, after = _formatted(spec)
        except ResError as error:
            broken += error.diagnostics
            continue
        n_files += 1
        n_changed += before != after
        if show_diff:
            click.echo(difference(spec, before, after, "formatted"), nl=False)
        elif spec == "-" and not only_check:
            click.echo(after, nl=False)
        elif before != after and not only_check:
            write_file(spec, after)
    report(broken)
    if specs != ("-",) or only_check:
        click.echo(_summary(n_files, n_changed, written=not (only_check or show_diff)), err=True)
    if any(diagnostic.span is None for diagnostic in broken):  # no file, or none of text
        context.exit(WRONG_COMMAND)
    if broken or (n_changed and (only_check or show_diff)):
        context.exit(FINDINGS)


def _formatted(spec: str) -> tuple[str, str]:
    """The text as it is, and in its layout; lines end as most of them do, but on standard output as is usual there."""
    if spec == "-":
        source = read_stdin()
        return source.text, fmt(source.text, name=source.name)
    file = spec_file(spec)
    if file is None:
        first = spec.partition("\n")[0]
        raise ResError([Diagnostic(Code.FILE_UNREADABLE, f"`{first[:_LONGEST]}` is not a file")])
    problems = Problems()
    with problems.collect():
        source = Loader(problems).read(file)
        raw = file.read_bytes().decode()
        return raw, fmt(source.text, name=source.name).replace("\n", usual_line_end(raw))
    raise ResError(problems.errors)


def _summary(n_files: int, n_changed: int, *, written: bool) -> str:
    changed = f"{n_changed} {'file' if n_changed == 1 else 'files'} {'formatted' if written else 'would change'}"
    left = n_files - n_changed
    return f"{changed}, {left} left as {'it is' if left == 1 else 'they are'}"


_LONGEST: Final = 80
"""Characters of a name that is told; what is longer is a text."""
