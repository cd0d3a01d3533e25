"""The names that a definition has: its own, and of a derived network those of its bases."""

from __future__ import annotations

from collections.abc import Callable

from resdsl.elaborate.definitions import Found
from resdsl.lsp.symbols import Scope, Symbol, chain_of, first_word, let_symbol, parameter_symbol, statements_of
from resdsl.syntax import ast


class Inherited:
    """The names of definitions, each of which is looked at once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Callable[[Found, Scope], Scope]], tuple[Found, Scope]] = {}

    def parameters(self, found: Found) -> Scope:
        """The parameters that a definition can be given: of a derived network, those too that its base leaves open."""
        return self._look(found, _parameters)

    def values(self, found: Found) -> Scope:
        """The names of values: parameters, `let`s and equations."""
        return self._look(found, _values)

    def labels(self, found: Found) -> Scope:
        """The labels of a network's stages, chains and links: a label that is defined anew is the base's."""
        return self._look(found, _labels)

    def _look(self, found: Found, look: Callable[[Found, Scope], Scope]) -> Scope:
        names: Scope = {}
        for here in reversed(chain_of(found)):
            key = id(here.definition), look
            if key not in self._known:
                self._known[key] = here, look(here, names)  # with what the number is of, which nothing else has then
            names = self._known[key][1]
        return names


def parameters_of(found: Found) -> dict[str, Symbol]:
    """The parameters that a definition can be given: see `Inherited`."""
    return dict(Inherited().parameters(found))


def values_of(found: Found) -> dict[str, Symbol]:
    """The names of values in a definition: see `Inherited`."""
    return dict(Inherited().values(found))


def labels_of(found: Found) -> dict[str, Symbol]:
    """The labels of a network: see `Inherited`."""
    return dict(Inherited().labels(found))


def _parameters(found: Found, inherited: Scope) -> Scope:
    definition = found.definition
    own = {parameter.name: parameter_symbol(parameter, found) for parameter in definition.parameters}
    if not isinstance(definition, ast.Derived):
        return own
    given = {argument.name for argument in definition.base.arguments or () if isinstance(argument, ast.Keyword)}
    return own | {name: symbol for name, symbol in inherited.items() if name not in own and name not in given}


def _values(found: Found, inherited: Scope) -> Scope:
    values = {**inherited, **{p.name: parameter_symbol(p, found) for p in found.definition.parameters}}
    for statement in statements_of(found.definition):
        if isinstance(statement, ast.Let):
            values[statement.name] = let_symbol(statement, found)
        elif isinstance(statement, ast.Equation) and (
            statement.name not in values or values[statement.name].found is not found
        ):
            span = first_word(statement.span, statement.name)
            values[statement.name] = Symbol("equation", statement.name, span, statement, found)
    return values


def _labels(found: Found, inherited: Scope) -> Scope:
    labels = {**inherited}
    for statement in statements_of(found.definition):
        match statement:
            case ast.Stage():
                symbol = Symbol("stage", statement.label, statement.label_span, statement, found)
            case ast.Layers():
                symbol = Symbol("layers", statement.label, statement.label_span, statement, found)
            case ast.Link():
                symbol = Symbol("link", statement.name, statement.name_span, statement, found)
            case _:
                continue
        labels.setdefault(symbol.name, symbol)
    return labels
