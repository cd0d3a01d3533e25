"""Where a verb's result goes: to a file, or to stdout."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from resdsl.emit.write import write_file


def refuse_link(target: Path) -> None:
    """Raises UsageError where a file named after a network is a link: the spec would choose what is replaced."""
    if target.is_symlink():
        raise click.UsageError(f"`{target}` is a link; name the file with -o")


def write_result(output: str, content: str | bytes) -> None:
    """Write to the file `output`, whole or not at all, or to stdout where it is `-`. Raises ToolError."""
    if output != "-":
        write_file(output, content)
        return
    stream = sys.stdout.buffer
    stream.write(content.encode() if isinstance(content, str) else content)
    stream.flush()
