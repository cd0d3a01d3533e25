"""Finds what a caller means by a spec: a file, a text, a network of the library, or a mapping from a config."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TypeAlias, cast

from resdsl.data import library_folder
from resdsl.diagnostics import Code, Diagnostic, ResError, nearest
from resdsl.elaborate.problems import mistake
from resdsl.hosts import config_folders
from resdsl.ir.graph import Graph
from resdsl.record import record
from resdsl.source import Source
from resdsl.syntax.token import NAME

Spec: TypeAlias = str | PathLike[str] | Graph | Mapping[str, object]
"""What names a network: see `load`."""

Given: TypeAlias = bool | int | float | str | Sequence[object] | None
"""What a caller may set a parameter to: a number, `true`, a text, a list; the name of a block or kind as text."""


@record
class Named:
    """What a mapping of a config names; see `load`."""

    spec: str | PathLike[str] | Graph
    network: str | None
    params: Mapping[str, Given]
    folder: str | PathLike[str] | None


def unpack(spec: Mapping[str, object]) -> Named:
    """The spec, the network and the parameters that a mapping names. Raises ResError where it does not."""
    text, network, folder = spec.get("spec"), spec.get("network"), spec.get("folder")
    params: object = spec.get("params") or {}
    if not isinstance(text, str | PathLike | Graph):
        named = ", ".join(f"`{key}`" for key in spec)
        help = 'as in {"spec": "wrn.res", "network": "wrn", "params": {"depth": 28}}'
        raise refused(f"a mapping names its spec by the key `spec`; this one has {named or 'no key'}", help)
    if not isinstance(params, Mapping) or not (network is None or isinstance(network, str)):
        raise refused("in a mapping, `network` is a name and `params` maps names to values", "")
    if not (folder is None or isinstance(folder, str | PathLike)):
        raise refused("in a mapping, `folder` is the path of a folder", "")
    others = {key: value for key, value in spec.items() if key not in _KEYS}
    given = {**cast("Mapping[object, Given]", params), **cast("Mapping[object, Given]", others)}
    where = cast("str | PathLike[str] | None", folder)
    return Named(cast("str | PathLike[str] | Graph", text), network, {str(k): v for k, v in given.items()}, where)


def refused(message: str, help: str) -> ResError:
    """The error for an argument that names no network."""
    return ResError([Diagnostic(Code.ARGUMENT_TYPE, message, help=help)])


def find_file(path_or_text: str | PathLike[str] | Source, folder: str | PathLike[str] | None) -> Path | Source:
    """The file or the text that is meant. Raises Mistake where there is none."""
    if isinstance(path_or_text, Source):
        return path_or_text
    if not isinstance(path_or_text, str):
        return _place(Path(path_or_text), folder)
    text = path_or_text
    if "\n" in text or text.lstrip().startswith(("res ", "#", "/*")) or "{" in text:
        return Source("(text)", text.replace("\r\n", "\n"))
    if not text.strip() or len(text) > _LONGEST_PATH:
        shown = f"`{text[:40]}…`" if text.strip() else "an empty text"
        help = "a path, a name that `resdsl list` shows, or the text of a program, which begins with `res 1`"
        raise mistake(Code.FILE_UNREADABLE, f"{shown} is neither a file nor a program", None, help=help)
    path = _place(Path(text), folder)
    if os.path.exists(path):  # noqa: PTH110  which a name that is too long makes no error
        return path
    if NAME.fullmatch(text):
        return _find_in_library(text)
    if path.name == text and os.path.isfile(library_folder() / text):  # noqa: PTH113
        return library_folder() / text
    if os.path.islink(path):  # noqa: PTH114
        raise mistake(Code.FILE_UNREADABLE, f"`{path}` is a link that leads to no file", None)
    near = nearest(path.name, [p.name for p in path.parent.glob("*.res")] if path.parent.is_dir() else [])
    help = (
        f"did you mean `{path.parent / near}`?"
        if near
        else "a path, a name that `resdsl list` shows, or the text itself"
    )
    raise mistake(Code.FILE_UNREADABLE, f"there is no file `{path}`", None, help=help)


def _place(path: Path, folder: str | PathLike[str] | None) -> Path:
    """Where a path leads that starts in a folder, or in that of the running application's configs."""
    if folder is not None:
        return Path(folder) / path
    places = (start / path for start in config_folders() if not path.is_absolute())
    return next((place for place in places if os.path.isfile(place)), path)  # noqa: PTH113


def _find_in_library(name: str) -> Path:
    defines = re.compile(rf"^\s*network\s+{name}\b", re.MULTILINE)
    names: list[str] = []
    for path in sorted(library_folder().glob("*.res")):
        text = path.read_text(encoding="utf-8")
        if defines.search(text):
            return path
        names += re.findall(r"^\s*network\s+(\w+)", text, re.MULTILINE)
    near = nearest(name, names)
    help = f"did you mean `{near}`?" if near else "`resdsl list` shows its networks"
    raise mistake(Code.NETWORK_MISSING, f"the library has no network `{name}`", None, help=help)


_KEYS = ("spec", "network", "params", "folder")
_LONGEST_PATH = 1024
