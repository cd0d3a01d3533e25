"""`resdsl check`: everything that is wrong with specs, and whether they are what they say."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from resdsl.cli.complete import complete_specs
from resdsl.cli.failures import FINDINGS, WRONG_COMMAND
from resdsl.cli.formats import FORMATS, Findings
from resdsl.cli.options import network_options, not_empty
from resdsl.cli.parallel import for_each
from resdsl.cli.report import report
from resdsl.cli.specs import expand_folders, new_loader, read_spec_recovering, spec_file, spec_folder
from resdsl.data import library_folder
from resdsl.diagnostics import Diagnostic, ResError
from resdsl.elaborate.definitions import Loader
from resdsl.program import Checked
from resdsl.project import project_of
from resdsl.record import record


@click.command(name="check")
@click.argument("specs", metavar="SPEC…", nargs=-1, required=True, callback=not_empty, shell_complete=complete_specs)
@network_options
@click.option("--fix", is_flag=True, help="Make the changes that messages are sure of, in the files themselves.")
@click.option("--diff", is_flag=True, help="Write nothing; print what --fix would change.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", *FORMATS)),
    default="text",
    show_default=True,
    help="How to tell: to people, a line each, to programs, to code scanning, to a workflow of GitHub.",
)
@click.option("--watch", is_flag=True, help="Check again whenever a file is saved, until Ctrl-C.")
@click.pass_context
def command(
    context: click.Context,
    specs: tuple[str, ...],
    network: str | None,
    params: dict[str, str],
    *,
    fix: bool,
    diff: bool,
    form: str,
    watch: bool,
) -> None:
    """Find what is wrong with specs, and test what they expect of themselves.

    Every network of each file is elaborated with its defaults and verified, and each `expect` is computed; a folder
    stands for all the .res files below it. With -n, only that network; with -p, its parameters, and no `expect`: what
    a file expects, it expects of its defaults. Warnings alone leave the exit code at 0; `allow = ["CODE"]` under
    [tool.resdsl] in pyproject.toml turns one off for a project, `# resdsl: allow(CODE)` for a line.
    """
    look = _Look(network, params)
    if fix or diff:
        _refuse(watch and "--watch", params and "-p", network and "-n", with_="--diff" if diff else "--fix")
        from resdsl.cli.mending import mend_files, mend_stdin, refuse_what_is_no_file

        refuse_what_is_no_file(specs)
        if specs == ("-",):
            left = mend_stdin(write=not diff)
            report(left)
            context.exit(_exit_code(left))
        expanded = expand_folders(specs)
        n_changed = mend_files(expanded.specs, write=not diff)
        if diff:
            report(expanded.refused)
            context.exit(WRONG_COMMAND if expanded.refused else FINDINGS if n_changed else 0)
    if watch:
        _refuse("-" in specs and "standard input", with_="--watch")
        from resdsl.cli.watch import repeat

        repeat(lambda: _run(specs, look, form).files, lambda: _neighbours(specs))
    done = _run(specs, look, form)
    if done.unread:
        context.exit(WRONG_COMMAND)
    context.exit(_exit_code(done.findings.diagnostics))


def _exit_code(found: Iterable[Diagnostic]) -> int:
    return FINDINGS if any(diagnostic.severity == "error" for diagnostic in found) else 0


def _tell(findings: Findings, form: str) -> None:
    """Prints: text to stderr with its summary on stdout, other forms to stdout."""
    if form == "text":
        report(findings.diagnostics)
        click.echo(findings.summary)
        return
    for line in FORMATS[form](findings):
        click.echo(line)
    if form in ("concise", "github"):
        click.echo(findings.summary, err=True)


def _together(checked: Iterable[Checked]) -> Findings:
    """What was found in several specs, a mistake in a file that they share once."""
    everything = list(checked)
    found = {_identity(diagnostic): diagnostic for one in everything for diagnostic in one.diagnostics}
    n_networks = sum(len(one.networks) for one in everything)
    return Findings(tuple(found.values()), n_networks, sum(one.n_expectations for one in everything))


@record
class _Done:
    """What was found in all specs, in which files, and whether a spec is none."""

    findings: Findings
    files: tuple[Path, ...]
    unread: bool


@record
class _Outcome:
    """What was found in one spec, and the files that this took; `unread` where what is named is no spec."""

    checked: Checked
    files: tuple[Path, ...] = ()
    unread: bool = False


@record
class _Look:
    """Which network of a spec, with which parameters."""

    network: str | None
    params: dict[str, str]

    def at(self, spec: str, loader: Loader) -> _Outcome:
        """Checks one spec."""
        try:
            program = read_spec_recovering(spec, loader=loader)
        except ResError as error:
            nowhere = all(diagnostic.span is None for diagnostic in error.diagnostics)
            return _Outcome(Checked((), 0, error.diagnostics), unread=nowhere)
        checked = program.check(self.network, self.params)
        told = project_of(program.module.source.path).without_allowed(checked.diagnostics)
        files = tuple(path for path in program.module.sizes if path.name)
        return _Outcome(Checked(checked.networks, checked.n_expectations, told), files)


def _run(specs: tuple[str, ...], look: _Look, form: str) -> _Done:
    loader = new_loader()
    expanded = expand_folders(specs)
    if len(expanded.specs) > 1:
        loader.load_file(library_folder() / "std.res")  # before the processes part
    outcomes = for_each(expanded.specs, lambda spec: look.at(spec, loader), jobs=1 if "-" in specs else None)
    outcomes.append(_Outcome(Checked((), 0, expanded.refused), unread=bool(expanded.refused)))
    findings = _together(outcome.checked for outcome in outcomes)
    _tell(findings, form)
    files = dict.fromkeys(file for outcome in outcomes for file in outcome.files)
    return _Done(findings, tuple(files), any(outcome.unread for outcome in outcomes))


def _identity(diagnostic: Diagnostic) -> tuple[object, ...]:
    """Equal for the same message at the same place, also where two processes have read the file."""
    return diagnostic.code, diagnostic.severity, diagnostic.message, str(diagnostic.span)


def _neighbours(specs: tuple[str, ...]) -> set[Path]:
    """The specs that are files, those beside them, and those below the folders."""
    below = {path.resolve() for spec in specs if (folder := spec_folder(spec)) for path in folder.rglob("*.res")}
    folders = {file.resolve().parent for spec in specs if (file := spec_file(spec))}
    return below | {path for folder in folders for path in folder.glob("*.res")}


def _refuse(*options: object, with_: str) -> None:
    for option in options:
        if option:
            raise click.UsageError(f"{option} and {with_} do not go together")
