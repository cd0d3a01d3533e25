"""The options that say how a checkpoint is read, shared by verbs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

import click

from resdsl.weights.fit import Reading

R = TypeVar("R")


def checkpoint_options(command: Callable[..., R]) -> Callable[..., R]:
    """`--from-keys`, `--prefix`, `--rename`, `--suggested` and `--part`, which the command takes as its `reading`."""

    @wraps(command)
    def with_reading(
        *args: Any,
        from_keys: str | None,
        prefix: str | None,
        renames: dict[str, str],
        suggested: bool,
        part: str | None,
        **options: Any,
    ) -> R:
        return command(*args, reading=Reading(from_keys, prefix, renames, suggested, part), **options)

    made: Callable[..., R] = with_reading
    for option in reversed(_OPTIONS):
        made = option(made)
    return made


def _renames(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """`("encoder=layer1",)` as a mapping."""
    found: dict[str, str] = {}
    for value in values:
        path, sign, name = (part.strip() for part in value.partition("="))
        if not (path and sign and name):
            raise click.BadParameter(f"`{value}` is not OLD=NEW")
        found[path] = name
    return found


_OPTIONS: Final = (
    click.option("--from-keys", metavar="SCHEME", help="Whose names the checkpoint has; else found by itself."),
    click.option("--prefix", help="What stands before all of its names, as `module.`; else found by itself."),
    click.option(
        "--rename",
        "renames",
        metavar="OLD=NEW",
        multiple=True,
        callback=_renames,
        help="Another name for a tensor of the checkpoint, or for a path above some; repeatable.",
    ),
    click.option("--suggested", is_flag=True, help="Take the renames that order and shape suggest."),
    click.option("--part", metavar="NAME", help="Which state of a file that holds several, as `ema`."),
)
