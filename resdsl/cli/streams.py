"""The process that a command runs in: its standard streams, and the signals that end it."""

from __future__ import annotations

import errno
import os
import select
import signal
import sys
from contextlib import suppress
from typing import Final, NoReturn, TextIO


class Ended(KeyboardInterrupt):
    """The system asks the command to end: what Ctrl-C puts away is put away, and the exit code says which signal."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.signal = number


def prepare() -> None:
    """Has SIGTERM and SIGHUP end the command in order, and its streams hold UTF-8 whatever the locale says.

    A stream that is closed leads nowhere from now on: else the next file that is opened would have its number, and what
    a library prints would end up there.

    Raises:
        OSError: where standard output is closed, for the result would be lost.
    """
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # `nohup` has turned one off
            signal.signal(number, _end)
    lost = sys.__stdout__ is None
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            _lead_nowhere(number)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
        elif mode == "w":
            getattr(sys, name).reconfigure(encoding="utf-8", errors="backslashreplace")
    if lost:
        raise OSError(errno.EBADF, "standard output is closed")


def is_unread(stream: TextIO) -> bool:
    """Whether a stream is a pipe that nobody reads any more."""
    if not hasattr(select, "poll"):
        return True  # Windows: what else could be
    look = select.poll()
    try:
        look.register(stream.fileno(), select.POLLOUT)
    except (OSError, ValueError):  # a test's, in memory
        return True
    return any(event & select.POLLERR for _, event in look.poll(0))


def mute() -> None:
    """Lets go of what cannot be written any more, so that Python does not fail over it once more at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                _lead_nowhere(stream.fileno())


def _end(number: int, _frame: object) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # once is enough: what is put away is not to be interrupted
    raise Ended(number)


def _lead_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)


_SIGNALS: Final = ("SIGTERM", "SIGHUP")
_STREAMS: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
