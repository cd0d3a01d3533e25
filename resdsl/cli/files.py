"""Writes result files whole: aside first, then renamed, so that no reader ever finds half of one."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from secrets import token_hex


def write_file(target: Path, content: str | bytes) -> None:
    """Replace `target` in one step. On any failure the old file stands as it was. Raises OSError."""
    aside = target.with_name(f".{target.name}.{token_hex(4)}")
    try:
        with aside.open("xb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            aside.chmod(target.stat().st_mode & 0o7777)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def write_result(output: str, content: str | bytes) -> None:
    """Write to the file `output`, or to stdout where it is `-`."""
    if output != "-":
        write_file(Path(output), content)
        return
    stream = sys.stdout.buffer
    stream.write(content.encode() if isinstance(content, str) else content)
    stream.flush()
