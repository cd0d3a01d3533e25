"""One mistake, told once: what, where, why, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from resdsl.diagnostics.code import Code
from resdsl.diagnostics.fix import Fix, compatible
from resdsl.record import record
from resdsl.source import Source, Span

Severity = Literal["error", "warning"]


@record
class Note:
    """The other side of a mistake: a place, and what it did there."""

    span: Span
    text: str


@record
class Diagnostic:
    """A message in the user's terms.

    Attributes:
        code: which kind of mistake; `resdsl explain CODE` tells about it.
        message: what was found and what was wanted, in the present tense; shapes as 64x56x56, values in backquotes.
        span: the smallest place that is wrong; None where the mistake has no place in a file.
        label: a few words under the caret; may be empty.
        notes: where the other side came from.
        help: what to write instead; may be empty.
        fixes: the help as edits, any one of which mends it; the best first.
        severity: `warning` lets the work go on.
    """

    code: Code
    message: str
    span: Span | None = None
    label: str = ""
    notes: tuple[Note, ...] = ()
    help: str = ""
    fixes: tuple[Fix, ...] = ()
    severity: Severity = "error"


def sure_fixes(diagnostics: Iterable[Diagnostic], source: Source) -> tuple[Fix, ...]:
    """The changes of a source that its diagnostics are sure of, and that can be made at once."""
    best = (diagnostic.fixes[0] for diagnostic in diagnostics if diagnostic.fixes)
    return compatible(fix for fix in best if fix.sure and fix.span.source is source)


class ResError(Exception):
    """Everything found wrong with a program, in file order; raised once."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        from resdsl.diagnostics.render import render

        return "\n\n".join(render(diagnostic) for diagnostic in self.diagnostics)


class ToolError(Exception):
    """What was rightly asked for could not be done: a file cannot be written, there is no C++ compiler, a package."""


class InternalError(Exception):
    """A mistake of ours: a promise that one part of the compiler made to another does not hold."""

    def __str__(self) -> str:
        return f"internal error: {super().__str__()}; please report it with the .res file that shows it"
