"""What a command says when it cannot do what was asked, and the exit code that it leaves with."""

from __future__ import annotations

import errno
from traceback import format_exception
from typing import Final

import click

from resdsl.cli import VERBS
from resdsl.cli.report import report
from resdsl.diagnostics import InternalError, ResError, nearest

FINDINGS: Final = 1
"""Something is wrong with a spec, or two things that should be equal are not."""
WRONG_COMMAND: Final = 2
"""The command itself, or a configuration, asks for what there is not. Click's own usage errors have this code too."""
TOOL_FAILED: Final = 3
"""Torch, the file system or another tool failed at what was rightly asked of it."""
OUR_BUG: Final = 70
"""A mistake of ours; the message asks for a report."""
INTERRUPTED: Final = 130
"""Ctrl-C."""


class ToolError(Exception):
    """Something outside of the compiler failed: memory is used up, a file is not ours to replace."""


def tell(error: Exception | KeyboardInterrupt) -> int:
    """Print to stderr what went wrong; the exit code. Raises a broken pipe again: click ends quietly then."""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED
        case ResError():
            report(error.diagnostics)
            in_a_file = any(diagnostic.span is not None for diagnostic in error.diagnostics)
            return FINDINGS if in_a_file else WRONG_COMMAND
        case ToolError():
            click.echo(f"error: {error}", err=True)
            return TOOL_FAILED
        case OSError(errno=errno.EPIPE):
            raise error
        case OSError(filename=str() | bytes()):
            click.echo(f"error: {error.strerror}: {click.format_filename(error.filename)}", err=True)
            return TOOL_FAILED
        case MemoryError():
            click.echo(f"error: {error or 'the memory is used up'}", err=True)
            return TOOL_FAILED
        case InternalError():
            click.echo(str(error), err=True)
            return OUR_BUG
        case _:
            click.echo("".join(format_exception(error)), err=True, nl=False)
            click.echo(str(InternalError(f"{type(error).__name__}: {error}")), err=True)
            return OUR_BUG


def unknown_verb(word: str, context: click.Context) -> click.UsageError:
    """The error for a verb that there is not."""
    meant = nearest(word, VERBS)
    hint = f"did you mean `{meant}`?" if meant else f"the verbs are {', '.join(VERBS)}"
    return click.UsageError(f"no verb `{word}`; {hint}", context)
