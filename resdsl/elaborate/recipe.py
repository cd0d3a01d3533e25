"""The text that gives one network wherever it is loaded: its file, what that uses, and a last line that chooses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, TypeVar, cast

from resdsl.diagnostics import ResError
from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.perspective import is_users
from resdsl.elaborate.problems import sure
from resdsl.elaborate.scope import Value, write
from resdsl.ops import OPS
from resdsl.record import evolve
from resdsl.source import Source, Span
from resdsl.syntax import ast
from resdsl.syntax.parser import parse


def write_recipe(found: Found, values: Mapping[str, Value]) -> str:
    """The text of a network's file, from which `load` makes the network with these parameters again.

    Where the file has other networks too, or parameters are set, a comment in the last line says which is meant:
    `# resdsl: network resnet_cifar(depth = 56)`. The definitions of the user's other files stand in it, those of the
    library are used. Empty where names that mean one thing in one file and another in the next cannot stand together.
    """
    module = found.module
    text = module.source.text
    match = _find_choice(text)
    text = (text[: match.start()] if match is not None else text).rstrip() + "\n"
    others = _used_files(module)
    if others:
        text = _joined(text, module, others)
    two_networks = tuple(islice((name for kind, name in module.own if kind == "network"), 2))
    if text and (values or len(two_networks) == 2 or others):
        given = ", ".join(f"{name} = {write(value)}" for name, value in values.items()).replace("\n", "\\n")
        text += f"\n# resdsl: network {found.definition.name}{f'({given})' if given else ''}\n"
    return text


def read_choice(source: Source) -> ast.Reference | None:
    """The network, with its arguments, that the last line of a text chooses; None where it says nothing.

    Raises ResError where it does not read as one.
    """
    match = _find_choice(source.text)
    if match is None:
        return None
    start = match.start("call")
    before = _NO_NEWLINE.sub(" ", source.text[: start - len(_AS_NETWORK)]) + _AS_NETWORK
    try:
        program = parse(Source(source.name, before + match["call"], source.path))
    except ResError as error:
        raise ResError(evolve(d, span=_moved(d.span, source), notes=(), fixes=()) for d in error.diagnostics) from None
    return _moved(sure(program.definitions[0], ast.Derived).base, source)


def _find_choice(text: str) -> re.Match[str] | None:
    """The last line that chooses, where there is one."""
    return _CHOICE.match(text, text.rfind("\n", 0, len(text.rstrip())) + 1)


def _used_files(module: Module) -> list[Module]:
    """The user's other files whose definitions a file sees, in the order of first use."""
    modules = {id(found.module): found.module for found in module.used.values()}
    return [used for used in modules.values() if is_users(used.source)]


def _joined(text: str, module: Module, others: list[Module]) -> str:
    """One text of several files; empty where that would change what a name means."""
    files = [*others, module]
    names = [name for file in files for name in file.own]
    seen = {name for file in files for name, found in file.names.items() if not is_users(found.module.source)}
    if len(set(names)) < len(names) or seen & set(names) or any(k == "layer" and name in OPS for k, name in names):
        return ""
    library = {use.path for file in files for use in file.program.uses} - {use.path for use in _local_uses(files)}
    bodies = [_body(file.source.text if file is not module else text, file.program).strip() for file in files]
    return "\n\n".join(["\n".join(["res 1", *(f'use "{path}"' for path in sorted(library))]), *bodies]) + "\n"


def _local_uses(files: list[Module]) -> list[ast.Use]:
    """The `use` statements that lead to one of the files."""
    paths = {file.source.path.resolve() for file in files if file.source.path is not None}
    return [
        use
        for file in files
        for use in file.program.uses
        if file.source.path is not None and (file.source.path.parent / use.path).resolve() in paths
    ]


def _body(text: str, program: ast.Program) -> str:
    """A file's text behind its edition and its `use` statements."""
    edition = _EDITION.search(text)
    ends = [use.span.end for use in program.uses] or [edition.end() if edition is not None else 0]
    return text[max(ends) :]


def _moved(value: _T, source: Source) -> _T:
    """A part of a tree, or a span of it, as if it had been read from another text of the same length."""
    node: Any = value  # what it is made of is not told by its type
    match node:
        case Span():
            return cast("_T", Span(source, node.start, node.end))
        case tuple():
            return cast("_T", tuple(_moved(item, source) for item in cast("tuple[object, ...]", node)))
        case ast.Syntax():
            names: Mapping[str, object] = cast(Any, type(node)).__fields__
            return cast("_T", evolve(node, **{name: _moved(getattr(node, name), source) for name in names}))
        case _:
            return value


_T = TypeVar("_T")
_CHOICE = re.compile(r"^# resdsl: network (?P<call>[^\n]*\S)\s*\Z", re.MULTILINE)
_EDITION = re.compile(r"^[ \t]*res\s+1\b", re.MULTILINE)
_NO_NEWLINE = re.compile(r"[^\n]")
_AS_NETWORK = "res 1 network a="
