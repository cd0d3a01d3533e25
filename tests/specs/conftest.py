"""The library: each file read once, its syntax trees, and the graphs of its networks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from resdsl import Graph
from resdsl.compiler import Given, read
from resdsl.compiler import library as library_files
from resdsl.elaborate.definitions import Loader
from resdsl.elaborate.problems import Problems
from resdsl.program import ReadProgram
from resdsl.syntax import ast

Fixed = frozenset[tuple[str, object]]


@dataclass(frozen=True)
class Library:
    """All files of the library, by path, each with those that it uses."""

    files: dict[Path, ReadProgram]

    @property
    def programs(self) -> dict[Path, ast.Program]:
        """The syntax tree of every file."""
        return {path: read.module.program for path, read in self.files.items()}

    def graph(self, network: str, **params: Given) -> Graph:
        """The graph of a network, as `load` gives it by the bare name."""
        (path,) = [path for path, found in self.networks if found.name == network]
        return self.files[path].graph(network, params)

    @property
    def definitions(self) -> Iterator[tuple[Path, ast.AnyDefinition]]:
        """Every definition with its file."""
        return ((path, definition) for path, program in self.programs.items() for definition in program.definitions)

    @property
    def networks(self) -> Iterator[tuple[Path, ast.Network | ast.Derived]]:
        """Every network with its file."""
        return ((path, found) for path, found in self.definitions if isinstance(found, ast.Network | ast.Derived))

    def expectations(self, network: str) -> dict[tuple[str, Fixed], object]:
        """What a network expects of itself exactly: the value by subject and fixed parameters; literals alone."""
        (definition,) = [found for _, found in self.networks if found.name == network]
        return {
            (expect.subject, frozenset(_fixed(expect))): _literal(expect.value)
            for expect in definition.statements
            if isinstance(expect, ast.Expect) and expect.relation == "="
        }

    def references(self) -> set[str]:
        """Every name that some file uses, as a block, kind, layer, schedule, network or value."""
        return {
            node.name
            for program in self.programs.values()
            for node in _walk(program)
            if isinstance(node, ast.Reference)
        }


@pytest.fixture(scope="session")
def library() -> Library:
    """The library as it stands in `specs/`."""
    loader = Loader(Problems())
    return Library({path: read(path, loader=loader) for path in library_files()})


def _fixed(expect: ast.Expect) -> Iterator[tuple[str, object]]:
    return (
        (argument.name, _literal(argument.value)) for argument in expect.arguments if isinstance(argument, ast.Keyword)
    )


def _literal(expression: ast.Expression) -> object:
    match expression:
        case ast.Integer() | ast.Real():
            return expression.value
        case ast.Unary(operator="-"):
            value = _literal(expression.operand)
            assert isinstance(value, int | float)
            return -value
        case ast.Size():
            return expression.dims
        case ast.Reference():
            return expression.name
        case ast.ListOf():
            return tuple(_literal(item) for item in expression.items)
        case _:
            raise AssertionError(f"an expectation of the library is a literal, not {expression}")


def _walk(node: object) -> Iterator[object]:
    yield node
    if isinstance(node, tuple):
        for item in node:
            yield from _walk(item)
    elif isinstance(node, ast.Syntax):
        for name in type(node).__match_args__:
            yield from _walk(getattr(node, name))
