"""What a project says of its specs: `[tool.resdsl]` in the pyproject.toml nearest above a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG
from typing import cast

from resdsl.diagnostics import WARNINGS, Code, Diagnostic, ResError, nearest
from resdsl.record import record
from resdsl.source import real_path


@record
class Project:
    """The settings of a project.

    Attributes:
        allow: warnings that are not told.
    """

    allow: frozenset[Code] = frozenset()

    def without_allowed(self, diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        """The diagnostics without the warnings that the project allows; errors stay."""
        return tuple(d for d in diagnostics if d.severity == "error" or d.code not in self.allow)


def project_of(path: Path | None) -> Project:
    """The settings for a file: those of the nearest pyproject.toml with `[tool.resdsl]` in its folder or above.

    A text that has no file belongs to no project. Raises ResError for settings that there are not.
    """
    if path is None:
        return Project()
    for folder in real_path(path).parents:
        file = folder / "pyproject.toml"
        try:
            about = file.stat()
        except OSError:
            continue
        if not S_ISREG(about.st_mode):
            continue  # a pipe would be waited for
        if about.st_size > _LARGEST:
            raise _wrong(Code.LIMIT_SOURCE, f"`{file}` has {about.st_size:,} bytes; it may have {_LARGEST:,}")
        settings = _settings(file, (about.st_mtime_ns, about.st_size))
        if settings is not None:
            return settings
    return Project()


@lru_cache(maxsize=64)
def _settings(file: Path, _stamp: tuple[int, int]) -> Project | None:
    """The settings of a pyproject.toml; None where it has no `[tool.resdsl]`."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(Code.FILE_UNREADABLE, f"`{file}` cannot be read: {error}") from None
    if not _MENTIONED.search(text):
        return None
    import tomllib  # only here: most projects have nothing to say to `check`, which has no time

    try:
        table: object = tomllib.loads(text)
    except RecursionError:
        raise _wrong(Code.FILE_UNREADABLE, f"`{file}` is nested more deeply than settings are") from None
    except ValueError as error:  # TOMLDecodeError, and numbers that are longer than Python reads
        raise _wrong(Code.FILE_UNREADABLE, f"`{file}` is no TOML: {error}") from None
    for key in ("tool", "resdsl"):
        table = cast("Mapping[str, object]", table).get(key) if isinstance(table, Mapping) else None
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise _wrong(Code.ARGUMENT_TYPE, f"`tool.resdsl` in `{file}` is a table of settings: `[tool.resdsl]`")
    settings = cast("Mapping[str, object]", table)
    for key in settings:
        if key != "allow":
            help = "did you mean `allow`?" if nearest(key, ("allow",)) else "its one setting is `allow`"
            raise _wrong(Code.ARGUMENT_UNKNOWN, f"`[tool.resdsl]` in `{file}` has no setting `{key}`", help)
    return Project(_codes(settings.get("allow", []), file))


def _codes(listed: object, file: Path) -> frozenset[Code]:
    items = cast("list[object]", listed) if isinstance(listed, list) else [None]
    if not all(isinstance(item, str) for item in items):
        message = f"`allow` of `[tool.resdsl]` in `{file}` is a list of codes in quotes"
        raise _wrong(Code.ARGUMENT_TYPE, message, 'as in `allow = ["shape-loses"]`')
    return frozenset(_code(str(item), file) for item in items)


def _code(name: str, file: Path) -> Code:
    code = next((code for code in Code if code.value == name), None)
    if code in WARNINGS:
        return code
    allowable = sorted(code.value for code in WARNINGS)
    near = nearest(name, allowable) if code is None else None
    what = "is an error" if code is not None else "is not a code"
    help = f"did you mean `{near}`?" if near else f"the warnings are {', '.join(allowable)}"
    raise _wrong(Code.ALLOW_UNUSED, f"`[tool.resdsl]` in `{file}` cannot allow `{name}`, which {what}", help)


# Every way in which TOML can write `tool.resdsl`: as a header, as a dotted key, below `[tool]`, within `tool = {…}`.
_MENTIONED = re.compile(
    r"""\btool["']?[ \t]*\.[ \t]*["']?resdsl|^[ \t]*\[[ \t]*["']?tool["']?[ \t]*\]|^[ \t]*["']?tool["']?[ \t]*=""",
    re.MULTILINE,
)


_LARGEST = 1024 * 1024  # bytes


def _wrong(code: Code, message: str, help: str = "") -> ResError:
    return ResError([Diagnostic(code, message, help=help)])
