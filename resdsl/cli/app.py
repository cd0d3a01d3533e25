"""The `resdsl` command: finds the verb, runs it, and turns what went wrong into a message and an exit code."""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Final, NoReturn, cast

import click

from resdsl import __version__
from resdsl.cli import VERBS
from resdsl.cli.exits import FINDINGS, INTERRUPTED, OUR_BUG, TOOL_FAILED, WRONG_COMMAND, ToolError
from resdsl.cli.report import report
from resdsl.diagnostics import InternalError, ResError, nearest


class Verbs(click.Group):
    """The verbs of the table VERBS, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        return cast(click.Command, import_module(f"resdsl.cli.{cmd_name}").command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and not args[0].startswith("-"):
            meant = nearest(args[0], VERBS)
            raise click.UsageError(
                f"no verb `{args[0]}`"
                + (f"; did you mean `{meant}`?" if meant else f"; the verbs are {', '.join(VERBS)}"),
                ctx,
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except ResError as error:
            report(error.diagnostics)
            in_a_file = any(diagnostic.span is not None for diagnostic in error.diagnostics)
            ctx.exit(FINDINGS if in_a_file else WRONG_COMMAND)
        except ToolError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(TOOL_FAILED)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # click ends quietly when `| head` has read enough
            click.echo(f"error: {error.strerror or error}: {error.filename or ''}".rstrip(": "), err=True)
            ctx.exit(TOOL_FAILED)
        except Exception as error:  # noqa: BLE001  whatever reaches this far is a mistake of ours
            _confess(error)
            ctx.exit(OUR_BUG)


_SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(cls=Verbs, subcommand_metavar="VERB …", context_settings=_SETTINGS)
@click.version_option(__version__, prog_name="resdsl", message="%(prog)s %(version)s")
def cli() -> None:
    """Residual networks as text: check, show, draw and build them.

    A SPEC is a `.res` file, the name of a library network (`resdsl list`), or `-` for standard input.
    """


def main() -> NoReturn:
    """Run the command line of this process, and exit."""
    cli(prog_name="resdsl")
    raise SystemExit(0)


def _confess(error: Exception) -> None:
    if not isinstance(error, InternalError):
        from traceback import format_exception

        click.echo("".join(format_exception(error)), err=True, nl=False)
        error = InternalError(f"{type(error).__name__}: {error}")
    click.echo(str(error), err=True)
