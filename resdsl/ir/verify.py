"""Checks that a graph keeps every promise that its readers rely on."""

from __future__ import annotations

from collections.abc import Iterator

from resdsl.diagnostics import InternalError
from resdsl.ir.dropped import drop_residual, is_droppable
from resdsl.ir.graph import Graph, Link, Section, Step
from resdsl.ir.unit import Unit
from resdsl.record import record
from resdsl.shape import Shape, ShapeError


@record
class Problem:
    """A promise that does not hold: the place in words (`unit 2 (basic), node 3 (bn)`), and what is found there."""

    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def verify(graph: Graph) -> None:
    """Takes time linear in the steps and in the nodes of the distinct units.

    Raises:
        InternalError: with the first place where the graph is not what `ir.graph` and `ir.unit` say.
    """
    for problem in problems(graph):
        raise InternalError(str(problem))


def problems(graph: Graph) -> Iterator[Problem]:
    """Every broken promise; of a graph from outside, nothing is taken for granted but the types.

    What rests on a broken promise is not looked at: the spine only where the units hold, links where the spine does.
    """
    for check in (_check_units, _check_spine, _check_sections, _check_links, _check_survival, _check_taps):
        found = False
        for problem in check(graph):
            found = True
            yield problem
        if found:
            return


# ---------------------------------------------------------------- units


def _check_units(graph: Graph) -> Iterator[Problem]:
    yield from _check_shape("the input", graph.input)
    for number, unit in enumerate(graph.units, start=1):
        place = f"unit {number} ({unit.definition})"
        broken = list(_check_nodes(place, unit))
        yield from broken or _check_parts(place, unit)


def _check_nodes(place: str, unit: Unit) -> Iterator[Problem]:
    n_inputs = len(unit.inputs)
    if n_inputs == 0:
        yield Problem(place, "has no input")
        return
    for shape in unit.inputs:
        yield from _check_shape(place, shape)
    for value, node in enumerate(unit.nodes, start=n_inputs):
        if len(node.inputs) != node.op.INPUTS:
            yield Problem(
                _here(place, unit, value), f"takes {node.op.INPUTS} inputs; {len(node.inputs)} are wired to it"
            )
            return
        later = [source for source in node.inputs if not 0 <= source < value]
        if later:
            yield Problem(
                _here(place, unit, value), f"takes value {later[0]}; only 0 to {value - 1} are computed before it"
            )
            return
        try:
            shape = node.op.infer(*unit.input_shapes(node))
        except ShapeError as error:
            yield Problem(_here(place, unit, value), error.message)
            return
        if shape != node.shape:
            yield Problem(_here(place, unit, value), f"gives {shape}; {node.shape} is noted")
            return
        if min(shape.dims) < 1:
            yield from _check_shape(_here(place, unit, value), shape)
    if not 0 <= unit.output < n_inputs + len(unit.nodes):
        yield Problem(place, f"its output is value {unit.output}; its values are 0 to {n_inputs + len(unit.nodes) - 1}")


def _check_parts(place: str, unit: Unit) -> Iterator[Problem]:
    n_inputs = len(unit.inputs)
    used, links = _used(unit), frozenset(unit.links)
    for value, node in enumerate(unit.nodes, start=n_inputs):
        if value not in used:
            yield Problem(_here(place, unit, value), "nothing uses what it computes")
        if (node.part == "chain") == unit.is_block:
            yield Problem(
                _here(place, unit, value),
                f"stands in the part `{node.part}` of a {'block' if unit.is_block else 'chain'}",
            )
        if node.part == "link" and not _belongs(node.group, links):
            yield Problem(_here(place, unit, value), f"belongs to the link `{node.group}`, which does not end here")
    if sum(node.part == "survive" for node in unit.nodes) > 1:
        yield Problem(place, "its residual branch may be dropped in more than one place")
    if not len(unit.links) == len(unit.link_kinds) == n_inputs - 1:
        found = f"{len(unit.links)} links of {len(unit.link_kinds)} kinds"
        yield Problem(place, f"{found} end here; {n_inputs - 1} inputs come after x")
    if unit.links and not unit.is_block:
        yield Problem(place, "a link ends here, and it is not a block")


def _here(place: str, unit: Unit, value: int) -> str:
    """Names a node; its text is dear, and wanted only when something is wrong."""
    number = value - len(unit.inputs)
    return f"{place}, node {number + 1} ({unit.nodes[number].op})"


def _used(unit: Unit) -> set[int]:
    """The values from which the output is computed, the output included."""
    used = {unit.output}
    for value in range(len(unit.inputs) + len(unit.nodes) - 1, len(unit.inputs) - 1, -1):
        if value in used:
            used.update(unit.nodes[value - len(unit.inputs)].inputs)
    return used


def _belongs(group: str, links: frozenset[str]) -> bool:
    """Whether a group is one of the links itself, or a composite layer inside its equation."""
    return group in links or any(group[:at] in links for at, sign in enumerate(group) if sign == "_")


def _check_shape(place: str, shape: Shape) -> Iterator[Problem]:
    if min(shape.dims) < 1:
        yield Problem(place, f"the shape {shape} has a size below 1")


# ---------------------------------------------------------------- spine


