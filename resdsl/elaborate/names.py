"""Resolves every name of a file, used or not, before anything is computed, and tells all that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from resdsl.diagnostics import Code, Diagnostic, Note, delete
from resdsl.elaborate.definitions import KINDS, Found, Module
from resdsl.elaborate.network_walk import NetworkWalk
from resdsl.elaborate.perspective import own_notes
from resdsl.elaborate.problems import Echo, Mistake, Problems, mistake
from resdsl.elaborate.unknown import in_words
from resdsl.elaborate.walk import BodyWalk, Resolved, Walk
from resdsl.limits import Limits
from resdsl.ops import OPS
from resdsl.source import Span
from resdsl.syntax import ast


class NameResolver:
    """Resolves definitions, each once, also of used files where they are asked for."""

    def __init__(self, told: Iterable[Diagnostic], limits: Limits) -> None:
        """Takes what reading the files has told: a definition with such a mistake in it is broken."""
        self._told = [d.span for d in told if d.span is not None and d.severity == "error" and not d.fixes]
        self._resolved: dict[int, Resolved] = {}
        self._under_way: list[ast.AnyDefinition] = []
        self._limits = limits
        self._told_deep = False
        self._told_large = False

    def resolve(self, found: Found) -> Resolved:
        """What a definition's names stand for."""
        definition = found.definition
        if id(definition) not in self._resolved:
            resolved = self._resolved[id(definition)] = Resolved()
            self._under_way.append(definition)
            walk = self._walk(found, resolved)
            self._under_way.pop()
            resolved.references = tuple(walk.references.found)
            is_wrong = len(resolved.problems.errors) > walk.n_harmless
            without_y = (Code.SHORTCUT_EQUATION, definition.name_span)
            wrong = [told for told in resolved.problems.errors if (told.code, told.span) != without_y]
            is_unclear = any(told.code in _OF_STRUCTURE for told in wrong)
            is_torn = walk.references.lost or not definition.whole or any(self._told_in(definition))
            resolved.broken |= is_wrong or is_torn
            if is_unclear or walk.is_endless or not self._is_made_out(definition):
                found.module.broken.add(id(definition))
        return self._resolved[id(definition)]

    def reach(self, found: Found) -> list[Resolved]:
        """What a definition leads to, itself included."""
        seen: dict[int, Resolved] = {}
        waiting = [found]
        while waiting:
            here = waiting.pop()
            if id(here.definition) not in seen:
                seen[id(here.definition)] = resolved = self.resolve(here)
                waiting += resolved.references
        return list(seen.values())

    def below(self, found: Found, span: Span) -> Resolved:
        """What a definition that another is made of stands for. Raises Mistake where that leads back, or too deep."""
        definition, deepest = found.definition, self._limits.nesting
        what = in_words(KINDS[type(definition)])
        if self.is_under_way(found):
            start = next(n for n, other in enumerate(self._under_way) if other is definition)
            circle = " → ".join(other.name for other in (*self._under_way[start:], definition))
            message = f"the {what} `{definition.name}` is made of itself"
            if len(self._under_way) > start + 1:
                message += f": {circle}"
            raise mistake(Code.NAME_CYCLE, message, span, notes=(Note(definition.name_span, "defined here"),))
        resolved = self._resolved.get(id(definition))
        if len(self._under_way) > deepest or (resolved is not None and resolved.height >= deepest):
            if self._told_deep:
                raise Echo
            self._told_deep = True
            message = f"{what}s are made of each other more than {deepest} deep"
            raise mistake(Code.LIMIT_NESTING, message, span)
        return self.resolve(found)

    def check_size(self, n_layers: int, span: Span) -> None:
        """Raises Mistake where a layer is made of more layers than the caller allows."""
        if n_layers > self._limits.nodes:
            if self._told_large:
                raise Echo
            self._told_large = True
            message = f"a layer is made of {n_layers:,} layers or more; the caller allows {self._limits.nodes:,}"
            help = "the caller may raise the limit: `Limits(nodes=…)`"
            raise mistake(Code.LIMIT_NODES, message, span, help=help)

    def is_under_way(self, found: Found) -> bool:
        """Whether a definition is being resolved: what leads to it leads to itself."""
        return any(found.definition is other for other in self._under_way)

    def _walk(self, found: Found, resolved: Resolved) -> Walk:
        definition = found.definition
        walk = (NetworkWalk if isinstance(definition, ast.Network | ast.Derived) else BodyWalk)(self, found, resolved)
        try:
            with walk.references.collect():
                walk.parameters(definition.parameters)
                walk.follow()
        except Mistake:
            pass  # enough are told
        return walk

    def _told_in(self, definition: ast.AnyDefinition) -> Iterator[Span]:
        """The mistakes of the text that lie in a definition."""
        span = definition.span
        return (d for d in self._told if d.source is span.source and d.start < span.end and span.start < d.end)

    def _is_made_out(self, definition: ast.AnyDefinition) -> bool:
        """Whether it is known of which statements a body is made, but for those that are lost."""
        parts = [part.span for part in (*definition.parameters, *definition.lost)]
        if isinstance(definition, ast.Block | ast.ShortcutKind | ast.Layer):
            parts += [statement.span for statement in definition.statements]
        parts += [definition.lost_list] if definition.lost_list is not None else []
        return all(any(part.holds(told) for part in parts) for told in self._told_in(definition))


