"""A graph as a JSON document, and back: format `resdsl-graph`, version 1.

The document mirrors `ir.graph`: the distinct units once, then the spine of steps that use them. Its schema is
`grammars/graph.schema.json`. A document that is read comes from a stranger: it can name the layers of the language and
nothing else, and what it says is checked like a graph of our own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

from resdsl.diagnostics import Code, Diagnostic, ResError
from resdsl.ir.graph import Graph, InitRule, Link, Section, Step, Survival
from resdsl.ir.unit import Node, Unit
from resdsl.ir.verify import problems
from resdsl.limits import DEFAULT, Limits
from resdsl.ops import OPS, TENSOR_OPS, Extern, Op, SettingError
from resdsl.shape import Shape

if TYPE_CHECKING:
    from resdsl.ir.document import Document, NodeModel, UnitModel

_WORDS: dict[type[Op], str] = {op: word for word, op in {**OPS, **TENSOR_OPS, Extern.LABEL: Extern}.items()}


# ---------------------------------------------------------------- writing


def to_json(graph: Graph) -> str:
    """The document; the same graph gives the same bytes. One line for each unit's node, step, section and link."""
    numbers = {unit: number for number, unit in enumerate(graph.units)}
    fields: dict[str, Any] = {
        "format": "resdsl-graph",
        "version": 1,
        "name": graph.name,
        "parameters": dict(graph.parameters),
        "input": graph.input.dims,
        "survival": graph.survival and _plain(graph.survival, ("schedule", "per", "rescale")),
        "init": [_plain(rule, ("name", "arguments")) for rule in graph.init],
        **_plain(graph, ("keys", "taps", "about", "cites", "doc", "spec", "recipe")),
        "sections": [_plain(section, ("label", "kind", "first", "last", "doc")) for section in graph.sections],
        "links": [_plain(link, ("name", "kind", "level", "first", "last", "source")) for link in graph.links],
        "units": [_write_unit(unit) for unit in graph.units],
        "steps": [
            {"unit": numbers[step.unit], **_plain(step, ("inputs", "section", "place", "survival"))}
            for step in graph.steps
        ],
    }
    return _layout(fields, depth=0) + "\n"


def _write_unit(unit: Unit) -> dict[str, Any]:
    return {
        **_plain(unit, ("definition", "arguments", "shortcut", "links", "link_kinds")),
        "inputs": [shape.dims for shape in unit.inputs],
        "nodes": [_write_node(node) for node in unit.nodes],
        **_plain(unit, ("output", "doc", "cite")),
    }


def _write_node(node: Node) -> dict[str, Any]:
    return {"layer": _write_op(node.op), "shape": node.shape.dims, **_plain(node, ("inputs", "part", "group"))}


def _write_op(op: Op) -> dict[str, Any]:
    if isinstance(op, Extern):
        settings = _plain(op, ("name", "channels", "stride", "n_weights", "n_macs"))
        return {"op": Extern.LABEL, **settings, "arguments": dict(op.arguments)}
    return {"op": _WORDS[type(op)], **_plain(op, [setting.name for setting in op.SETTINGS])}


