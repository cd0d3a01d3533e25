"""One document as an editor shows it: its module, names, networks and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from resdsl.allowances import idle_allowances, without_allowed
from resdsl.diagnostics import Diagnostic, ResError
from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.names import NameResolver, check_names
from resdsl.elaborate.problems import Problems
from resdsl.elaborate.work import Work, begin_work, counted, take_again
from resdsl.lsp.files import Files, Reading
from resdsl.lsp.networks import Networks, Outcome
from resdsl.lsp.occurrences import SymbolTable, build_table, path_span
from resdsl.program import ReadProgram, not_at_mistakes
from resdsl.project import project_of
from resdsl.source import Source, Span, real_path
from resdsl.syntax import ast
from resdsl.syntax.lexer import Lexed, lex


class Document:
    """A text that is open in an editor; edits replace the text, and keep what was computed and still holds."""

    def __init__(self, name: str, path: Path | None, text: str, files: Files) -> None:
        self.name = name
        self.path = real_path(path) if path is not None else None
        self._files = files
        self._networks = Networks(files.limits, {})
        self._text = text
        self._version: Version | None = None
        self._apart: dict[Path, Reading] = {}
        self.edit(text)

    def edit(self, text: str) -> None:
        """The editor shows this text now."""
        self._text = text
        self.show()

    def show(self) -> None:
        """What uses the file sees this text, rather than that of another document of the same file."""
        if self.path is not None:
            self._files.shown[self.path] = self._text

    @property
    def source(self) -> Source:
        """The text alone, as it is."""
        return Source(self.name, self._text, self.path)

    @property
    def now(self) -> Version:
        """The document as it is, with the files that it uses as they are."""
        reading = self._read()
        if self._version is None or self._version.reading is not reading:
            self._version = Version(reading, self._networks, self._files)
        return self._version

    def _read(self) -> Reading:
        if self.path is not None and self._files.shown.get(self.path) != self._text:  # under another address, too
            reading = self._files.apart(self.path, self._text, self._apart).read(self.path)
        else:
            reading = self._files.read(self.path) if self.path is not None else None
        if reading is not None:
            return reading
        last = self._version
        if last is not None and last.source.text == self._text:
            return last.reading
        return self._files.read_text(Source(self.name, self._text))


class Version:
    """A document at one moment; everything is computed when it is first asked for.

    Attributes:
        is_checked: whether everything that is wrong is known already, so that `diagnostics` costs little.
    """

    def __init__(self, reading: Reading, networks: Networks, files: Files) -> None:
        self.reading = reading
        self._limits = files.limits
        self._files = files
        self._networks = networks
        self.is_checked = False
        self._is_foreseen = False
        self._counted: set[str] = set()
        self._looked_at: dict[str, tuple[Diagnostic, ...]] = {}
        networks.keep_only({found.definition.name for found in self.networks})

    def as_if(self, text: str) -> Version:
        """What the document would be with another text."""
        reading = self._files.read_text(Source(self.source.name, text, self.source.path))
        return Version(reading, Networks(self._limits, {}), self._files)

    @property
    def module(self) -> Module:
        """The file's definitions, and those that it uses."""
        return self.reading.module

    @property
    def source(self) -> Source:
        """The text."""
        return self.reading.module.source

    @property
    def networks(self) -> list[Found]:
        """The networks of the file, in order."""
        own = self.module.own
        return [found for (kind, _), found in own.items() if kind == "network" and found.module is self.module]

    @cached_property
    def lexed(self) -> Lexed:
        """The tokens and comments of the text."""
        return lex(self.source, self._limits)

    @property
    def has_syntax_mistakes(self) -> bool:
        """Whether the text itself is no program; names and used files may be wrong in one that is."""
        own = (d for d in self.reading.problems if d.severity == "error" and d.span and d.span.source is self.source)
        return any(diagnostic.code.value.startswith(("syntax-", "limit-")) for diagnostic in own)

    @cached_property
    def table(self) -> SymbolTable:
        """Every name, and what it stands for."""
        return build_table(self.module)

    def definition_at(self, offset: int) -> ast.AnyDefinition | None:
        """The definition that an offset lies in."""
        return next((d for d in self.module.program.definitions if d.span.start <= offset <= d.span.end), None)

    def definition_before(self, offset: int) -> int:
        """Where the last definition begins that begins before an offset; 0 where none does."""
        return max((d.span.start for d in self.module.program.definitions if d.span.start < offset), default=0)

    def network_at(self, offset: int) -> Found | None:
        """The network that an offset lies in."""
        definition = self.definition_at(offset)
        return next((found for found in self.networks if found.definition is definition), None)

    def outcome(self, found: Found) -> Outcome | None:
        """What elaboration makes of a network; None where something that it needs is broken already."""
        self._foresee()
        if self._is_broken(found):
            return None
        known = self._networks.known(found, self.reading.uses)
        if known is not None:
            self._count_again(known, found)
            return known
        if self._work.is_done:
            return None
        self._counted.add(found.definition.name)
        with counted(self._work):
            outcome = self._networks.outcome(found, self.reading.uses, self._resolver.resolve(found).unmet)
        if self._work.is_done:
            self._networks.forget(found)
        return outcome

    def _count_again(self, known: Outcome, found: Found) -> None:
        """Counts what a network took in an earlier version: what is refused is the same whatever is known already."""
        if found.definition.name not in self._counted:
            self._counted.add(found.definition.name)
            take_again(known.taken, self._work, found.definition.name_span)

    def is_known(self, found: Found) -> bool:
        """Whether `outcome` has its answer at hand."""
        return self._is_broken(found) or self._networks.known(found, self.reading.uses) is not None

    def _is_broken(self, found: Found) -> bool:
        key = found.definition.name
        if key not in self._broken:
            with counted(self._work):
                reached = self._resolver.reach(found)
            self._broken[key] = any(resolved.broken for resolved in reached)
        return self._broken[key]

    @cached_property
    def _broken(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _resolver(self) -> NameResolver:
        return NameResolver(self.module.problems.errors, self._limits)

    @cached_property
    def _program(self) -> ReadProgram:
        return ReadProgram(self.module, self._limits, _resolver=self._resolver)

    @cached_property
    def _work(self) -> Work:
        """The steps that all networks may still take."""
        return begin_work(self._limits, self.source.text)

    def elaborate(self) -> Iterator[None]:
        """Elaborates one network after another, for who has other things to do in between."""
        for found in self._elaborated():
            self._diagnostics_of(found)
            yield

    def diagnostics(self) -> list[Diagnostic]:
        """Everything that is wrong with this text, each thing once: syntax, what it uses, names and meaning."""
        problems = Problems([*self.reading.problems, *self._names.found])
        elsewhere: list[tuple[Diagnostic, Found]] = []
        for network in self._elaborated():
            told = self._diagnostics_of(network)
            problems.add_unless_told(d for d in told if self._is_here(d))
            elsewhere += [(d, network) for d in told if not self._is_here(d)]
        if self._work.refusal is not None:
            problems.add_unless_told([self._work.refusal])
        own = not_at_mistakes(problems.found, self.module.problems.errors)
        found = [d for d in own if self._is_here(d)] + list(self._in_used())
        for diagnostic, network in elsewhere:
            if not _is_told(diagnostic, found):
                found.append(_from_elsewhere(diagnostic, network))
        self.is_checked = True
        found = sorted(found, key=lambda d: d.severity == "warning")[: self._limits.diagnostics]
        idle = idle_allowances(found, self.source, self._limits)
        told = dict.fromkeys((*without_allowed(found, self.source, self._limits), *idle))
        return sorted(self._without_project(told), key=lambda d: d.span.start if d.span else 0)

    def _without_project(self, told: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """Without what the project of the file turns off; with what is wrong with its settings, if anything is."""
        try:
            return project_of(self.source.path).without_allowed(told)
        except ResError as error:
            return (*error.diagnostics, *told)

    @cached_property
    def _names(self) -> Problems:
        """What is wrong with the names."""
        with counted(self._work):
            return check_names(self.module, self._resolver)

    def _foresee(self) -> None:
        """Looks, before any network is made, whether all together take more steps than a file may."""
        if not self._is_foreseen:
            self._is_foreseen = True
            _ = self._names  # mistakes in names are told, whatever is foreseen
            with counted(self._work):
                self._program.foresee([found.definition.name for found in self._program.by_default()], Problems())

    def _elaborated(self) -> Iterator[Found]:
        """The networks that are made as they are, as far as a file may."""
        self._foresee()
        for found in self._program.by_default():
            if self._work.is_done and found.definition.name not in self._looked_at:
                break
            yield found

    def _is_here(self, diagnostic: Diagnostic) -> bool:
        return diagnostic.span is None or diagnostic.span.source is self.source

    def _diagnostics_of(self, network: Found) -> tuple[Diagnostic, ...]:
        """What is wrong with a network; where that has mistakes of text or names, what is wrong besides."""
        name = network.definition.name
        if name not in self._looked_at:
            with counted(self._work):
                outcome = self.outcome(network)
                told = outcome.diagnostics_in(self.module) if outcome is not None else self._program.told(network, {})
                self._looked_at[name] = tuple(told or ())
            if self._work.is_done:
                self._networks.forget(network)
        return self._looked_at[name]

    def _in_used(self) -> Iterator[Diagnostic]:
        """For each used file with mistakes, a message at its `use`."""
        for use, module in zip(self.module.program.uses, self.reading.uses, strict=True):
            wrong = list(module.problems.errors) if module is not None else []
            if not wrong:
                continue
            more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            message = f"`{use.path}` has mistakes: {wrong[0].message} ({wrong[0].span}){more}"
            yield Diagnostic(wrong[0].code, message, path_span(use))


def _is_told(diagnostic: Diagnostic, found: list[Diagnostic]) -> bool:
    """Whether the same thing is told already."""
    return any(other.code is diagnostic.code and diagnostic.message in other.message for other in found)


def _from_elsewhere(diagnostic: Diagnostic, network: Found) -> Diagnostic:
    """A mistake that shows in a network of this file and lies in another: told at the network's name."""
    span: Span = network.definition.name_span
    message = f"`{network.definition.name}` cannot be made: {diagnostic.message} ({diagnostic.span})"
    return Diagnostic(diagnostic.code, message, span, help=diagnostic.help, severity=diagnostic.severity)
