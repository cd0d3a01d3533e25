"""What a command says when it cannot do what was asked, and the exit code that it leaves with."""

from __future__ import annotations

import errno
import sys
from contextlib import suppress
from os import PathLike
from traceback import format_exception
from typing import Final

import click

from resdsl.cli import VERBS
from resdsl.cli.report import report
from resdsl.cli.streams import Ended, is_unread, mute
from resdsl.diagnostics import InternalError, ResError, ToolError, nearest, visible, visible_lines

FINDINGS: Final = 1
"""Something is wrong with a spec, or two things that should be equal are not."""
WRONG_COMMAND: Final = 2
"""The command itself, or a configuration, asks for what there is not. Click's own usage errors have this code too."""
TOOL_FAILED: Final = 3
"""Torch, the file system or another tool failed at what was rightly asked of it."""
OUR_BUG: Final = 70
"""A mistake of ours; the message asks for a report."""
INTERRUPTED: Final = 130
"""Ctrl-C. Other signals that end a command have 128 and their number as well: 143 is SIGTERM."""
UNREAD: Final = 141
"""Whoever reads the output has gone, as `head` does: 128 and the number of SIGPIPE."""


def tell(error: Exception | KeyboardInterrupt) -> int:
    """Print to stderr what went wrong; the exit code. Nothing is lost where nobody can read it."""
    code = _code(error)
    with suppress(OSError):
        _say(error, code)
    mute()
    return code


def _code(error: Exception | KeyboardInterrupt) -> int:
    match error:
        case Ended():
            return 128 + error.signal
        case KeyboardInterrupt():
            return INTERRUPTED
        case ResError():
            in_a_file = any(diagnostic.span is not None for diagnostic in error.diagnostics)
            return FINDINGS if in_a_file else WRONG_COMMAND
        case OSError(errno=errno.EPIPE) if is_unread(sys.stdout) or is_unread(sys.stderr):
            return UNREAD
        case ToolError() | MemoryError() | OSError(errno=int()):
            return TOOL_FAILED
        case RuntimeError() if _is_out_of_memory(error):
            return TOOL_FAILED
        case _:
            return OUR_BUG


def _say(error: Exception | KeyboardInterrupt, code: int) -> None:
    match error:
        case _ if code == UNREAD:
            return
        case KeyboardInterrupt():
            text = str(error) or "interrupted"
        case ResError():
            report(error.diagnostics)
            return
        case OSError(filename=str() | bytes()):
            text = f"error: {error.strerror}: {shown_path(error.filename)}"
        case OSError(errno=int()):
            text = f"error: {error.strerror}"
        case ToolError():
            text = f"error: {error}"
        case MemoryError():
            text = f"error: {str(error) or 'the memory is used up'}"
        case RuntimeError() if code == TOOL_FAILED:
            text = "error: the memory is used up"
        case InternalError():
            text = str(error)
        case _:
            click.echo(visible_lines("".join(format_exception(error))), err=True, nl=False)
            text = str(InternalError(f"{type(error).__name__}: {error}"))
    click.echo(visible(text), err=True)


def _is_out_of_memory(error: RuntimeError) -> bool:
    if "torch" not in sys.modules:
        return False
    from resdsl.emit.torch_batch import is_out_of_memory

    return is_out_of_memory(error)


def shown_path(path: str | bytes | PathLike[str]) -> str:
    """A path as a person may read it: whatever it is called, it is a name on one line."""
    return visible(click.format_filename(path))


def unknown_verb(word: str, context: click.Context) -> click.UsageError:
    """The error for a verb that there is not."""
    meant = nearest(word, VERBS)
    hint = f"did you mean `{meant}`?" if meant else f"the verbs are {', '.join(VERBS)}"
    return click.UsageError(f"no verb `{word}`; {hint}", context)