def check_names(module: Module, resolver: NameResolver) -> Problems:
    """The mistakes in the names of a file, in each of its definitions, and what is unused or hides something."""
    problems = Problems()
    everything = [Found(definition, module) for definition in module.program.definitions]
    resolved = [resolver.resolve(found) for found in everything]
    for one in resolved:
        for diagnostic in one.problems.found:
            problems.add(diagnostic)
    if not any(one.broken for one in resolved):
        for found, one in zip(everything, resolved, strict=True):
            _warn_of_unused_names(found, one, problems)
        _warn_of_unused_definitions(everything, resolved, problems)
    for found in everything:
        _warn_of_hidden(found, problems)
    _warn_of_files_used_twice(module, problems)
    return problems


# ---------------------------------------------------------------- warnings


def _warn_of_unused_names(found: Found, resolved: Resolved, problems: Problems) -> None:
    parameters = {parameter.name for parameter in found.definition.parameters}
    definition = found.definition
    statements = definition.statements if isinstance(definition, ast.Network | ast.Derived) else ()
    lets = {statement.name: statement.span for statement in statements if isinstance(statement, ast.Let)}
    for name, bound in resolved.names.bound.items():
        if bound.span is None or bound.used:
            continue
        if name in parameters:
            message, help = f"nothing uses the parameter `{name}`", _handed_on(found, name)
        else:
            message, help = f"nothing uses `{name}`", "delete it"
        let = lets.get(name)
        fixes = (delete(let, sure=False),) if let is not None and let.start <= bound.span.start < let.end else ()
        problems.warn(Code.NAME_UNUSED, message, bound.span, help=help, fixes=fixes)


def _warn_of_unused_definitions(everything: list[Found], resolved: list[Resolved], problems: Problems) -> None:
    """In a file with networks; others define things for those who use them, as the library does."""
    networks = [found.definition for found in everything if isinstance(found.definition, ast.Network | ast.Derived)]
    if not networks:
        return
    used = {
        id(reference.definition)
        for found, one in zip(everything, resolved, strict=True)
        for reference in one.references
        if reference.definition is not found.definition
    }
    open_kinds = {parameter.type for network in networks for parameter in network.parameters}
    for found in everything:
        definition, kind = found.definition, KINDS[type(found.definition)]
        is_default = kind == "shortcut" and definition.name in ("identity", "projection")
        if id(definition) in used or kind in open_kinds or kind == "network" or is_default:
            continue
        message = f"no network of this file uses the {in_words(kind)} `{definition.name}`"
        help = "delete it, or move it to a file that others `use`"
        fixes = (delete(definition.span, sure=False),)
        problems.warn(Code.NAME_UNUSED, message, definition.name_span, help=help, fixes=fixes)


def _handed_on(found: Found, name: str) -> str:
    definition = found.definition
    if isinstance(definition, ast.Derived):
        return f"`{definition.base.name}({name} = {name})` would hand it on; else delete it"
    return "setting it changes nothing: delete it, or use it"


def _warn_of_hidden(found: Found, problems: Problems) -> None:
    definition, module = found.definition, found.module
    kind = KINDS[type(definition)]
    hidden = module.used.get((kind, definition.name))
    notes: tuple[Note, ...] = ()
    if hidden is not None:
        whose = f"the one of `{Path(hidden.module.source.name).name}`"
        notes = own_notes(Note(hidden.definition.name_span, "this one"))
    elif kind == "layer" and definition.name in OPS:
        whose = "the one of the language"
    else:
        return
    message = f"the {in_words(kind)} `{definition.name}` hides {whose}"
    help = "give yours a name of its own"
    problems.warn(Code.NAME_SHADOWS, message, definition.name_span, notes=notes, help=help)


def _warn_of_files_used_twice(module: Module, problems: Problems) -> None:
    first: dict[int, ast.Use] = {}
    for use, file in module.uses:
        before = first.setdefault(id(file), use)
        if before is not use:
            message, notes = f"`{use.path}` is used already", (Note(before.span, "first here"),)
            fixes = (delete(use.span, sure=True),)
            problems.warn(Code.NAME_UNUSED, message, use.span, notes=notes, help="delete it", fixes=fixes)


_OF_STRUCTURE = frozenset(
    {Code.NAME_CYCLE, Code.NAME_TAKEN, Code.SHORTCUT_EQUATION, Code.LIMIT_NESTING, Code.LIMIT_NODES}
)
"""Mistakes that leave it unclear which statements a definition has, or let it have no end."""
