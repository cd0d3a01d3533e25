"""Which file of the library has a block or a shortcut kind."""

from collections.abc import Mapping
from functools import cache

from resdsl import parse
from resdsl.data import library_folder
from resdsl.syntax import ast


@cache
def files(kind: type) -> Mapping[str, str]:
    """The file of each definition of a kind, by its name."""
    return {
        definition.name: path.name
        for path in sorted(library_folder().glob("*.res"))
        for definition in parse(path.read_text(encoding="utf-8")).definitions
        if isinstance(definition, kind)
    }


def name_of(call):
    """`basic` of `basic(16)`."""
    return call.partition("(")[0]


def uses(block, kinds):
    """The `use` lines for a block and for what stands after `shortcut`."""
    words = {name_of(kind) for kind in kinds.split(" else ")}
    used = {"std.res", files(ast.Block)[name_of(block)], *(files(ast.ShortcutKind)[word] for word in words)}
    return "\n".join(f'use "{file}"' for file in sorted(used))
