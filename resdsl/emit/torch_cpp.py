"""Tells in one line what is wrong with the C++ compiler that torch asks for machine code."""

# pyright: basic

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from resdsl.diagnostics import ToolError


class CompilerError(ToolError):
    """There is no C++ compiler, or it failed; the message is one line."""


@contextmanager
def cpp_compiler() -> Iterator[None]:
    """What runs under this needs a C++ compiler. Raises CompilerError where there is none, or where it fails."""
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import CppCompileError, InductorError, InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler as error:
        message = "torch finds no C++ compiler that works: install g++ or clang++, or name one in CXX"
        raise CompilerError(message) from error
    try:
        yield
    except (CppCompileError, InductorError) as error:
        if isinstance(getattr(error, "inner_exception", error), CppCompileError):
            raise CompilerError(f"the C++ compiler fails: {_first_error(str(error))}") from error
        raise


def _first_error(output: str) -> str:
    """The line that tells most of what a compiler says, which torch shows below the command."""
    lines = [line.strip() for line in output.rpartition("Output:\n")[2].splitlines() if line.strip()]
    return next((line for line in lines if "error:" in line), lines[-1] if lines else "it ends without a word")