def _check_spine(graph: Graph) -> Iterator[Problem]:
    if not graph.steps:
        yield Problem("the graph", "has no step")
    for position, step in enumerate(graph.steps):
        here = _place(position, step)
        if step.inputs and step.inputs[0] != position:
            yield Problem(here, f"its x is value {step.inputs[0]}; what comes before it is value {position}")
        elif len(step.inputs) != len(step.unit.inputs):
            yield Problem(here, f"has {len(step.inputs)} inputs; its unit takes {len(step.unit.inputs)}")
        elif any(not 0 <= value <= position for value in step.inputs):
            values = ", ".join(map(str, step.inputs))
            yield Problem(here, f"takes the values {values}; only 0 to {position} are computed before it")
        else:
            for value, wanted in zip(step.inputs, step.unit.inputs, strict=True):
                if graph.shape_of(value) != wanted:
                    yield Problem(here, f"value {value} is {graph.shape_of(value)}; its unit takes {wanted}")


def _place(position: int, step: Step) -> str:
    return f"step {position + 1} ({step.section}[{step.place}])"


def _check_sections(graph: Graph) -> Iterator[Problem]:
    labels: set[str] = set()
    covered = 0
    for section in graph.sections:
        here = f"section `{section.label}`"
        if section.label in labels:
            yield Problem(here, "two sections have this label")
        labels.add(section.label)
        if section.first != covered or not section.first <= section.last < len(graph.steps):
            span = f"{section.first + 1} to {section.last + 1}"
            yield Problem(here, f"holds steps {span}; the next step without a section is {covered + 1}")
            return
        if section.kind != "stage" and section.n_steps != 1:
            yield Problem(here, f"a chain of layers is one step; it has {section.n_steps}")
        for position in range(section.first, section.last + 1):
            yield from _check_step(section, position, graph.steps[position])
        covered = section.last + 1
    if covered != len(graph.steps):
        yield Problem("the sections", f"hold {covered} steps of {len(graph.steps)}")


def _check_step(section: Section, position: int, step: Step) -> Iterator[Problem]:
    here = _place(position, step)
    place = position - section.first + 1
    if (step.section, step.place) != (section.label, place):
        yield Problem(here, f"is number {place} of section `{section.label}`")
    if step.unit.is_block != (section.kind == "stage"):
        yield Problem(here, f"is a {'block' if step.unit.is_block else 'chain'} in a section of kind `{section.kind}`")


# ---------------------------------------------------------------- links, survival, taps


def _check_links(graph: Graph) -> Iterator[Problem]:
    open_links: list[Link] = []
    for link in sorted(graph.links, key=lambda link: (link.first, -link.last, link.level)):
        here = f"link `{link.name}` over steps {link.first + 1} to {link.last + 1}"
        if not 0 <= link.first <= link.last < len(graph.steps):
            yield Problem(here, f"there are {len(graph.steps)} steps")
            return
        while open_links and open_links[-1].last < link.first:
            open_links.pop()
        if open_links and link.last > open_links[-1].last:
            yield Problem(here, f"crosses link `{open_links[-1].name}`, which ends at step {open_links[-1].last + 1}")
        open_links.append(link)
        if link.level != len(open_links):
            yield Problem(here, f"has level {link.level}; {len(open_links) - 1} links go around it")
        if link.source != link.first:
            yield Problem(here, f"takes value {link.source}; value {link.first} enters its first step")
    if list(graph.links) != sorted(graph.links, key=lambda link: (link.level, link.first)):
        yield Problem("the links", "stand in another order than outer before inner, then by their first step")
    for position, step in enumerate(graph.steps):
        wanted = tuple((link.name, link.kind, link.source) for link in graph.links_into(position))
        found = tuple(zip(step.unit.links, step.unit.link_kinds, step.inputs[1:], strict=True))
        if found != wanted:
            message = f"the links {_names(found)} end in its unit; {_names(wanted)} end at it"
            yield Problem(_place(position, step), message)


def _names(links: tuple[tuple[str, str, int], ...]) -> str:
    return ", ".join(f"`{name}` ({kind}) from value {source}" for name, kind, source in links) or "(none)"


def _check_survival(graph: Graph) -> Iterator[Problem]:
    droppable = {unit: is_droppable(unit) for unit in graph.units}
    for number, unit in enumerate(graph.units, start=1):
        yield from _check_drop(f"unit {number} ({unit.definition})", unit) if droppable[unit] else ()
    for position, step in enumerate(graph.steps):
        if step.survival is not None and not 0 < step.survival <= 1:
            yield Problem(_place(position, step), f"survives with probability {step.survival}, outside (0, 1]")
        if step.survival is None and droppable[step.unit]:
            yield Problem(_place(position, step), "its residual branch may be dropped, with no probability")
        if step.survival is not None and not droppable[step.unit]:
            yield Problem(_place(position, step), "has a survival probability, and nothing of it may be dropped")
    if graph.survival is None and any(droppable.values()):
        yield Problem("the graph", "has blocks that may be dropped, and does not say how")
    if graph.survival is not None and not any(droppable.values()):
        yield Problem("the graph", "says how blocks are dropped, and has none that may be")


def _check_drop(place: str, unit: Unit) -> Iterator[Problem]:
    try:
        left, _ = drop_residual(unit)
    except ValueError as error:
        yield Problem(place, str(error))
        return
    if is_droppable(left):
        yield Problem(place, "a layer makes something else than zero of a dropped residual branch")


def _check_taps(graph: Graph) -> Iterator[Problem]:
    labels = {section.label for section in graph.sections}
    for tap in graph.taps:
        if tap not in labels:
            yield Problem(f"tap `{tap}`", "no section has this label")
    if len(set(graph.taps)) != len(graph.taps):
        yield Problem("the taps", f"a section is named twice: {', '.join(graph.taps)}")
