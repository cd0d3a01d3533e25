"""Writes a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from resdsl.diagnostics import Code, Diagnostic, ResError


def write_file(path: str | Path, content: str | bytes) -> None:
    """Writes the content beside the file, then puts it in the file's place in one step.

    Whoever reads the file sees the old content or the new, never a part; after a failure the old one stands and nothing
    lies beside it. A link is followed, and the file's permissions are kept; text is UTF-8 with plain line ends.

    Raises:
        ResError: where the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    data = content.encode("utf-8") if isinstance(content, str) else content
    aside: str | None = None
    try:
        descriptor, aside = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(aside, _permissions(target))  # noqa: PTH101  the name is text until it is the target's
        os.replace(aside, target)  # noqa: PTH105
    except OSError as error:
        if aside is not None:
            with suppress(OSError):
                os.unlink(aside)  # noqa: PTH108
        message = f"cannot write `{path}`: {error.strerror or error}"
        raise ResError([Diagnostic(Code.FILE_UNREADABLE, message)]) from None


def _permissions(target: Path) -> int:
    """Those of the file that is replaced; for a new one, what the process gives new files."""
    try:
        return target.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
