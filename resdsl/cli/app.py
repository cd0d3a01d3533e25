"""The `resdsl` command: finds the verb and runs it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, cast

import click

from resdsl import __version__
from resdsl.cli import VERBS


class Verbs(click.Group):
    """The verbs of the table VERBS, each imported when it is used."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except OSError as error:  # what `--help` or `--version` prints cannot be written
            from resdsl.cli.failures import tell

            raise click.exceptions.Exit(tell(error)) from None

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
            from resdsl.cli.failures import unknown_verb

            raise unknown_verb(args[0], ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            from resdsl.diagnostics import visible_lines

            error.message = visible_lines(error.message)  # pyright: ignore[reportAttributeAccessIssue]  click 8.3 calls it Final
            raise
        except (click.exceptions.Exit, click.Abort):
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  told to the user, whatever it is
            from resdsl.cli.failures import tell

            ctx.exit(tell(error))


_SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(cls=Verbs, subcommand_metavar="VERB …", context_settings=_SETTINGS)
@click.version_option(__version__, prog_name="resdsl", message="%(prog)s %(version)s")
def cli() -> None:
    """Residual networks as text: check, show, draw and build them.

    A SPEC is a .res file, the name of a network of the library (see `resdsl list`), `-` for standard input, or the
    text of a spec itself.
    """


def main() -> None:
    """Run the command line of this process, and exit."""
    from resdsl.cli.streams import prepare

    try:
        prepare()
        cli(prog_name="resdsl")
    except OSError as error:  # standard output is closed, or not even a usage error can be written
        from resdsl.cli.failures import tell

        raise SystemExit(tell(error)) from None
