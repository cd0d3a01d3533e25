"""Writes the class of the network: its sections, and the walk of a batch through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from resdsl.emit.attributes import free_attribute
from resdsl.emit.names import StepNames
from resdsl.emit.python.forward import Body, operations, write_forward
from resdsl.emit.python.initialise import write_init
from resdsl.emit.python.members import Members
from resdsl.emit.python.repeats import repeats
from resdsl.emit.python.survival import write_methods, write_probabilities
from resdsl.emit.python.text import BODY, INDENT, broken, docstring, shape_comment
from resdsl.emit.python.units import VARIABLES
from resdsl.emit.python.walk import Walk, plan_walk
from resdsl.ir.graph import Graph, Section
from resdsl.ir.unit import Unit


@dataclass(frozen=True, slots=True)
class NetworkClass:
    """What the network's class is made of.

    Attributes:
        name: the class's name.
        graph: the network.
        names: of each step, where its modules stand.
        classes: the class of each unit that has one; the layers of the others are the network's own.
        members: the modules of each unit.
    """

    name: str
    graph: Graph
    names: tuple[StepNames, ...]
    classes: Mapping[Unit, str]
    members: Mapping[Unit, Members]

    def attribute(self, section: Section) -> str:
        """Where a section's module stands; empty where its layers are the network's own."""
        path = self.names[section.first].path
        return path.rpartition(".")[0] if section.kind == "stage" else path


def write_network(made: NetworkClass) -> list[str]:
    """The lines of the class."""
    graph = made.graph
    walks = _plan(graph)
    lines = [f"class {made.name}(nn.Module):", *docstring(_about(graph), INDENT), "", f"{INDENT}spec = SPEC"]
    if graph.taps:
        lines += _feature_info(made)
    lines += ["", f"{INDENT}def __init__(self):", f"{BODY}super().__init__()"]
    for section in graph.sections:
        lines += _make_section(made, section, walks)
    if graph.survival is not None:
        lines += write_probabilities(graph)
    paths = {unit: members.paths for unit, members in made.members.items()}
    lines += write_init(graph, paths, made.classes)
    lines += ["", f"{INDENT}def forward(self, x):", *_forward(made, walks)]
    return [*lines, "", *write_methods(graph)]


def _plan(graph: Graph) -> Mapping[str, Walk]:
    """The walk through every stage, by its label."""
    variables: dict[str, str] = {}
    for link in graph.links:
        if link.name not in variables:
            variables[link.name] = free_attribute(link.name, {*VARIABLES, *variables.values()})
    return {section.label: plan_walk(graph, section, variables) for section in graph.stages()}


def _make_section(made: NetworkClass, section: Section, walks: Mapping[str, Walk]) -> list[str]:
    """The statements that make a section's modules."""
    attribute = made.attribute(section)
    units = [made.graph.steps[position].unit for position in range(section.first, section.last + 1)]
    if not attribute:
        return list(made.members[units[0]].lines)
    if section.kind != "stage":
        return [f"{BODY}self.{attribute} = {made.classes[units[0]]}()"]
    items = list(_blocks([made.classes[unit] for unit in units]))
    if walks[section.label].is_plain:
        return broken(f"self.{attribute} = nn.Sequential(", items, ")", BODY)
    if len(items) == 1 and items[0].startswith("*"):
        return [f"{BODY}self.{attribute} = nn.ModuleList{items[0][1:]}"]
    return broken(f"self.{attribute} = nn.ModuleList([", items, "])", BODY)


def _blocks(classes: Sequence[str]) -> Iterator[str]:
    """What makes the blocks of a stage: runs of equal ones said once, and runs of such runs."""
    runs = [(name, len(list(group))) for name, group in groupby(classes)]
    for times, pattern in repeats(runs, longest=2):
        if times > 1 and len(pattern) > 1:
            inner = ", ".join(name if n == 1 else f"*[{name}] * {n}" for name, n in pattern)
            yield f"*(block() for _ in range({times}) for block in ({inner}))"
            continue
        for name, n in pattern * times:
            yield from [f"{name}()"] * n if n <= 2 else [f"*({name}() for _ in range({n}))"]


def _forward(made: NetworkClass, walks: Mapping[str, Walk]) -> Iterator[str]:
    graph = made.graph
    if graph.survival is not None:
        yield f"{BODY}draws = iter(self.draw({'x' if graph.survival.per == 'sample' else ''}))"
    if graph.taps:
        yield f"{BODY}features = {{}}"
    for section in graph.sections:
        is_last = section is graph.sections[-1]
        lines = list(_walk_section(made, section, walks, leaves=is_last and not graph.taps))
        yield from lines
        if section.label in graph.taps or (is_last and graph.taps):
            yield f'{BODY}features["{section.label}"] = x'
        if is_last and graph.taps:
            yield f"{BODY}return features"


def _walk_section(made: NetworkClass, section: Section, walks: Mapping[str, Walk], *, leaves: bool) -> Iterator[str]:
    """The statements that take x through a section; the last returns it where the network ends."""
    graph = made.graph
    unit = graph.steps[section.last].unit
    attribute = made.attribute(section)
    comment = shape_comment(unit.output_shape)
    verb = "return" if leaves else "x ="
    if not attribute:
        computation = operations(unit, made.members[unit].members)
        yield from write_forward(Body(computation, unit.output, ("x",), result="" if leaves else "x"))
    elif section.kind != "stage":
        yield f"{BODY}{verb} self.{attribute}(x)  {comment}"
    else:
        *lines, last = walks[section.label].write(f"self.{attribute}", BODY)
        yield from lines
        if leaves and walks[section.label].is_plain:
            last = last.replace("x =", "return", 1)
        yield f"{last}  {comment}"
        if leaves and not walks[section.label].is_plain:
            yield f"{BODY}return x"


def _feature_info(made: NetworkClass) -> Iterator[str]:
    """What the features are: channels, the ratio of the input's size to theirs, and the module that makes them."""
    graph = made.graph
    labels = [section.label for section in graph.sections if section.label in graph.taps]
    yield f"{INDENT}feature_info = ["
    for label in labels:
        section = graph.section(label)
        shape = graph.shape_of(section.last + 1)
        pairs = list(zip(graph.input.spatial, shape.spatial, strict=False))
        reduction = -(-pairs[0][0] // pairs[0][1]) if pairs else 1
        info = {"module": made.attribute(section) or label, "num_chs": shape.channels, "reduction": reduction}
        yield f"{BODY}{info!r},".replace("'", '"')
    yield f"{INDENT}]"


def _about(graph: Graph) -> Iterator[str]:
    parameters = ", ".join(f"{name} = {value}" for name, value in graph.parameters)
    n_params = sum(step.unit.n_params for step in graph.steps)
    macs = sum(step.unit.macs for step in graph.steps)
    title = f"{graph.name}({parameters})" if parameters else graph.name
    yield f"`{title}`: {graph.input} -> {graph.output}; {n_params:,} parameters, {macs:,} multiply-adds a sample."
    yield graph.about
    yield " ".join(graph.doc.split())
    yield "\n".join(graph.cites)
    if graph.taps:
        yield "`forward` returns the features by the label of their section, then the output, as torchvision does."
    if graph.survival is not None:
        yield _SURVIVAL[graph.survival.per].format(schedule=graph.survival.schedule)


_SURVIVAL = {
    "batch": "Stochastic depth, `{schedule}`: in training a dropped block computes nothing of its residual branch, "
    "forward or backward, and leaves its statistics alone; its weights get no gradient.",
    "sample": "Stochastic depth, `{schedule}`, drawn for each sample.",
}
