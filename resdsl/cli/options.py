"""The arguments and options that verbs share: which spec, which network of it, with which parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

import click

from resdsl.cli.complete import complete_network_of_spec, complete_parameters, complete_specs

P = ParamSpec("P")
R = TypeVar("R")
Given = TypeVar("Given", str, tuple[str, ...])


def not_empty(context: click.Context, parameter: click.Parameter, value: Given) -> Given:
    """The value of an argument, no text of which is empty, as a variable is that the shell does not know.

    As a path, that were the working folder. Raises BadParameter.
    """
    if value == "" or (isinstance(value, tuple) and "" in value):
        raise click.BadParameter("it is empty", context, parameter)
    return value


def spec_argument(command: Callable[P, R]) -> Callable[P, R]:
    """SPEC: a file, a name of the library, `-`, or the text itself."""
    return click.argument("spec", callback=not_empty, shell_complete=complete_specs)(command)


def network_options(command: Callable[P, R]) -> Callable[P, R]:
    """`--network NAME`, and `-p NAME=VALUE` as often as one likes."""
    for option in reversed(_NETWORK_OPTIONS):
        command = option(command)
    return command


def _split(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """`("depth=110", "classes=10")` as a mapping; the texts are read by the parameters' types, in the language."""
    given: dict[str, str] = {}
    for value in values:
        name, sign, text = (part.strip() for part in value.partition("="))
        if not (name and sign and text):
            raise click.BadParameter(f"`{value}` is not NAME=VALUE")
        if name in given:
            raise click.BadParameter(f"`{name}` is given twice: `{given[name]}` and `{text}`")
        given[name] = text
    return given


_NETWORK_OPTIONS: Final = (
    click.option(
        "-n",
        "--network",
        metavar="NAME",
        shell_complete=complete_network_of_spec,
        help="Which network of the file; else the one named as the file.",
    ),
    click.option(
        "-p",
        "--param",
        "params",
        metavar="NAME=VALUE",
        multiple=True,
        callback=_split,
        shell_complete=complete_parameters,
        help="Set a parameter of the network, as `-p depth=110`; repeatable.",
    ),
)
