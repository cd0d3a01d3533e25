"""Which files of the library define a name, and the edit that makes a program use one of them."""

from __future__ import annotations

import re
from functools import cache

from resdsl.data import library_folder
from resdsl.diagnostics import Fix
from resdsl.elaborate.definitions import Module
from resdsl.source import Span


def use_fixes(kind: str, name: str, module: Module) -> tuple[Fix, ...]:
    """A `use` of each library file that defines a name: sure where there is one such file, or the standard library."""
    used = {use.path for use in module.program.uses}
    files = [file for file in _defining().get((kind, name), ()) if file not in used]
    return tuple(use_file(module, file, sure=len(files) == 1 or file == STANDARD) for file in files)


def use_file(module: Module, file: str, *, sure: bool) -> Fix:
    """Puts `use "file"` below those that the program has, or below its first line."""
    source, uses = module.source, module.program.uses
    begin = _EDITION.match(source.text)
    if not uses and begin is None:
        return Fix(Span(source, 0, 0), f'res 1\nuse "{file}"\n', sure)
    at = uses[-1].span.end if uses else begin.end() if begin else 0
    return Fix(Span(source, at, at), f'\nuse "{file}"', sure)


@cache
def _defining() -> dict[tuple[str, str], list[str]]:
    """By kind and name, the library's files that define it, the standard library first."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted(library_folder().glob("*.res"), key=lambda path: (path.name != STANDARD, path.name)):
        for key in _DEFINITION.findall(path.read_text(encoding="utf-8")):
            found.setdefault(key, []).append(path.name)
    return found


STANDARD = "std.res"

_DEFINITION = re.compile(r"^(network|block|shortcut|layer|schedule)\s+([A-Za-z_]\w*)", re.MULTILINE)
_EDITION = re.compile(r"(?:\s|#[^\n]*|/\*[\s\S]*?\*/)*res\s+1\b")
