"""The one place that knows where `grammars/` and `specs/` are, in a checkout and in an installed wheel.

A wheel carries both folders inside the package, as `resdsl/_data/grammars` and `resdsl/_data/specs`; a checkout has
them beside it. Where the package has `_data`, that is what counts.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_data"


def grammar_file(name: str) -> Path:
    """The path of a file of `grammars/`, such as `res.lark`."""
    return _root() / "grammars" / name


def library_folder() -> Path:
    """The folder of the `.res` files that come with resdsl."""
    return _root() / "specs"


@lru_cache(maxsize=256)
def is_library(path: Path) -> bool:
    """Whether a file is one of those that come with resdsl."""
    return path.resolve().is_relative_to(library_folder().resolve())


def _root() -> Path:
    return _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
