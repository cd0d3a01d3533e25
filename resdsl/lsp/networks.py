"""Elaborates the networks of a document, each only when something that it depends on has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from resdsl.advice import advise
from resdsl.analysis.depth import depth
from resdsl.diagnostics import Diagnostic, ResError
from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.network import Elaborated, Known, elaborate_known
from resdsl.elaborate.problems import Problems
from resdsl.elaborate.work import Taken, weighed
from resdsl.emit.draw.wording import count_words
from resdsl.expectations import check_expectations, check_known
from resdsl.ir.graph import Graph
from resdsl.ir.verify import verify
from resdsl.limits import Limits
from resdsl.lsp.symbols import base_of, kind_of
from resdsl.record import evolve, record, state
from resdsl.source import Span
from resdsl.syntax import ast

Key = tuple[object, ...]
"""Everything that a network depends on; equal keys, equal graphs."""


@record
class Outcome:
    """What elaboration made of a network: a graph or mistakes; advice and expectations are looked at when asked for.

    Its places are those of the text that it was made from; `here` carries them to the present text, `there` back.

    Attributes:
        key: everything that it depends on.
        told: what elaboration told; `diagnostics` adds to it.
        unmet: expectations that are left out.
        taken: the steps of all that was looked at.
    """

    name: str
    key: Key
    elaborated: Elaborated | None
    told: tuple[Diagnostic, ...]
    module: Module
    limits: Limits
    unmet: Sequence[ast.Expect]
    taken: Taken

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Outcome({self.name!r})"

    @property
    def graph(self) -> Graph | None:
        """The graph with the network's defaults; None where it has mistakes."""
        return self.elaborated.graph if self.elaborated is not None else None

    @cached_property
    def words(self) -> str:
        """`1.73 M params · 253 M MACs · depth 110`; empty where there is no graph."""
        if self.graph is None:
            return ""
        params = sum(step.unit.n_params for step in self.graph.steps)
        macs = sum(step.unit.macs for step in self.graph.steps)
        return f"{count_words(params)} params · {count_words(macs)} MACs · depth {depth(self.graph).depth}"

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that is wrong with the network, errors first."""
        problems = Problems(list(self.told))
        if self.elaborated is not None and not problems.errors:
            try:
                problems.add_unless_told(self.elaborated.warnings)
                problems.add_unless_told(advise(self.elaborated))
                with weighed(self.taken):
                    check_expectations(self.elaborated, problems, self.limits, unmet=self.unmet)
            except ResError as error:
                for diagnostic in error.diagnostics:
                    problems.add(diagnostic)
        return (*problems.errors, *problems.warnings)

    def here(self, span: Span, module: Module) -> Span:
        """A place of the text that the outcome was made from, as a place of the same file now."""
        return _carry(span, self.module, module)

    def there(self, span: Span, module: Module) -> Span:
        """A place of the same file now, as a place of the text that the outcome was made from."""
        return _carry(span, module, self.module)

    def diagnostics_in(self, module: Module) -> Iterator[Diagnostic]:
        """The mistakes, with their places in the file now."""
        for diagnostic in self.diagnostics:
            if module.source is self.module.source:
                yield diagnostic
                continue
            yield evolve(
                diagnostic,
                span=diagnostic.span and self.here(diagnostic.span, module),
                notes=tuple(evolve(note, span=self.here(note.span, module)) for note in diagnostic.notes),
                fixes=tuple(evolve(fix, span=self.here(fix.span, module)) for fix in diagnostic.fixes),
            )


@state
class Networks:
    """The last outcome of each network of a document."""

    limits: Limits
    _last: dict[str, Outcome]
    _module: Module | None = None
    _around: Key = ()

    def outcome(self, found: Found, uses: tuple[Module | None, ...], unmet: Sequence[ast.Expect] = ()) -> Outcome:
        """What elaboration makes of a network that nothing broken is needed for, its expectations included.

        Left out are `unmet` ones, whose names hold mistakes that are told already.
        """
        last = self.known(found, uses)
        if last is None:
            last = self._last[found.definition.name] = self._elaborate(found, self._key(found, uses), unmet)
        return last

    def known(self, found: Found, uses: tuple[Module | None, ...]) -> Outcome | None:
        """The outcome, if it is at hand."""
        last = self._last.get(found.definition.name)
        return last if last is not None and last.key == self._key(found, uses) else None

    def forget(self, found: Found) -> None:
        """Forgets the outcome of a network."""
        self._last.pop(found.definition.name, None)

    def keep_only(self, names: set[str]) -> None:
        """Forgets networks that the document has no longer."""
        for name in self._last.keys() - names:
            del self._last[name]

    def _key(self, found: Found, uses: tuple[Module | None, ...]) -> Key:
        """What a network depends on: of its file, and the used files. What all have in common is looked at once."""
        if self._module is not found.module:
            around = key_of_all(found.module)
            self._module, self._around = found.module, self._around if self._around == around else around
        return (*_own_key(found), self._around, uses)

    def _elaborate(self, found: Found, key: Key, unmet: Sequence[ast.Expect]) -> Outcome:
        problems, taken = Problems(), Taken()
        elaborated: Elaborated | None = None
        with weighed(taken):
            try:
                made = elaborate_known(found, {}, problems, self.limits)
                if isinstance(made, Known):
                    check_known(made, problems, unmet=unmet)
                else:
                    elaborated = made
                    verify(elaborated.graph)
            except ResError as error:
                for diagnostic in error.diagnostics:
                    problems.add(diagnostic)
        told = tuple(problems.found)
        return Outcome(found.definition.name, key, elaborated, told, found.module, self.limits, unmet, taken)


def _own_key(found: Found) -> Key:
    """The texts of a network and of its bases in its file."""
    bases: list[ast.AnyDefinition] = []
    base: Found | None = found
    while base is not None:
        if base.module is found.module:
            bases.append(base.definition)
        base = base_of(base)
    return tuple(map(_text, bases))


def key_of_all(module: Module) -> Key:
    """What every network of a file depends on, in that file: the texts of all that are no networks, and the names."""
    others = [d for d in module.program.definitions if kind_of(d) != "network"]
    return (*map(_text, others), tuple(sorted(name for _, name in module.names)), module.source.path)


def _text(definition: ast.AnyDefinition) -> tuple[str, str]:
    return definition.span.text, definition.doc


def _carry(span: Span, old: Module, new: Module) -> Span:
    if span.source is not old.source or old is new:
        return span
    index = _index_of(old, span.start)
    if index is None:
        return Span(new.source, min(span.start, len(new.source.text)), min(span.end, len(new.source.text)))
    definition = old.program.definitions[index]
    for other in new.program.definitions:
        if (kind_of(other), other.name) == (kind_of(definition), definition.name):
            start = span.start - definition.span.start + other.span.start
            return Span(new.source, start, start + span.end - span.start)
    return Span(new.source, 0, 0)


def _index_of(module: Module, offset: int) -> int | None:
    for index, definition in enumerate(module.program.definitions):
        if definition.span.start <= offset <= definition.span.end:
            return index
    return None
