"""Files and what they define: follows `use`, and finds a definition by its kind and name."""

from __future__ import annotations

import re
from pathlib import Path

from resdsl.data import library_folder
from resdsl.diagnostics import Code, Diagnostic, Note, nearest
from resdsl.elaborate.problems import Problems, mistake
from resdsl.limits import DEFAULT, Limits
from resdsl.record import field, record, state
from resdsl.source import Source, Span
from resdsl.syntax import ast
from resdsl.syntax.parser import parse_recovering

KINDS: dict[type[ast.AnyDefinition], str] = {
    ast.Network: "network",
    ast.Derived: "network",
    ast.Block: "block",
    ast.Extern: "block",
    ast.ShortcutKind: "shortcut",
    ast.Layer: "layer",
    ast.Schedule: "schedule",
}


@state
class Module:
    """A file: its own definitions, those of the files that it uses, and all that are visible, by kind and name.

    `lost` are the words of what the parser had to leave out, here and in the used files, and `lost_files` whether a
    used file is missing: then a name that is not found may have been defined there. `problems` are the mistakes of
    the file and of those that it uses, as far as reading them shows any.
    """

    source: Source
    program: ast.Program
    own: dict[tuple[str, str], Found] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]
    used: dict[tuple[str, str], Found] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]
    names: dict[tuple[str, str], Found] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]
    lost: frozenset[str] = frozenset()
    lost_files: bool = False
    problems: Problems = field(factory=Problems)

    def find(self, kind: str, name: str) -> Found | None:
        """The definition of that kind and name that is visible in this file."""
        return self.names.get((kind, name))

    def may_have_lost(self, name: str) -> bool:
        """Whether a definition of that name may stand in what could not be read."""
        return self.lost_files or name in self.lost

    def names_of(self, kind: str) -> list[str]:
        """The names of all visible definitions of a kind."""
        return [name for of_kind, name in self.names if of_kind == kind]


@record
class Found:
    """A definition with the file that it stands in, whose names its body means."""

    definition: ast.AnyDefinition
    module: Module

    __eq__ = object.__eq__
    __hash__ = object.__hash__


