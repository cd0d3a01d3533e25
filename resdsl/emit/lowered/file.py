"""Emits a lowered network as a file of pure functions, and the walk that calls them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from resdsl.emit.lowered.functional import HELPERS
from resdsl.emit.lowered.region import TAKE_OVER, RegionFunction, write_region
from resdsl.emit.names import StepNames, module_names
from resdsl.emit.python.class_names import class_names
from resdsl.emit.python.text import INDENT, docstring
from resdsl.ir.graph import Graph, Section
from resdsl.passes.lower import Lowered, Region, lower


@dataclass(frozen=True, slots=True)
class LoweredFile:
    """An emitted file.

    Attributes:
        text: its text.
        lowered: the network.
        functions: the function of each region.
        places: for each step, the path of its module; empty where its layers stand at the network's top.
    """

    text: str
    lowered: Lowered
    functions: Mapping[Region, RegionFunction]
    places: tuple[str, ...]


def emit(graph: Graph) -> str:
    """The text of the file; see `emit_lowered`."""
    return emit_lowered(graph).text


def emit_lowered(graph: Graph) -> LoweredFile:
    """A Python file: one pure function for each region, then the network as calls of them.

    Raises:
        ResError: where the naming scheme has no name for a part of the network.
    """
    names = module_names(graph, graph.keys)
    lowered = lower(graph)
    functions = _functions(lowered, names)
    places = tuple(step.path for step in names)
    helpers = dict.fromkeys(helper for function in functions.values() for helper in function.helpers)
    if lowered.masks_outside:
        helpers[TAKE_OVER] = None
    parts = [
        *(helper.rstrip("\n") for helper in helpers),
        *("\n".join(function.lines) for function in functions.values()),
        "\n".join(_Walk(lowered, functions, places).lines()),
    ]
    code = "\n\n\n".join(parts)
    imports = ["import torch"] if re.search(r"\btorch\.", code) else []
    imports += ["import torch.nn.functional as F"] if re.search(r"\bF\.", code) else []
    title = docstring(
        [f"The network `{graph.name}` as resdsl compiles it: one pure function for each distinct unit."], ""
    )
    text = "\n".join([*title, "", *imports]) + f"\n\n\n{code}\n"
    return LoweredFile(text, lowered, functions, places)


def _functions(lowered: Lowered, names: tuple[StepNames, ...]) -> Mapping[Region, RegionFunction]:
    """The function of each region, in order of first use."""
    _, classes = class_names(lowered.graph, names, ())
    per_sample = lowered.graph.survival is not None and lowered.graph.survival.per == "sample"
    taken: set[str] = set(_TAKEN)
    functions: dict[Region, RegionFunction] = {}
    for call, place in zip(lowered.calls, names, strict=True):
        if call is None:
            continue
        stem = _snake(classes.get(call.step.unit) or call.step.section)
        for region, name in ((call.region, stem), (call.dropped, f"{stem}_dropped")):
            if region is not None and not region.is_identity and region not in functions:
                functions[region] = write_region(_free(name, taken), region, place.nodes, per_sample=per_sample)
    return functions


# ---------------------------------------------------------------- the walk


@dataclass(frozen=True, slots=True)
class _Line:
    """One call as text, over the place `{i}` of its block: equal lines in sequence are said once."""

    text: str
    place: int | None


class _Walk:
    """Writes the network as calls of its functions."""

    def __init__(self, lowered: Lowered, functions: Mapping[Region, RegionFunction], places: tuple[str, ...]) -> None:
        self.lowered = lowered
        self.graph = lowered.graph
        self.functions = functions
        self.places = places
        self.variables = {link.name: _variable(link.name) for link in self.graph.links}
        self.drops = lowered.drops

    def lines(self) -> Iterator[str]:
        """The definition of `network`."""
        taps = self.graph.taps
        yield f"def network({', '.join(('x', 'call', *(['skip'] if self.drops else [])))}):"
        yield from docstring([_WALK + (_WALK_SKIP if self.drops else "")], INDENT)
        if taps:
            yield f"{INDENT}features = {{}}"
        for section in self.graph.sections:
            yield from _said_once(self._section(section))
            is_last = section is self.graph.sections[-1]
            leaving = self._outside("x", section.last + 1)
            if section.label in taps or (is_last and taps):
                yield f'{INDENT}features["{section.label}"] = {leaving}'
            if is_last:
                yield f"{INDENT}return {'features' if taps else leaving}"

    def _section(self, section: Section) -> Iterator[_Line]:
        for position in range(section.first, section.last + 1):
            starting = [self.variables[link.name] for link in self.graph.links if link.source == position]
            yield from (_Line(f"{name} = x", None) for name in dict.fromkeys(starting))
            yield self._step(position)

    def _step(self, position: int) -> _Line:
        step, call = self.graph.steps[position], self.lowered.calls[position]
        path = self.places[position]
        number = re.search(r"\d+$", path)
        place = f'f"{path[: number.start()]}{{i}}"' if number else f'"{path}"'
        inputs = ["x", *(self.variables[link] for link in step.unit.links)]
        if call is None:
            outside = (self._outside(name, value) for name, value in zip(inputs, step.inputs, strict=True))
            text = f"x = call(None, {place}, {', '.join(outside)})"
        elif call.dropped is None:
            text = f"x = call({self.functions[call.region].name}, {place}, {', '.join(inputs)})"
        else:
            dropped = "None" if call.dropped.is_identity else self.functions[call.dropped].name
            text = f"x = skip({self.functions[call.region].name}, {dropped}, {place}, {', '.join(inputs)})"
        return _Line(text, int(number[0]) if number else None)

    def _outside(self, variable: str, value: int) -> str:
        """The variable for a reader that is none of the functions."""
        return f"take_over({variable})" if value in self.lowered.unmasked else variable


def _said_once(lines: Iterable[_Line]) -> Iterator[str]:
    """The lines, equal ones with rising places as a loop."""
    waiting: list[_Line] = []
    for line in (*lines, _Line("", None)):
        last = waiting[-1] if waiting else None
        rises = last is not None and last.place is not None and line.place == last.place + 1
        if last is not None and not (rises and last.text == line.text):
            yield from _loop(waiting)
            waiting = []
        waiting.append(line)


def _loop(lines: list[_Line]) -> Iterator[str]:
    first, last = lines[0], lines[-1]
    if first is last:
        yield INDENT + first.text.replace('f"', '"').replace("{i}", str(first.place))
    else:
        yield f"{INDENT}for i in range({first.place}, {last.place} + 1):"
        yield INDENT * 2 + first.text


def _variable(link: str) -> str:
    """The variable that keeps the source of a link."""
    return f"{link}_" if link in _TAKEN else link


def _snake(name: str) -> str:
    """`Basic16To32Stride2` as `basic16_to32_stride2`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free)
    return free


_WALK = "The network: `call(function, place, x, …)` runs a function with the tensors of the module at that place."
_WALK_SKIP = " `skip(function, dropped, …)` runs the other one, or nothing, where a block's residual branch is dropped."

_TAKEN = frozenset(
    {"torch", "nn", "F", "x", "i", "call", "skip", "features", "network", "take_over", "hand_over", "range"} | HELPERS
)
