"""`resdsl check --fix`: makes the changes that messages are sure of, and proves that nothing else changes."""

from __future__ import annotations

from collections.abc import Iterator

from resdsl.compiler import read_recovering
from resdsl.diagnostics import Fix, apply, sure_fixes
from resdsl.elaborate.definitions import Loader
from resdsl.ir.digest import digest
from resdsl.program import Checked, ReadProgram
from resdsl.record import record
from resdsl.source import Source


@record
class Mended:
    """A text with all changes made that could be.

    Attributes:
        text: as it is then.
        n_fixes: how many changes that took.
        program: what it says then.
        checked: what is still wrong.
    """

    text: str
    n_fixes: int
    program: ReadProgram
    checked: Checked


def mend(source: Source, loader: Loader) -> Mended:
    """Makes the sure changes of a text, then those of the text that comes of it, until there are none.

    A network that stands before a change stands after it, with the digest that it had: a change that would break this
    promise is not made. So the end is the same however often one mends.
    """
    refused: set[tuple[str, str]] = set()
    text, n_fixes = source.text, 0
    program = read_recovering(source, loader=loader)
    checked = program.check()
    for _ in range(_ROUNDS):
        fixes = [fix for fix in sure_fixes(checked.diagnostics, program.module.source) if _key(fix) not in refused]
        if not fixes:
            break
        before = _meaning(program, checked)
        made = list(fixes)
        after = _read(source, apply(text, made), loader)
        if not _keeps(before, after):
            made = list(_harmless(source, text, fixes, before, loader))
            refused |= {_key(fix) for fix in fixes if fix not in made}
            after = _read(source, apply(text, made), loader)
        text, n_fixes = apply(text, made), n_fixes + len(made)
        program, checked = after
    return Mended(text, n_fixes, program, checked)


def _harmless(source: Source, text: str, fixes: list[Fix], before: dict[str, str], loader: Loader) -> Iterator[Fix]:
    """The changes that keep the promise, each tried on top of those before it."""
    made: list[Fix] = []
    for fix in fixes:
        if _keeps(before, _read(source, apply(text, [*made, fix]), loader)):
            made.append(fix)
            yield fix


def _read(source: Source, text: str, loader: Loader) -> tuple[ReadProgram, Checked]:
    program = read_recovering(Source(source.name, text, source.path), loader=loader)
    return program, program.check()


def _meaning(program: ReadProgram, checked: Checked) -> dict[str, str]:
    """The digest of each network that stands."""
    return {name: digest(program.graph(name)) for name in checked.networks}


def _keeps(before: dict[str, str], after: tuple[ReadProgram, Checked]) -> bool:
    now = _meaning(*after)
    return all(now.get(name) == meaning for name, meaning in before.items())


def _key(fix: Fix) -> tuple[str, str]:
    """What tells a change that was refused when it is offered again, wherever it has moved to."""
    span = fix.span
    around = span.source.text[max(span.start - _AROUND, 0) : span.end + _AROUND]
    return around, fix.text


_ROUNDS = 20
_AROUND = 30
