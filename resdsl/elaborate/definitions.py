"""Files and what they define: follows `use`, and finds a definition by its kind and name."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable
from pathlib import Path

from resdsl.data import library_folder
from resdsl.diagnostics import Code, Diagnostic, Fix, Note, suggest
from resdsl.elaborate.problems import Echo, Problems, mistake
from resdsl.elaborate.work import USED_FILE, metered, spend
from resdsl.ir.unit import Unit
from resdsl.limits import DEFAULT, Limits
from resdsl.record import field, record, state
from resdsl.source import Source, Span, real_path
from resdsl.syntax import ast
from resdsl.syntax.parser import parse_recovering
from resdsl.syntax.token import NAME, NO_NAME

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

    `uses` are the used files that could be read, each with the `use` that brings it.
    `lost` are the words of what the parser had to leave out, here and in the used files, and `lost_files` whether a
    used file is missing: then a name that is not found may have been defined there. `problems` are the mistakes of
    the file and of those that it uses, as far as reading them shows any. `broken` are its own definitions whose names
    are wrong, by identity. `sizes` are those of all these files in bytes, `limits` the caller's.
    """

    source: Source
    program: ast.Program
    own: dict[tuple[str, str], Found] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]
    used: dict[tuple[str, str], Found] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]
    uses: list[tuple[ast.Use, Module]] = field(factory=list)  # pyright: ignore[reportUnknownVariableType]
    names: dict[tuple[str, str], Found] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]
    lost: frozenset[str] = frozenset()
    lost_files: bool = False
    problems: Problems = field(factory=Problems)
    broken: set[int] = field(factory=set[int])
    sizes: dict[Path, int] = field(factory=dict[Path, int])
    limits: Limits = DEFAULT

    def find(self, kind: str, name: str) -> Found | None:
        """The definition of that kind and name that is visible in this file; none for a name that was not read."""
        return self.names.get((kind, name)) if name != NO_NAME else None

    def may_have_lost(self, name: str) -> bool:
        """Whether a definition of that name may stand in what could not be read."""
        return self.lost_files or name in self.lost

    def names_of(self, kind: str) -> list[str]:
        """The names of all visible definitions of a kind, but for those that were not read."""
        return [name for of_kind, name in self.names if of_kind == kind and name != NO_NAME]


@record
class Found:
    """A definition with the file that it stands in, whose names its body means.

    `units` holds what blocks of this definition became, by how they were placed, `open` the parameters that a
    network can be given, `size` of how many layers a layer or block is made, and `height` how deep its expressions
    stand in each other, once these were asked for.
    """

    definition: ast.AnyDefinition
    module: Module
    units: dict[Hashable, Unit] = field(factory=dict[Hashable, Unit], compare=False)
    open: list[tuple[ast.Parameter, ...]] = field(factory=list[tuple[ast.Parameter, ...]], compare=False)
    size: list[int] = field(factory=list[int], compare=False)
    height: list[int] = field(factory=list[int], compare=False)

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Found({self.definition.name!r})"  # its module holds it again

    @property
    def is_broken(self) -> bool:
        """Whether it is unclear what it is made of, as is told already."""
        return id(self.definition) in self.module.broken


