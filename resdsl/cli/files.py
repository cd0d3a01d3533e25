"""Where a verb's result goes: to a file, or to stdout."""

from __future__ import annotations

import sys

from resdsl.cli.failures import ToolError
from resdsl.diagnostics import ResError
from resdsl.emit.write import write_file


def write_result(output: str, content: str | bytes) -> None:
    """Write to the file `output`, whole or not at all, or to stdout where it is `-`. Raises ToolError."""
    if output == "-":
        stream = sys.stdout.buffer
        stream.write(content.encode() if isinstance(content, str) else content)
        stream.flush()
        return
    try:
        write_file(output, content)
    except ResError as error:
        raise ToolError(error.diagnostics[0].message) from error
