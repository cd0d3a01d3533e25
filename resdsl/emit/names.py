"""What each layer's module is called: a naming scheme applied to the roles of layers in a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from resdsl.diagnostics import Code, Diagnostic, ResError, nearest
from resdsl.emit.attributes import check_names, free_attribute
from resdsl.emit.schemes import NATIVE, SCHEMES, Role, Rule, Scheme
from resdsl.ir.graph import Graph, Section
from resdsl.ir.unit import Node, Part, Unit
from resdsl.ops.base import TensorSpec
from resdsl.source import Span


@dataclass(frozen=True, slots=True)
class StepNames:
    """Where the modules of one step stand.

    Attributes:
        path: the step's own module, from the network (`layer1.0`); empty where its layers stand at the network's top.
        nodes: by the node's number in its unit, the name of each layer that torch makes as a module, inside `path`; one
            that begins with `/` stands at the network's top, and has the path in it where it says `{path}`.
    """

    path: str
    nodes: Mapping[int, str]

    def key(self, number: int) -> str:
        """The whole path of a layer's module: `layer1.0.conv1`."""
        name = self.nodes[number]
        if name.startswith("/"):
            return name[1:].replace("{path}", self.path)
        return ".".join(part for part in (self.path, name) if part)


def module_names(graph: Graph, scheme: str) -> tuple[StepNames, ...]:
    """The names of every step's modules, in the order of the steps; equal steps share one mapping of nodes.

    Raises:
        ResError: where there is no such scheme, or it has no name for a part of this network.
    """
    steps, problems = name_modules(graph, resolve_scheme(graph, scheme))
    if problems:
        raise ResError(problems)
    return steps


def name_modules(graph: Graph, scheme: str) -> tuple[tuple[StepNames, ...], tuple[Diagnostic, ...]]:
    """The names as far as the scheme has any, and what it has none for.

    Raises:
        ResError: where there is no such scheme.
    """
    check_names(graph)
    names = _NetworkNames(graph, scheme, _scheme(graph, scheme))
    return tuple(names.steps()), tuple(names.problems.values())


def resolve_scheme(graph: Graph, name: str) -> str:
    """The scheme that a name means for a network: a library's name stands for all that it has.

    That is the first of them that names every part; where none does, the one that lacks least.
    """
    family = [scheme for scheme in SCHEMES if scheme == name or scheme.startswith(f"{name}_")]
    lacks: dict[str, int] = {}
    for scheme in family if len(family) > 1 else ():
        lacks[scheme] = len(name_modules(graph, scheme)[1])
        if lacks[scheme] == 0:
            return scheme
    return min(lacks, key=lambda scheme: lacks[scheme]) if lacks else name


def module_order(unit: Unit) -> tuple[int, ...]:
    """The nodes that torch makes as modules, in the order in which the emitted class makes them.

    The main path up to the junction first, as torchvision has it, then the shortcut, links, and what stands after.
    """
    numbers = (number for number, node in enumerate(unit.nodes) if is_module(unit, node))
    return tuple(sorted(numbers, key=lambda number: _ORDER[unit.nodes[number].part]))


def is_module(unit: Unit, node: Node) -> bool:
    """Whether torch makes the layer once, as a module, rather than computing it by a function or an expression."""
    return node.part != "survive" and node.op.torch_call(*unit.input_shapes(node)).form == "module"


def tensor_names(unit: Unit, number: int) -> tuple[str, ...]:
    """The names of a layer's tensors inside its module, in the order of the state dict: trained ones, then buffers."""
    return tuple(tensor.name for tensor in layer_tensors(unit, number))


def layer_tensors(unit: Unit, number: int) -> tuple[TensorSpec, ...]:
    """A layer's tensors, in the order of the state dict: trained ones, then buffers."""
    node = unit.nodes[number]
    shapes = unit.input_shapes(node)
    return (*node.op.parameters(*shapes), *node.op.buffers(*shapes))