@state
class Loader:
    """Reads programs and the files that they use, each file once.

    Attributes:
        limits: what may be read.
        roots: the folders that files may be used from, beside the folder of the program itself and the library.
        problems: where mistakes go.
    """

    problems: Problems
    limits: Limits = DEFAULT
    roots: tuple[Path, ...] = ()
    _files: dict[Path, Module] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]
    _open: list[Path] = field(factory=list[Path])
    _sizes: dict[Path, int] = field(factory=dict[Path, int])
    _found: dict[tuple[Path | None, Path | None, str], Path] = field(factory=dict)  # pyright: ignore[reportUnknownVariableType]

    def load(self, source: Source) -> Module:
        """The module of a text, with everything that it uses."""
        with metered(self.limits):
            return self._load(source)

    def _load(self, source: Source) -> Module:
        path = real_path(source.path) if source.path is not None else Path()
        if not self._open:
            self._sizes = {path: len(source.text.encode("utf-8", "surrogatepass"))}
        program, diagnostics = parse_recovering(source, limits=self.limits)
        problems = Problems(list(diagnostics))
        module = Module(source, program, lost=_words(program, diagnostics), problems=problems, limits=self.limits)
        n_missing = len(program.uses)
        self._open.append(path)
        for use in program.uses:
            with module.problems.collect():
                _take_over(module, self._used(source, use), use)
                n_missing -= 1
        self._open.pop()
        module.lost_files |= n_missing > 0
        module.sizes[path] = self._sizes.get(path, 0)
        for definition in program.definitions:
            _define(module, definition)
        module.names = module.used | module.own
        for diagnostic in module.problems.found:
            self.problems.add(diagnostic)
        return module

    def load_file(self, path: Path, span: Span | None = None) -> Module:
        """The module of a file; each file is read once."""
        path = real_path(path)
        if path not in self._files:
            self._files[path] = self.load(self.read(path, span))
        self._sizes.update(self._files[path].sizes)
        return self._files[path]

    def read(self, path: Path, span: Span | None = None) -> Source:
        """The text of a file. Raises Mistake where it cannot be read or is too large."""
        name = _shown(path)
        try:
            if not path.is_file():
                what = "a folder, not a file" if path.is_dir() else "not a file"
                raise mistake(Code.FILE_UNREADABLE, f"`{name}` is {what}", span)
            with path.open("rb") as file:
                data = file.read(self.limits.file_bytes + 1)  # some files are longer than they say
            self._count(path, max(len(data), path.stat().st_size), span)
        except OSError as error:
            raise mistake(Code.FILE_UNREADABLE, f"`{name}` cannot be read: {error.strerror}", span) from None
        return Source(name, as_text(data, name, span), path)

    def _count(self, path: Path, size: int, span: Span | None) -> None:
        """Counts a file before it is looked at. Raises Mistake where it, or all files together, are too large."""
        if not self._open:
            self._sizes = {}
        self._sizes[path] = size
        limits = self.limits
        if size > limits.file_bytes:
            message = f"`{path.name}` has {size:,} bytes; a file may have {limits.file_bytes:,}"
        elif sum(self._sizes.values()) > limits.total_bytes:
            message = f"with `{path.name}`, the files used here have more than {limits.total_bytes:,} bytes together"
        else:
            return
        help = "the caller may raise the limit: `Limits(file_bytes=…, total_bytes=…)`"
        raise mistake(Code.LIMIT_SOURCE, message, span, help=help)

    def _used(self, source: Source, use: ast.Use) -> Module:
        path = self._resolve(source, use)
        if path in self._open:
            circle = " → ".join(p.name for p in [*self._open[self._open.index(path) :], path])
            message = "a file uses itself" if path == self._open[-1] else f"files use each other in a circle: {circle}"
            raise mistake(Code.USE_CYCLE, message, path_span(use))
        if len(self._open) > self.limits.nesting:
            message = f"files use each other {len(self._open)} deep here; they may {self.limits.nesting} deep"
            raise mistake(Code.LIMIT_NESTING, message, path_span(use))
        return self.load_file(path, path_span(use))

    def _resolve(self, source: Source, use: ast.Use) -> Path:
        """The file that is meant, looked for once. Raises Mistake where there is none, or it may not be read."""
        program = next((path.parent for path in self._open if path.name), None)
        key = (program, source.path.parent if source.path else None, use.path)
        if key not in self._found:
            self._found[key] = self._looked_for(program, source, use)
        return self._found[key]

    def _looked_for(self, program: Path | None, source: Source, use: ast.Use) -> Path:
        name, span = use.path, path_span(use)
        beside = real_path(source.path).parent if source.path else None
        folders = [folder for folder in (beside, *(real_path(root) for root in self.roots), library_folder()) if folder]
        _check_path(name, span, folders)
        roots = [*folders, *([program] if program is not None else [])]
        paths = [real_path(folder / name) for folder in folders]
        allowed = [path for path in paths if any(path.is_relative_to(root) for root in roots)]
        for path in allowed:
            if os.path.isfile(path):  # noqa: PTH113  which a name that is too long makes no error
                return path
        if len(allowed) < len(paths):
            message = f"`{name}` leads out of the folders that may be read"
            help = "a used file is in the folder of the program or below it, or in the library"
            raise mistake(Code.USE_OUTSIDE, message, span, help=help)
        message = f"`{name}` is neither beside this file nor in the library"
        help, fixes = _meant(name, span, folders) or ("`resdsl list` shows the library's files", ())
        raise mistake(Code.USE_MISSING, message, span, help=help, fixes=fixes)


