"""Classes that the calling program lends to `extern block` definitions; a `.res` file can never name one itself."""

from __future__ import annotations

import keyword
from dataclasses import dataclass

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.ir.graph import Graph

PREFIX = "extern."
"""A torch call whose target is `extern.NAME` makes the class that is registered for NAME."""


@dataclass(frozen=True, slots=True)
class ExternClass:
    """Where emitted code finds a class: `from module import name`."""

    module: str
    name: str


def register(name: str, factory: type | str) -> None:
    """Lends a class to `extern block NAME`; a later call for the same name replaces it.

    Args:
        name: the block's name in `.res`.
        factory: a class that can be imported by its module and name, or that place as text, `"package.module:Class"`.
            It is called with the channels that enter, by position, then the block's arguments by name, as in
            `Attention(64, heads=8)`, and must return an `nn.Module` that makes the shape and has the trained weights
            of the block's signature: `build` holds it to them.

    Raises:
        ValueError: where the class has no place that another program could import it from, or its name is taken.
    """
    module, separator, attribute = (
        factory.partition(":") if isinstance(factory, str) else (factory.__module__, ":", factory.__qualname__)
    )
    parts = [*module.split("."), attribute]
    if not separator or not all(part.isidentifier() and not keyword.iskeyword(part) for part in parts):
        raise ValueError(
            f'`{factory}` is not a class that can be imported: a class of a module, or "package.module:Class"'
        )
    lent = ExternClass(module, attribute)
    taken = [other for other, by in _EXTERNS.items() if other != name and by.name == lent.name and by != lent]
    if taken or attribute in ("torch", "nn", "F"):
        used_by = f"`extern block {taken[0]}`" if taken else "every emitted file"
        raise ValueError(f"the name `{attribute}` is used by {used_by} already; give the class another")
    _EXTERNS[name] = lent


def unregister(name: str) -> None:
    """Takes a lent class back, if there is one."""
    _EXTERNS.pop(name, None)


def lent_class(name: str) -> ExternClass:
    """The class that is lent to a block. Raises KeyError where there is none; see `extern_classes`."""
    return _EXTERNS[name]


def resolve_target(target: str) -> str:
    """The name under which emitted code calls a target: that of the lent class for `extern.NAME`, else the target."""
    return _EXTERNS[target.removeprefix(PREFIX)].name if target.startswith(PREFIX) else target


def extern_classes(graph: Graph) -> tuple[ExternClass, ...]:
    """The lent classes that a network uses, in order of first use.

    Raises:
        ResError: with the line that is missing, for each block that has no class.
    """
    found: dict[ExternClass, None] = {}
    missing: dict[str, Diagnostic] = {}
    for unit in graph.units:
        for node in unit.nodes:
            if node.part == "survive":
                continue
            target = node.op.torch_call(*unit.input_shapes(node)).target
            if not target.startswith(PREFIX):
                continue
            name = target.removeprefix(PREFIX)
            if name in _EXTERNS:
                found[_EXTERNS[name]] = None
            else:
                message = f"no Python class is registered for `extern block {name}`"
                help = f'in the program that builds it: `resdsl.register("{name}", YourClass)`'
                missing[name] = Diagnostic(Code.EXTERN_UNREGISTERED, message, node.span, help=help)
    if missing:
        raise ResError(missing.values())
    return tuple(found)


_EXTERNS: dict[str, ExternClass] = {}