def _scheme(graph: Graph, name: str) -> Scheme:
    if name in SCHEMES:
        return SCHEMES[name]
    near = nearest(name, SCHEMES)
    help = f"did you mean `{near}`?" if near else f"the schemes are {', '.join(f'`{known}`' for known in SCHEMES)}"
    raise ResError([Diagnostic(Code.KEYS_SCHEME, f"there is no naming scheme `{name}`", graph.span, help=help)])


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a unit is used, as far as the names of its layers depend on it.

    Attributes:
        kind: of its section.
        stage: the number of the stage, 0 where no name can tell it.
        section: of a chain, the number among its kind.
        layer: of a chain, how many layers and stages of the network stand before it.
        levels: those of its links.
    """

    kind: str
    stage: int
    section: int
    layer: int
    levels: tuple[int, ...]


class _NetworkNames:
    """Applies one scheme to one graph, and collects the parts that it has no name for."""

    def __init__(self, graph: Graph, name: str, scheme: Scheme) -> None:
        self.graph = graph
        self.name = name
        self.scheme = scheme
        self.problems: dict[str, Diagnostic] = {}
        self._shared: dict[tuple[Unit, _Place], Mapping[int, str]] = {}
        self._levels = {(link.name, link.last): link.level for link in graph.links}
        self._pools = any(node.part == "shortcut" and _is_pool(node) for unit in graph.units for node in unit.nodes)
        self._taken: set[str] = set()
        self._longest = max((section.n_steps for section in graph.stages()), default=0)

    def steps(self) -> Iterator[StepNames]:
        """The names of each step, in order."""
        counts: Counter[str] = Counter()
        layer = 0
        for section in self.graph.sections:
            counts[section.kind] += 1
            path = self._section_path(section, counts, layer)
            for position in range(section.first, section.last + 1):
                unit = self.graph.steps[position].unit
                if path is None:
                    yield StepNames("", {})
                    continue
                levels = tuple(self._levels.get((link, position), 0) for link in unit.links)
                stage = counts["stage"] if unit.links else 0
                chain = (counts[section.kind], layer) if section.kind != "stage" else (0, 0)
                place = _Place(section.kind, stage, *chain, levels)
                if (unit, place) not in self._shared:
                    self._shared[unit, place] = self._name_unit(unit, place)
                is_block = section.kind == "stage"
                where = self._block_path(path, section, position, counts["stage"]) if is_block else path
                yield StepNames(where, self._shared[unit, place])
            layer += 1 if section.kind == "stage" else sum(len(unit.nodes) for unit in self._units(section))

    def _units(self, section: Section) -> Iterator[Unit]:
        return (self.graph.steps[position].unit for position in range(section.first, section.last + 1))

    def _section_path(self, section: Section, counts: Mapping[str, int], layer: int) -> str | None:
        template = self.scheme.sections.get(section.kind)
        if template is None:
            if any(tensor_names(unit, number) for unit in self._units(section) for number in module_order(unit)):
                what = "the stage" if section.kind == "stage" else "the layers"
                self._report(f"{what} `{section.label}`", section.span)
            return None
        if "{label}" not in template:
            stage = counts.get("stage", 0)
            return template.format(
                stage=stage, stage0=stage - 1, res=stage + 1, section=counts[section.kind], layer=layer
            )
        attribute = free_attribute(section.label, self._taken)
        self._taken.add(attribute)
        return attribute

    def _block_path(self, path: str, section: Section, position: int, stage: int) -> str:
        index = position - section.first
        is_long = self._longest > _LONGEST_LETTERED and section.n_steps > _ALWAYS_LETTERED
        numbered = f"b{index}" if is_long and index else _letter(index)
        block = self.scheme.block.format(
            index=index, place=index + 1, letter=_letter(index), numbered=numbered, stage=stage
        )
        return f"{path}{block[1:]}" if block.startswith("+") else f"{path}.{block}"

    def _name_unit(self, unit: Unit, place: _Place) -> Mapping[int, str]:
        names: dict[int, str] = {}
        taken: set[str] = set()
        before = _places(unit)
        for scope in _scopes(unit):
            stateful = [number for number in scope if tensor_names(unit, number)]
            labels = tuple(_label(unit.nodes[number]) for number in stateful)
            counts = Counter(_label(unit.nodes[number]) for number in scope)
            seen: Counter[str] = Counter()
            for number in scope:
                node = unit.nodes[number]
                label = _label(node)
                seen[label] += 1
                scheme = self.scheme if number in stateful else NATIVE  # a layer without state needs no scheme's name
                rule = _rule(scheme, self._role(unit, node, place))
                template = _template(rule, labels, stateful.index(number) if number in stateful else -1, label)
                if template is None:
                    self._report(f"`{node.op}` in {_where(node, unit)}", node.span)
                    continue
                name = template.format(
                    op=label,
                    n=seen[label] if counts[label] > 1 else "",
                    number=seen[label],
                    letter=_letter(seen[label] - 1),
                    place=before[number],
                    group=node.group,
                    stage=place.stage,
                    section=place.section,
                    layer=place.layer + before[number],
                )
                names[number] = free_attribute(name, taken) if scheme.is_emitted and name.isidentifier() else name
                taken.add(names[number])
        return names

    def _role(self, unit: Unit, node: Node, place: _Place) -> Role:
        match node.part:
            case "chain" if not node.group:
                if place.kind == "stem":
                    return "pooled stem" if any(map(_is_pool, unit.nodes)) else "stem"
                return "head" if place.kind == "head" else "layers"
            case "chain" | "before" | "residual" | "survive" | "after":
                return "composite" if node.group or node.part in ("chain", "survive") else node.part
            case "shortcut":
                return "pooled shortcut" if self._pools else "shortcut"
            case "link":
                return _LINK_ROLES.get(place.levels[unit.links.index(link_of(node, unit))], "link")

    def _report(self, what: str, span: Span | None) -> None:
        """Notes that a part has no name; once for each part that reads the same."""
        message = f"the naming scheme `{self.name}` has no name for {what}"
        help = "`keys native` names every part"
        self.problems.setdefault(what, Diagnostic(Code.KEYS_SCHEME, message, span or self.graph.span, help=help))


def link_of(node: Node, unit: Unit) -> str:
    """The link that a node of the part `link` belongs to; the node's group is its name, or begins with it."""
    return max((link for link in unit.links if f"{node.group}_".startswith(f"{link}_")), key=len)