def as_text(data: bytes, name: str, span: Span | None = None) -> str:
    """What the bytes of a file say, with plain line ends. Raises Mistake where they are not UTF-8."""
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        message = f"`{name}` is not UTF-8 text: byte {error.start + 1} fits no character"
        raise mistake(Code.FILE_UNREADABLE, message, span, help="save it as UTF-8") from None


def path_span(use: ast.Use) -> Span:
    """The text in quotes that names a used file."""
    start = use.span.start + max(use.span.text.find('"'), 0)
    return Span(use.span.source, start, use.span.end)


def _meant(name: str, span: Span, folders: Iterable[Path]) -> tuple[str, tuple[Fix, ...]] | None:
    """Help for who wrote nearly the name of a file of these folders."""
    files = sorted({path.name for folder in folders for path in folder.glob("*.res") if path.name != name})
    fix = suggest(span, name, files, quotes='"')
    return (f"did you mean `{fix.text[1:-1]}`?", (fix,)) if fix is not None else None


def _check_path(name: str, span: Span, folders: Iterable[Path]) -> None:
    """Raises Mistake for a path that is not that of a `.res` file relative to another."""
    if not name and span.text != '""':
        raise Echo  # a text that could not be read, as is told
    suffix = Path(name).suffix
    fixes: tuple[Fix, ...] = ()
    if "://" in name:
        message, help = (
            f"`{name}` is an address; files are not fetched",
            "save the file beside this one, and use it by its name",
        )
    elif name.startswith(("/", "~")) or any(sign in name for sign in "%:\0"):
        message = f"`{name}` is not a path relative to this file"
        help = "put the file beside this one, and use it by its name"
    elif "\\" in name:
        right = name.replace("\\", "/")
        message, help, fixes = "folders are separated by `/`", f"write `{right}`", (Fix(span, f'"{right}"'),)
    elif not suffix:
        message, help = f"`{name}` has no suffix", f"write `{name or 'std'}.res`"
        fixes = (Fix(span, f'"{name}.res"'),) if name else ()
    elif suffix not in (".res", ".resdsl"):
        message = f"`{name}` is no `.res` file"
        help, fixes = _meant(name, span, folders) or ("only `.res` files can be used", ())
    else:
        return
    raise mistake(Code.USE_OUTSIDE, message, span, help=help, fixes=fixes)


def _take_over(module: Module, used: Module, use: ast.Use) -> None:
    for diagnostic in used.problems.found:
        module.problems.add(diagnostic)
    spend(USED_FILE + len(used.names) // 2, path_span(use))
    module.uses.append((use, used))
    for (kind, name), found in used.names.items():
        before = module.used.get((kind, name))
        if before is None:
            module.used[kind, name] = found
        elif before.definition is not found.definition and name != NO_NAME:
            taken = mistake(
                Code.NAME_TAKEN,
                f"two used files define the {_in_words(kind)} `{name}`",
                path_span(use),
                notes=(
                    Note(before.definition.name_span, "one here"),
                    Note(found.definition.name_span, "another here"),
                ),
                help="rename one of them",
            )
            module.problems.add(taken.diagnostic)
    module.sizes |= used.sizes
    module.lost |= used.lost
    module.lost_files |= used.lost_files


def _define(module: Module, definition: ast.AnyDefinition) -> None:
    kind = KINDS[type(definition)]
    before = module.own.get((kind, definition.name))
    if before is None:
        module.own[kind, definition.name] = Found(definition, module)
        return
    if definition.name == NO_NAME:
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
    """The words of what was left out, but for parameters, and what stands in for a name that could not be read."""
    if not diagnostics:
        return frozenset()
    lists = [part for definition in program.definitions for part in _lists(definition) if part is not None]
    lost = (span for span in program.skipped if not any(part.holds(span) for part in lists))
    return frozenset({NO_NAME, *(word for span in lost for word in NAME.findall(span.text))})


def _lists(definition: ast.AnyDefinition) -> tuple[Span | None, ...]:
    """What was left out of a definition and can define nothing; what stands in for a name may be one."""
    parameters = definition.lost_list if definition.name != NO_NAME else None
    return (parameters, definition.lost_arguments if isinstance(definition, ast.Derived) else None)


def _shown(path: Path) -> str:
    try:
        shown = str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
    return f"./{shown}" if shown.startswith("::") else shown  # no command to a workflow of GitHub
