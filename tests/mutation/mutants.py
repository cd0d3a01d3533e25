"""Finds the places of a module where one small thing can be changed, and makes the changed module."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        path: of the file, from the root of the repository.
        first_line: of the statement that holds it.
        line: where it is.
        column: the same, from 0.
        change: in words.
        is_inside: whether a function's body holds it; else it is a line of a class or of the module.
        place: among the changes of the file, from 0.
    """

    path: Path
    first_line: int
    line: int
    column: int
    change: str
    is_inside: bool
    place: int

    def source(self) -> ast.Module:
        """The module without the change."""
        return ast.parse(self.path.read_text(encoding="utf-8"))

    def tree(self) -> ast.Module:
        """The module with the change."""
        module = self.source()
        for place, (_, apply) in enumerate(_changes(module)):
            if place == self.place:
                apply()
                return ast.fix_missing_locations(module)
        raise IndexError(self.place)

    def __str__(self) -> str:
        return f"{self.path.as_posix()}:{self.line}:{self.column + 1}  {self.change}"


def mutants(path: Path) -> list[Mutant]:
    """All mutants of a file, in the order of its text."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    statements = {
        inner: statement.lineno
        for statement in ast.walk(module)
        if isinstance(statement, ast.stmt)
        for inner in ast.walk(statement)
    }  # of nested statements the innermost comes last
    inside = {
        inner
        for function in ast.walk(module)
        if isinstance(function, ast.FunctionDef)
        for statement in function.body
        for inner in ast.walk(statement)
    }
    return [
        Mutant(path, statements[node], node.lineno, node.col_offset, change, node in inside, place)
        for place, ((node, change), _) in enumerate(_changes(module))
    ]


# ---------------------------------------------------------------- what can be changed

_SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip

_WORDS: dict[type, str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in", ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
    ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**", ast.And: "and", ast.Or: "or",
}  # fmt: skip

_Change = tuple[tuple[ast.AST, str], Callable[[], None]]


def _changes(module: ast.Module) -> list[_Change]:
    """The node, the words and the deed of every change; in the same order for equal modules."""
    return list(_of(module))


def _of(node: ast.AST) -> Iterator[_Change]:
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params", "decorator_list") or _is_left_alone(value):
            continue
        children = value if isinstance(value, list) else [value]
        for place, child in enumerate(children):
            if not isinstance(child, ast.AST) or _is_left_alone(child):
                continue

            def put(new: ast.AST, name: str = name, place: int = place, value: object = value) -> None:
                if isinstance(value, list):
                    value[place] = new
                else:
                    setattr(node, name, new)

            for change, new in _replacements(child):
                yield (child, change), lambda put=put, new=new, child=child: put(ast.copy_location(new, child))
            yield from _of(child)


def _replacements(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What may stand in place of a node, and in words."""
    pairs: list[tuple[str, ast.AST]] = []
    match node:
        case ast.Compare():
            for place, op in enumerate(node.ops):
                if type(op) in _SWAPS:
                    new = copy.deepcopy(node)
                    new.ops[place] = _SWAPS[type(op)]()
                    pairs.append((f"`{_WORDS[type(op)]}` → `{_WORDS[_SWAPS[type(op)]]}`", new))
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op) if type(op) in _SWAPS:
            new = copy.deepcopy(node)
            new.op = _SWAPS[type(op)]()
            pairs.append((f"`{_WORDS[type(op)]}` → `{_WORDS[_SWAPS[type(op)]]}`", new))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            pairs.append((f"without `{'not' if isinstance(node.op, ast.Not) else '-'}`", operand))
        case ast.Constant(value=bool() as value):
            pairs.append((f"`{value}` → `{not value}`", ast.Constant(not value)))
        case ast.Constant(value=int() | float() as value):
            pairs.append((f"`{value}` → `{value + 1}`", ast.Constant(value + 1)))
        case ast.IfExp():
            new = ast.IfExp(node.test, node.orelse, node.body)
            pairs.append(("`a if c else b` → `b if c else a`", new))
        case ast.If() | ast.While() if not isinstance(node.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            new = copy.deepcopy(node)
            new.test = ast.UnaryOp(ast.Not(), new.test)
            pairs.append(("the condition negated", new))
        case ast.Return(value=ast.AST() as value) if not isinstance(value, ast.Constant):
            pairs.append(("returns None", ast.Return(ast.Constant(None))))
        case _:
            pass
    if isinstance(node, ast.Raise | ast.Continue | ast.Break | ast.Delete | ast.AugAssign | ast.Expr):
        pairs.append((f"without this `{_WORD_OF[type(node)]}`", ast.Pass()))
    yield from pairs


_WORD_OF: dict[type, str] = {
    ast.Raise: "raise", ast.Continue: "continue", ast.Break: "break", ast.Delete: "del",
    ast.AugAssign: "assignment", ast.Expr: "call",
}  # fmt: skip


def _is_left_alone(node: object) -> bool:
    """What does nothing when it runs: docstrings, `...`, protocols, and `assert_never`."""
    match node:
        case ast.Expr(value=ast.Constant() | ast.Call(func=ast.Name(id="assert_never"))):
            return True
        case ast.ClassDef(bases=bases):
            return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in bases)
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case _:
            return False