def _scopes(unit: Unit) -> Iterator[tuple[int, ...]]:
    """The modules of a unit, in sets that are numbered each by itself: main path, composite layers, shortcut, links."""
    scopes: dict[tuple[str, str], list[int]] = {}
    for number in module_order(unit):
        node = unit.nodes[number]
        scope = (node.part, "") if node.part == "shortcut" else ("link" if node.part == "link" else "main", node.group)
        scopes.setdefault(scope, []).append(number)
    return (tuple(scope) for scope in scopes.values())


def _places(unit: Unit) -> tuple[int, ...]:
    """For each node, how many of its part stand before it."""
    seen: Counter[Part] = Counter()
    places: list[int] = []
    for node in unit.nodes:
        places.append(seen[node.part])
        seen[node.part] += 1
    return tuple(places)


def _letter(index: int) -> str:
    """The letter for a number from 0: a, b, …; numbers from 27 on, where letters end."""
    return chr(ord("a") + index) if index < _N_LETTERS else str(index + 1)


def _label(node: Node) -> str:
    """The layer's label; in a shortcut's equation, with the composite layer that it stands in."""
    return f"{node.group}_{node.op.LABEL}" if node.part == "shortcut" and node.group else node.op.LABEL


def _rule(scheme: Scheme, role: Role) -> Rule:
    """The role's own rule, else that of its kind: of `link` for `link 1`, of `stem` for `pooled stem`."""
    return scheme.roles[role] if role in scheme.roles else scheme.roles.get(_PLAIN_ROLES.get(role, role), {})


def _template(rule: Rule, labels: tuple[str, ...], place: int, label: str) -> str | None:
    """The template of a name: by the sequence of all labels of the scope and the place in it, else by the label."""
    if place >= 0 and isinstance(names := rule.get(labels), tuple):
        return names[place]
    found = rule.get(label, rule.get("*"))
    return found if isinstance(found, str) else None


def _where(node: Node, unit: Unit) -> str:
    """The part of a unit, in words: `the shortcut of `basic``."""
    match node.part:
        case "chain":
            return f"`{unit.definition}`"
        case "link":
            return f"the link `{link_of(node, unit)}`"
        case part:
            return (
                f"`{node.group}` in the {part} of `{unit.definition}`"
                if node.group
                else f"the {part} of `{unit.definition}`"
            )


def _is_pool(node: Node) -> bool:
    """Whether the layer is a pooling: it has a window wider than a pixel or sees everything, and no weights."""
    return node.op.LABEL == "pool"


_ORDER: Mapping[Part, int] = {
    "chain": 0,
    "before": 0,
    "residual": 0,
    "survive": 0,
    "shortcut": 1,
    "link": 2,
    "after": 3,
}
_N_LETTERS = 26
_LONGEST_LETTERED = 6  # ResNet-50 letters its stages of up to 6 blocks; ResNet-101 and 152 number those above 3
_ALWAYS_LETTERED = 3
_LINK_ROLES: Mapping[int, Role] = {1: "link 1", 2: "link 2"}
_PLAIN_ROLES: Mapping[Role, Role] = {
    "pooled stem": "stem",
    "pooled shortcut": "shortcut",
    "link 1": "link",
    "link 2": "link",
}