@state
class Loader:
    """Reads programs and the files that they use, each file once.

    Attributes:
        limits: what may be read.
        roots: the folders that files may be used from, beside the folder of the using program and the library.
        problems: where mistakes go.
    """

    problems: Problems
    limits: Limits = DEFAULT
    roots: tuple[Path, ...] = ()
    _files: dict[Path, Module] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]
    _open: list[Path] = field(factory=list[Path])
    _n_bytes: int = 0

    def load(self, source: Source) -> Module:
        """The module of a text, with everything that it uses."""
        program, diagnostics = parse_recovering(source, limits=self.limits)
        module = Module(source, program, lost=_words(program, diagnostics), problems=Problems(list(diagnostics)))
        n_missing = len(program.uses)
        for use in program.uses:
            with module.problems.collect():
                _take_over(module, self._used(source, use), use)
                n_missing -= 1
        module.lost_files |= n_missing > 0
        for definition in program.definitions:
            _define(module, definition)
        module.names = module.used | module.own
        for diagnostic in module.problems.found:
            self.problems.add(diagnostic)
        return module

    def load_file(self, path: Path, span: Span | None = None) -> Module:
        """The module of a file; each file is read once."""
        path = path.resolve()
        if path not in self._files:
            source = self.read(path, span)
            self._open.append(path)
            self._files[path] = self.load(source)
            self._open.pop()
        return self._files[path]

    def read(self, path: Path, span: Span | None = None) -> Source:
        """The text of a file. Raises Mistake where it cannot be read or is too large."""
        try:
            if not path.is_file():
                raise mistake(Code.FILE_UNREADABLE, f"`{path}` is not a file", span)
            size = path.stat().st_size
            self._count(path, size, span)
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            raise mistake(Code.FILE_UNREADABLE, f"`{path}` cannot be read: {error.strerror}", span) from None
        except UnicodeDecodeError as error:
            message = f"`{path}` is not UTF-8 text: byte {error.start + 1} fits no character"
            raise mistake(Code.FILE_UNREADABLE, message, span) from None
        return Source(_shown(path), text.replace("\r\n", "\n"), path)

    def _count(self, path: Path, size: int, span: Span | None) -> None:
        self._n_bytes += size
        limits = self.limits
        if size > limits.file_bytes:
            message = f"`{path.name}` has {size:,} bytes; a file may have {limits.file_bytes:,}"
        elif self._n_bytes > limits.total_bytes:
            message = f"the files used here have more than {limits.total_bytes:,} bytes together"
        else:
            return
        raise mistake(
            Code.LIMIT_SOURCE,
            message,
            span,
            help="the caller may raise the limit: `Limits(file_bytes=…, total_bytes=…)`",
        )

    def _used(self, source: Source, use: ast.Use) -> Module:
        path = self._resolve(source, use)
        if path in self._open:
            circle = " → ".join(p.name for p in [*self._open[self._open.index(path) :], path])
            raise mistake(Code.USE_CYCLE, f"files use each other in a circle: {circle}", use.span)
        return self.load_file(path, use.span)

    def _resolve(self, source: Source, use: ast.Use) -> Path:
        name = use.path
        if (
            name.startswith(("/", "~"))
            or any(sign in name for sign in "\\%:\0")
            or Path(name).suffix not in (".res", ".resdsl")
        ):
            raise mistake(
                Code.USE_OUTSIDE,
                f"`use` takes the name of a `.res` file relative to this one, not `{name}`",
                use.span,
                help="copy the file beside this one, and use it by its name",
            )
        library = library_folder().resolve()
        beside = source.path.resolve().parent if source.path else None
        roots = [root for root in (beside, library, *(root.resolve() for root in self.roots)) if root]
        for folder in (beside, *self.roots, library):
            if folder is None:
                continue
            path = (folder / name).resolve()
            if path.is_file():
                if not any(path.is_relative_to(root) for root in roots):
                    raise mistake(Code.USE_OUTSIDE, f"`{name}` lies outside the folders that may be read", use.span)
                return path
        known = sorted({p.name for folder in roots for p in folder.glob("*.res")})
        near = nearest(name, known)
        raise mistake(
            Code.USE_MISSING,
            f"`{name}` is neither beside this file nor in the library",
            use.span,
            help=f"did you mean `{near}`?" if near else "`resdsl list` shows the library's files",
        )


def _take_over(module: Module, used: Module, use: ast.Use) -> None:
    for (kind, name), found in used.names.items():
        before = module.used.get((kind, name))
        if before is None:
            module.used[kind, name] = found
        elif before.definition is not found.definition:
            taken = mistake(
                Code.NAME_TAKEN,
                f"two used files define the {_in_words(kind)} `{name}`",
                use.span,
                notes=(
                    Note(before.definition.name_span, "one here"),
                    Note(found.definition.name_span, "another here"),
                ),
                help="rename one of them",
            )
            module.problems.add(taken.diagnostic)
    for diagnostic in used.problems.found:
        module.problems.add(diagnostic)
    module.lost |= used.lost
    module.lost_files |= used.lost_files


def _define(module: Module, definition: ast.AnyDefinition) -> None:
    kind = KINDS[type(definition)]
    before = module.own.get((kind, definition.name))
    if before is None:
        module.own[kind, definition.name] = Found(definition, module)
        return
    taken = mistake(
        Code.NAME_TAKEN,
        f"the {_in_words(kind)} `{definition.name}` is defined twice in this file",
        definition.name_span,
        notes=(Note(before.definition.name_span, "first here"),),
        help="rename one of them",
    )
    module.problems.add(taken.diagnostic)


def _in_words(kind: str) -> str:
    return "shortcut kind" if kind == "shortcut" else kind


def _words(program: ast.Program, diagnostics: tuple[Diagnostic, ...]) -> frozenset[str]:
    """The words of what was left out; `_` stands in for a name that could not be read."""
    if not diagnostics:
        return frozenset()
    return frozenset({"_", *(word for span in program.skipped for word in _WORD.findall(span.text))})


_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
