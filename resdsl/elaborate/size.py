"""Counts the layers that a definition is made of, those of its parameters left out, and how deep its formulas nest."""

from __future__ import annotations

from typing import Final

from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.scope import Scope
from resdsl.syntax import ast


def n_layers(found: Found) -> int:
    """How many layers a block or a layer is made of at least: layers of layers, each with what it is made of."""
    return _n_layers(found, _DEEPEST)


def _n_layers(found: Found, room: int) -> int:
    """The same, looked at no deeper than there is room for: what lies deeper is told to be too deep."""
    if not found.size:
        found.size.append(0)  # that of one that leads back to itself, which is told
        given = {parameter.name for parameter in found.definition.parameters}
        statements = found.definition.statements if isinstance(found.definition, ast.Block | ast.Layer) else ()
        found.size[0] = sum(_in_statement(statement, found.module, given, room) for statement in statements)
    return found.size[0]


def height(found: Found) -> int:
    """How deep the expressions of a definition stand in each other at most."""
    if not found.height:
        deepest, waiting = 0, [(part, 0) for part in found.definition.parts]
        while waiting:
            node, depth = waiting.pop()
            deepest = max(deepest, depth)
            waiting += [(part, depth + 1) for part in node.parts]
        found.height.append(deepest)
    return found.height[0]


def n_in_chain(chain: ast.Chain, scope: Scope) -> int:
    """How many layers a chain is made of at least."""
    module, given = scope.module, set[str]()
    return sum(1 if scope.holds(layer.name) else _of(layer, module, given, _DEEPEST) for layer in chain.layers)


def _in_statement(statement: ast.Syntax, module: Module, given: set[str], room: int) -> int:
    match statement:
        case ast.Before() | ast.Residual() | ast.After():
            return sum(_of(layer, module, given, room) for layer in statement.chain.layers)
        case ast.Equation():
            return _in_value(statement.value, module, given, room)
        case _:
            return 0


def _in_value(expression: ast.Expression, module: Module, given: set[str], room: int) -> int:
    room -= 1
    match expression:
        case _ if room < 0:
            return 0
        case ast.Feed():
            layers = sum(_of(layer, module, given, room) for layer in expression.layers)
            return layers + _in_value(expression.value, module, given, room)
        case ast.Choose():
            return min(_in_value(way, module, given, room) for way in (expression.then, expression.otherwise))
        case ast.Binary():
            return _in_value(expression.left, module, given, room) + _in_value(expression.right, module, given, room)
        case ast.Group():
            return _in_value(expression.value, module, given, room)
        case ast.Unary():
            return _in_value(expression.operand, module, given, room)
        case ast.Reference(name="concat"):
            return sum(_in_value(argument.value, module, given, room) for argument in expression.arguments or ())
        case _:
            return 0


def _of(layer: ast.Reference, module: Module, given: set[str], room: int) -> int:
    found = module.find("layer", layer.name) if layer.name not in given else None
    return 1 + (_n_layers(found, room - 1) if found is not None else 0)


_DEEPEST: Final = 128
