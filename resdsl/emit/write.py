"""Writes a file whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from resdsl.diagnostics import ToolError


def write_file(path: str | Path, content: str | bytes) -> None:
    """Writes the content beside the file, then puts it in the file's place in one step.

    Whoever reads the file sees the old content or the new, never a part; after a failure, Ctrl-C included, the old one
    stands and nothing lies beside it. A link is followed, and the file's permissions are kept; text is UTF-8 with plain
    line ends. A device or a pipe has no old content, and stays what it is: it is written to.

    Raises:
        ToolError: where the file cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        if _is_stream(path):
            Path(path).write_bytes(data)
        else:
            _replace(Path(os.path.realpath(path)), data)
    except OSError as error:
        raise ToolError(f"cannot write `{path}`: {error.strerror or error}") from None
    except ValueError:  # NUL, or half a character
        raise ToolError(f"cannot write `{path}`: no file can have this name") from None


def _replace(target: Path, data: bytes) -> None:
    descriptor, aside = tempfile.mkstemp(prefix=".resdsl.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(aside, _permissions(target))  # noqa: PTH101  the name is text until it is the target's
        os.replace(aside, target)  # noqa: PTH105
    except BaseException:
        with suppress(OSError):
            os.unlink(aside)  # noqa: PTH108
        raise


def _is_stream(path: str | Path) -> bool:
    """Whether a path is that of a device, a pipe or a socket, `/dev/null` or `/dev/stdout`, which nothing replaces."""
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _permissions(target: Path) -> int:
    """Those of the file that is replaced; for a new one, what the process gives new files."""
    try:
        return target.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
