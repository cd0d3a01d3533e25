"""The exit codes, and the error of a tool that is not ours."""

from __future__ import annotations

from typing import Final

FINDINGS: Final = 1
"""Something is wrong with a spec, or two things that should be equal are not."""
WRONG_COMMAND: Final = 2
"""The command itself, or a configuration, asks for what there is not."""
TOOL_FAILED: Final = 3
"""Torch, the file system or another tool failed at what was asked of it rightly."""
OUR_BUG: Final = 70
"""A mistake of ours; the message asks for a report."""
INTERRUPTED: Final = 130
"""Ctrl-C."""


class ToolError(Exception):
    """Something outside of the compiler failed: memory is used up, a disk is full."""