def _plain(value: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def _layout(value: Any, depth: int) -> str:
    """JSON text: what holds objects takes a line for each of its items, anything else stands on one line."""
    holds_objects = isinstance(value, list) and any(isinstance(item, dict) for item in cast("list[Any]", value))
    holds_lists = isinstance(value, dict) and any(
        isinstance(item, list) for item in cast("dict[str, Any]", value).values()
    )
    if not holds_objects and not holds_lists:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    margin = "\n" + " " * (depth + 1)
    if isinstance(value, list):
        items = [_layout(item, depth + 1) for item in cast("list[Any]", value)]
        return f"[{margin}{f',{margin}'.join(items)}]"
    fields = [f"{json.dumps(name)}: {_layout(item, depth + 1)}" for name, item in cast("dict[str, Any]", value).items()]
    return f"{{{margin}{f',{margin}'.join(fields)}}}"


# ---------------------------------------------------------------- reading


def from_json(text: str | bytes, *, limits: Limits = DEFAULT) -> Graph:
    """The graph of a document.

    Raises:
        ResError: with everything in the document that is not as the format has it, each by its place in words.
    """
    raw = _parse(text, limits)
    from resdsl.ir.validate import validate

    document = validate(raw, limits)
    _check_units(document, limits)
    graph = _read_graph(document)
    found = [_refuse(str(problem)) for problem in islice(problems(graph), limits.diagnostics)]
    if found:
        raise ResError(found)
    _check_tensors(graph, limits)
    return graph


def _read_graph(document: Document) -> Graph:
    units = _read_units(document)
    fields = {name: getattr(document, name) for name in ("name", "keys", "about", "doc", "spec", "recipe")}
    return Graph(
        **fields,
        parameters=tuple(document.parameters.items()),
        input=_shape(document.input),
        steps=tuple(
            Step(units[step.unit], tuple(step.inputs), step.section, step.place, step.survival)
            for step in document.steps
        ),
        sections=tuple(Section(**section.model_dump()) for section in document.sections),
        links=tuple(Link(**link.model_dump()) for link in document.links),
        survival=Survival(**document.survival.model_dump()) if document.survival else None,
        init=tuple(InitRule(rule.name, tuple(rule.arguments)) for rule in document.init),
        taps=tuple(document.taps),
        cites=tuple(document.cites),
    )


def _read_units(document: Document) -> list[Unit]:
    found: list[Diagnostic] = []
    units: list[Unit] = []
    for number, unit in enumerate(document.units, start=1):
        nodes: list[Node] = []
        for place, node in enumerate(unit.nodes, start=1):
            try:
                nodes.append(_read_node(node, unit))
            except SettingError as error:
                found.append(_refuse(f"unit {number}, node {place}, layer: {error.message}"))
        units.append(_read_unit(unit, tuple(nodes)))
    if found:
        raise ResError(found)
    return units


def _read_unit(unit: UnitModel, nodes: tuple[Node, ...]) -> Unit:
    return Unit(
        definition=unit.definition,
        inputs=tuple(_shape(dims) for dims in unit.inputs),
        nodes=nodes,
        output=unit.output,
        arguments=unit.arguments,
        shortcut=unit.shortcut,
        links=tuple(unit.links),
        link_kinds=tuple(unit.link_kinds),
        doc=unit.doc,
        cite=unit.cite,
    )


def _read_node(node: NodeModel, unit: UnitModel) -> Node:
    shapes = [*unit.inputs, *(other.shape for other in unit.nodes)]
    entering = shapes[node.inputs[0]] if node.inputs and node.inputs[0] < len(shapes) else node.shape
    settings = node.layer.model_dump(exclude_unset=True)
    op = _read_op(settings.pop("op"), settings, rank=len(entering) - 1)
    return Node(op, tuple(node.inputs), _shape(node.shape), node.part, node.group)


def _read_op(word: str, settings: dict[str, Any], rank: int) -> Op:
    if word == Extern.LABEL:
        arguments = tuple((name, _value(value)) for name, value in settings.pop("arguments").items())
        return Extern(arguments=arguments, **settings)
    op = OPS.get(word) or TENSOR_OPS[word]
    return op.make({name: _value(value) for name, value in settings.items()}, rank)


def _value(value: Any) -> Any:
    return tuple(cast("list[int]", value)) if isinstance(value, list) else value


def _shape(dims: list[int]) -> Shape:
    return Shape(dims[0], tuple(dims[1:]))


# ---------------------------------------------------------------- what is wrong with a document


def _parse(text: str | bytes, limits: Limits) -> object:
    """The plain value of the text: objects as dicts, without a name that stands twice or a number that is none."""
    if len(text) > limits.graph_bytes:
        message = f"the document has {len(text):,} bytes; the caller allows {limits.graph_bytes:,}"
        raise ResError([Diagnostic(Code.LIMIT_SOURCE, message, help="raise the limit: `Limits(graph_bytes=…)`")])
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        return json.loads(
            decoded, object_pairs_hook=_object, parse_int=_whole, parse_float=_real, parse_constant=_constant
        )
    except UnicodeDecodeError as error:
        raise ResError(
            [_refuse(f"the text is not UTF-8: byte {error.start + 1} is {error.object[error.start]:#04x}")]
        ) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ResError([_refuse(f"the text is not JSON: {error.msg[0].lower()}{error.msg[1:]} at {place}")]) from None
    except RecursionError:
        raise ResError([_refuse("the text is nested more deeply than a graph is")]) from None
    except _NotWantedError as error:
        raise ResError([_refuse(str(error))]) from None


class _NotWantedError(Exception):
    """Something that JSON, or Python's reader of it, allows and a graph does not."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > _MOST_FIELDS:
        raise _NotWantedError(f"an object has {len(pairs):,} fields")
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _NotWantedError(f"an object has `{twice}` twice")
    return fields


_MOST_FIELDS = 1000  # parameters of a network; all other objects have a few


def _whole(digits: str) -> int:
    if len(digits) > 18:
        raise _NotWantedError(f"the number {digits[:12]}… has {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if not isfinite(value):
        raise _NotWantedError(f"the number {digits[:24]} is larger than a number of double precision")
    return value


def _constant(word: str) -> float:
    raise _NotWantedError(f"`{word}` is no number of JSON")


def _check_units(document: Document, limits: Limits) -> None:
    """Raises ResError where a step uses no unit, a unit is used by no step, or the network has too many layers."""
    sizes = [len(unit.nodes) for unit in document.units]
    used = {step.unit for step in document.steps}
    found = [
        _refuse(f"step {number}: uses unit {step.unit}, counted from 0; the document has {len(sizes)}")
        for number, step in enumerate(document.steps, start=1)
        if step.unit >= len(sizes)
    ]
    found += [_refuse(f"unit {unit + 1}: no step uses it") for unit in range(len(sizes)) if unit not in used]
    if found:
        raise ResError(found[: limits.diagnostics])
    n_nodes = sum(sizes[step.unit] for step in document.steps)
    if n_nodes > limits.nodes:
        message = f"the network has {n_nodes:,} layers; the caller allows {limits.nodes:,}"
        raise ResError([Diagnostic(Code.LIMIT_NODES, message, help="raise the limit: `Limits(nodes=…)`")])


def _check_tensors(graph: Graph, limits: Limits) -> None:
    for number, unit in enumerate(graph.units, start=1):
        for place, node in enumerate(unit.nodes, start=1):
            tensors = node.op.parameters(*unit.input_shapes(node))
            largest = max(node.shape.elements, *(tensor.elements for tensor in tensors), 0)
            if largest > limits.tensor_elements:
                message = (
                    f"unit {number}, node {place}: a tensor of {largest:,} values; "
                    f"the caller allows {limits.tensor_elements:,}"
                )
                raise ResError(
                    [Diagnostic(Code.LIMIT_TENSOR, message, help="raise the limit: `Limits(tensor_elements=…)`")]
                )


def _refuse(message: str) -> Diagnostic:
    return Diagnostic(Code.GRAPH_FORMAT, message)
