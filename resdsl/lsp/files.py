"""Reads modules for an editor: what it shows before what is on disk, and each text once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from resdsl.diagnostics import Diagnostic
from resdsl.elaborate.definitions import Loader, Module, path_span
from resdsl.elaborate.problems import Echo, Mistake, Problems
from resdsl.limits import DEFAULT, Limits
from resdsl.record import field, record, state
from resdsl.source import Source, Span, real_path
from resdsl.syntax import ast

Stamp = tuple[object, ...]
"""What tells that a text is as it was: the text that the editor shows, or time and size of the file."""

SUFFIXES = frozenset({".res", ".resdsl"})


@record
class Reading:
    """A module with what was found wrong while it was read, in it and in what it uses, and the modules that it uses.

    Attributes:
        uses: the module of each `use`, None where there is none to be had.
    """

    module: Module
    problems: tuple[Diagnostic, ...]
    uses: tuple[Module | None, ...]
    stamp: Stamp = ()

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Reading({self.module.source.name!r})"


@state
class Files:
    """Texts that the editor shows, over the files on disk.

    Attributes:
        shown: the texts of open documents, by resolved path.
        limits: what a text may ask for.
    """

    limits: Limits = DEFAULT
    shown: dict[Path, str] = field(factory=dict[Path, str])
    _kept: dict[Path, Reading] = field(factory=dict[Path, Reading])

    def read(self, path: Path) -> Reading | None:
        """The module of a file as the editor shows it; None where the file cannot be read."""
        return next(self.read_all((real_path(path),)), None)

    def read_all(self, paths: Iterable[Path]) -> Iterator[Reading]:
        """The modules of many files, at one moment: each file and what it uses is looked at once."""
        loader = _EditorLoader(self)
        for path in paths:
            try:
                module = loader.load_file(path)
            except Mistake:
                continue
            yield self._kept.get(path) or Reading(module, (), loader.used(module))

    def read_text(self, source: Source) -> Reading:
        """The module of a text that has no file yet."""
        loader = _EditorLoader(self)
        module = loader.load(source)
        return Reading(module, tuple(loader.problems.found), loader.used(module))

    def with_texts(self, texts: dict[Path, str]) -> Files:
        """The same files, some with another text: to see what an edit would do."""
        return Files(self.limits, {**self.shown, **texts}, dict(self._kept))

    def apart(self, path: Path, text: str, kept: dict[Path, Reading]) -> Files:
        """The same files for a second document of one of them, with another text; `kept` is that document's own."""
        return Files(self.limits, {**self.shown, path: text}, kept)

    def below(self, folders: tuple[Path, ...]) -> Iterator[Path]:
        """The specs that are open, and those in folders and below them; hidden folders are left out."""
        seen: set[Path] = set()
        for path in self.shown:
            seen.add(path)
            yield path
        for folder in folders:
            for here, inner, names in os.walk(folder):
                inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in _SKIPPED)
                for name in sorted(names):
                    path = Path(here, name)
                    if path.suffix in SUFFIXES and real_path(path) not in seen and len(seen) < MOST_FILES:
                        seen.add(real_path(path))
                        yield real_path(path)

    def forget(self, path: Path) -> None:
        """The editor shows the file no longer: what is on disk counts again."""
        self.shown.pop(real_path(path), None)

    def stamp(self, path: Path) -> Stamp:
        """What tells whether a file's text is as it was."""
        shown = self.shown.get(path)
        if shown is not None:
            return (shown,)
        try:
            about = path.stat()
        except OSError:
            return ()
        return about.st_mtime_ns, about.st_size

    def kept(self, path: Path) -> Reading | None:
        """What was read last under this path."""
        return self._kept.get(path)

    def keep(self, path: Path, reading: Reading) -> None:
        """Remembers what was read, in place of what was read before."""
        self._kept[path] = reading


class _EditorLoader(Loader):
    """Reads through `files`, and takes a module again whose text and whose uses are as they were."""

    def __init__(self, files: Files) -> None:
        super().__init__(Problems(), files.limits)
        self._editor = files
        self._uses: dict[Source, dict[str, Module]] = {}

    def used(self, module: Module) -> tuple[Module | None, ...]:
        """The module of each `use` of a module."""
        used = self._uses.get(module.source, {})
        return tuple(used.get(use.path) for use in module.program.uses)

    def load_file(self, path: Path, span: Span | None = None) -> Module:
        path = real_path(path)
        if not self._open:
            self._sizes = {}
        module = self._files.get(path) or self._module(path, span)
        self._sizes.update(module.sizes)
        return module

    def _module(self, path: Path, span: Span | None) -> Module:
        stamp = self._editor.stamp(path)
        kept = self._editor.kept(path)
        if kept is not None and kept.stamp == stamp and self._holds(path, kept):
            self._files[path] = kept.module
            for diagnostic in kept.problems:
                self.problems.add(diagnostic)
            uses = zip(kept.module.program.uses, kept.uses, strict=True)
            self._uses[kept.module.source] = {use.path: used for use, used in uses if used is not None}
            return kept.module
        n_before = len(self.problems.found)
        module = super().load_file(path, span)
        problems = tuple(self.problems.found[n_before:])
        self._editor.keep(path, Reading(module, problems, self.used(module), stamp))
        return module

    def read(self, path: Path, span: Span | None = None) -> Source:
        shown = self._editor.shown.get(path)
        if shown is None:
            return super().read(path, span)
        return Source(path.name, shown, path)

    def _holds(self, path: Path, kept: Reading) -> bool:
        """Whether everything that a module uses is what it was."""
        self._open.append(path)
        try:
            for use, before in zip(kept.module.program.uses, kept.uses, strict=True):
                if not (self._is_refused(kept, use) if before is None else self._is_same(kept.module, use, before)):
                    return False
        finally:
            self._open.pop()
        return True

    def _is_same(self, module: Module, use: ast.Use, before: Module) -> bool:
        """Whether a `use` leads to the module that it led to."""
        try:
            used = self._resolve(module.source, use)
            return used not in self._open and self.load_file(used, path_span(use)) is before
        except (Mistake, Echo):
            return False

    def _is_refused(self, kept: Reading, use: ast.Use) -> bool:
        """Whether a `use` that led nowhere still does, for the reason that is told of it."""
        try:
            self._used(kept.module.source, use)
        except Mistake as refused:
            return refused.diagnostic in kept.module.problems.found
        except Echo:
            return True
        return False

    def _used(self, source: Source, use: ast.Use) -> Module:
        module = super()._used(source, use)
        self._uses.setdefault(source, {})[use.path] = module
        return module


MOST_FILES = 2000
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "build", "dist"})
