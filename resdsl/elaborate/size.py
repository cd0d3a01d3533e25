"""Counts the layers that a definition is made of, those of its parameters left out."""

from __future__ import annotations

from resdsl.elaborate.definitions import Found, Module
from resdsl.elaborate.scope import Scope
from resdsl.syntax import ast


def n_layers(found: Found) -> int:
    """How many layers a block or a layer is made of at least: layers of layers, each with what it is made of."""
    if not found.size:
        found.size.append(0)  # that of one that leads back to itself, which is told
        given = {parameter.name for parameter in found.definition.parameters}
        statements = found.definition.statements if isinstance(found.definition, ast.Block | ast.Layer) else ()
        found.size[0] = sum(_in_statement(statement, found.module, given) for statement in statements)
    return found.size[0]


def n_in_chain(chain: ast.Chain, scope: Scope) -> int:
    """How many layers a chain is made of at least."""
    return sum(1 if scope.holds(layer.name) else _of(layer, scope.module, set()) for layer in chain.layers)


def _in_statement(statement: ast.Syntax, module: Module, given: set[str]) -> int:
    match statement:
        case ast.Before() | ast.Residual() | ast.After():
            return sum(_of(layer, module, given) for layer in statement.chain.layers)
        case ast.Equation():
            return _in_value(statement.value, module, given)
        case _:
            return 0


def _in_value(expression: ast.Expression, module: Module, given: set[str]) -> int:
    match expression:
        case ast.Feed():
            layers = sum(_of(layer, module, given) for layer in expression.layers)
            return layers + _in_value(expression.value, module, given)
        case ast.Choose():
            return min(_in_value(way, module, given) for way in (expression.then, expression.otherwise))
        case ast.Binary():
            return _in_value(expression.left, module, given) + _in_value(expression.right, module, given)
        case ast.Group():
            return _in_value(expression.value, module, given)
        case ast.Unary():
            return _in_value(expression.operand, module, given)
        case ast.Reference(name="concat"):
            return sum(_in_value(argument.value, module, given) for argument in expression.arguments or ())
        case _:
            return 0


def _of(layer: ast.Reference, module: Module, given: set[str]) -> int:
    found = module.find("layer", layer.name) if layer.name not in given else None
    return 1 + (n_layers(found) if found is not None else 0)
