"""Tells in one line what is wrong with what torch makes machine code with: the C++ compiler, and the cache on disk."""

# pyright: basic

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from resdsl.diagnostics import ToolError


class CompilerError(ToolError):
    """There is no C++ compiler, or it failed; the message is one line."""


class CacheError(ToolError):
    """Somebody else may have put machine code where torch looks for its own."""


def check_cache() -> None:
    """Raises CacheError where others can write in torch's cache: what lies there is run unseen.

    Torch takes a folder of a name that anybody can guess in the temporary folder, which all users share, and does not
    look at whose it is (2.13). A folder that TORCHINDUCTOR_CACHE_DIR names is the user's own choice.
    """
    from torch._inductor.runtime.cache_dir_utils import cache_dir, default_cache_dir

    if not hasattr(os, "getuid") or cache_dir() != os.path.abspath(default_cache_dir()):  # noqa: PTH100  as torch does
        return
    about = os.lstat(cache_dir())
    if stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid() and not about.st_mode & stat.S_IWOTH:
        return
    raise CacheError(
        f"torch's cache `{cache_dir()}` is not this user's alone, and machine code in it is run: "
        "set TORCHINDUCTOR_CACHE_DIR to a folder of your own"
    )


@contextmanager
def cpp_compiler() -> Iterator[None]:
    """What runs under this needs a C++ compiler. Raises CompilerError where there is none, or where it fails.

    Raises CacheError where torch's cache may hold what others have put there.
    """
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import CppCompileError, InductorError, InvalidCxxCompiler

    check_cache()
    try:
        get_cpp_compiler()
    except InvalidCxxCompiler as error:
        message = "torch finds no C++ compiler that works: install g++ or clang++, or name one in CXX"
        raise CompilerError(message) from error
    logger = logging.getLogger("torch._inductor.codecache")
    logger.addFilter(_in_a_line)
    try:
        yield
    except (CppCompileError, InductorError) as error:
        if isinstance(getattr(error, "inner_exception", error), CppCompileError):
            raise CompilerError(f"the C++ compiler fails: {_first_error(str(error))}") from error
        raise
    finally:
        logger.removeFilter(_in_a_line)


def _in_a_line(record: logging.LogRecord) -> bool:
    """Tells once, without a traceback, what torch logs of a file in its cache that it cannot use, and does without."""
    if record.exc_info is None or record.exc_info[1] is None:
        return True
    from torch._inductor.runtime.cache_dir_utils import cache_dir

    message = f"torch's cache `{cache_dir()}`: {record.getMessage()} ({record.exc_info[1]}); it is made anew"
    record.msg, record.args, record.exc_info = message, (), None
    is_new = message not in _TOLD
    _TOLD.add(message)
    return is_new


_TOLD: set[str] = set()


def _first_error(output: str) -> str:
    """The line that tells most of what a compiler says, which torch shows below the command."""
    lines = [line.strip() for line in output.rpartition("Output:\n")[2].splitlines() if line.strip()]
    return next((line for line in lines if "error:" in line), lines[-1] if lines else "it ends without a word")
