"""Says when two blocks are placed alike, so that one unit serves both, in whatever network of the program."""

from __future__ import annotations

from collections.abc import Hashable

from resdsl.elaborate.bind import Dynamic, Target, follow, resolve
from resdsl.elaborate.blocks import Placing
from resdsl.elaborate.evaluate import evaluate_value
from resdsl.elaborate.problems import Echo, Mistake
from resdsl.elaborate.scope import Closure, Poison
from resdsl.elaborate.shortcuts import Junction
from resdsl.limits import Limits
from resdsl.syntax import ast


class _UnlikeAnyError(Exception):
    """An argument that stands for a definition: what it computes is not plain to see."""


def alike(target: Target, placing: Placing, dynamic: Dynamic, limits: Limits) -> Hashable | None:
    """A key that is equal for blocks of one definition that are placed alike; None where that is not plain to see.

    All that a unit depends on is in it: arguments, shapes, place, the kinds of its junctions, `norm` and `act`.
    """
    if dynamic.suspects:
        return None
    try:
        return (
            _written(target),
            placing.x,
            placing.stride,
            placing.is_first,
            placing.survives,
            _junction(placing.junction, dynamic),
            _junction(placing.fallback, dynamic),
            tuple((link.name, link.source, _junction(link.junction, dynamic)) for link in placing.links),
            tuple(_closure(closure, dynamic) for closure in dynamic.names.values()),
            limits,
        )
    except (_UnlikeAnyError, Mistake, Echo):
        return None


def _junction(junction: Junction | Poison | None, dynamic: Dynamic) -> Hashable:
    if junction is None:
        return None
    if isinstance(junction, Poison):
        raise Echo
    kinds = [junction.kinds.first, *([junction.kinds.otherwise] if junction.kinds.otherwise else [])]
    return tuple(_written(resolve("shortcut", kind, junction.scope, dynamic)) for kind in kinds)


def _closure(closure: Closure | Poison, dynamic: Dynamic) -> Hashable:
    if isinstance(closure, Poison):
        raise Echo
    return _written(follow(closure, dynamic))


def _written(target: Target) -> Hashable:
    """The definition, and its arguments as they were written, computed; with types, for 0 is not `false`."""
    arguments: list[Hashable] = [target.found]
    for call in target.calls:
        for argument in call.arguments:
            value = evaluate_value(argument.value, call.scope)
            if isinstance(value, Closure):
                raise _UnlikeAnyError
            name = argument.name if isinstance(argument, ast.Keyword) else type(argument)
            arguments.append((name, type(value), value))
    return tuple(arguments)
