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
from resdsl.source import Span


@dataclass(frozen=True, slots=True)
class StepNames:
    """Where the modules of one step stand.

    Attributes:
        path: the step's own module, from the network (`layer1.0`); empty where its layers stand at the network's top.
        nodes: by the node's number in its unit, the name of each layer that torch makes as a module, inside `path`; one
            that begins with `/` stands at the network's top.
    """

    path: str
    nodes: Mapping[int, str]

    def key(self, number: int) -> str:
        """The whole path of a layer's module: `layer1.0.conv1`."""
        name = self.nodes[number]
        return name[1:] if name.startswith("/") else ".".join(part for part in (self.path, name) if part)


def module_names(graph: Graph, scheme: str) -> tuple[StepNames, ...]:
    """The names of every step's modules, in the order of the steps; equal steps share one mapping of nodes.

    Raises:
        ResError: where there is no such scheme, or it has no name for a part of this network.
    """
    check_names(graph)
    names = _NetworkNames(graph, scheme, _scheme(graph, scheme))
    steps = tuple(names.steps())
    if names.problems:
        raise ResError(names.problems.values())
    return steps


def key_map(graph: Graph, frm: str = "native", to: str = "torchvision") -> dict[str, str]:
    """For each key of the state dict under scheme `frm`, the key of the same tensor under scheme `to`.

    Raises:
        ResError: where a scheme does not exist, or has no name for a part of this network.
    """
    return dict(zip(state_keys(graph, frm), state_keys(graph, to), strict=True))


def state_keys(graph: Graph, scheme: str) -> Iterator[str]:
    """The keys of the state dict under a scheme, in the order of the emitted module's own state dict.

    Raises:
        ResError: where there is no such scheme, or it has no name for a part of this network.
    """
    for step, names in zip(graph.steps, module_names(graph, scheme), strict=True):
        for number in module_order(step.unit):
            key = names.key(number)
            for tensor in tensor_names(step.unit, number):
                yield f"{key}.{tensor}"


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
    node = unit.nodes[number]
    shapes = unit.input_shapes(node)
    return tuple(tensor.name for tensor in (*node.op.parameters(*shapes), *node.op.buffers(*shapes)))


def _scheme(graph: Graph, name: str) -> Scheme:
    if name in SCHEMES:
        return SCHEMES[name]
    near = nearest(name, SCHEMES)
    help = f"did you mean `{near}`?" if near else f"the schemes are {', '.join(f'`{known}`' for known in SCHEMES)}"
    raise ResError([Diagnostic(Code.KEYS_SCHEME, f"there is no naming scheme `{name}`", graph.span, help=help)])


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a unit is used, as far as names depend on it: its section's kind, the stage's number, its links' levels."""

    section: str
    stage: int
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

    def steps(self) -> Iterator[StepNames]:
        """The names of each step, in order."""
        stage = 0
        for section in self.graph.sections:
            stage += section.kind == "stage"
            path = self._section_path(section, stage)
            for position in range(section.first, section.last + 1):
                unit = self.graph.steps[position].unit
                levels = tuple(self._levels.get((link, position), 0) for link in unit.links)
                place = _Place(section.kind, stage if unit.links else 0, levels)
                if (unit, place) not in self._shared:
                    self._shared[unit, place] = self._name_unit(unit, place)
                index = position - section.first
                block = self.scheme.block.format(index=index, place=index + 1)
                yield StepNames(f"{path}.{block}" if section.kind == "stage" else path, self._shared[unit, place])

    def _section_path(self, section: Section, stage: int) -> str:
        template = self.scheme.sections.get(section.kind)
        if template is None:
            self._report(f"the layers `{section.label}`", section.span)
            return ""
        if "{label}" not in template:
            return template.format(stage=stage)
        attribute = free_attribute(section.label, self._taken)
        self._taken.add(attribute)
        return attribute

    def _name_unit(self, unit: Unit, place: _Place) -> Mapping[int, str]:
        names: dict[int, str] = {}
        taken: set[str] = set()
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
                count = seen[label] if counts[label] > 1 else ""
                name = template.format(op=label, n=count, number=seen[label], group=node.group, stage=place.stage)
                names[number] = name if "." in name or not name else free_attribute(name, taken)
                taken.add(names[number])
        return names

    def _role(self, unit: Unit, node: Node, place: _Place) -> Role:
        match node.part:
            case "chain" if not node.group:
                if place.section == "stem":
                    return "pooled stem" if any(map(_is_pool, unit.nodes)) else "stem"
                return "head" if place.section == "head" else "layers"
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


def _label(node: Node) -> str:
    """The layer's label; in a shortcut's equation, with the composite layer that it stands in."""
    return f"{node.group}_{node.op.LABEL}" if node.part == "shortcut" and node.group else node.op.LABEL


def _rule(scheme: Scheme, role: Role) -> Rule:
    """The role's own rule, else that of its kind: of `link` for `link 1`, of `stem` for `pooled stem`."""
    return scheme.roles.get(role) or scheme.roles.get(_PLAIN_ROLES.get(role, role), {})


def _template(rule: Rule, labels: tuple[str, ...], place: int, label: str) -> str | None:
    """The template of a name: by the label, or by the sequence of all labels of the scope and the place in it."""
    by_label = {key: name for key, name in rule.items() if isinstance(key, str) and isinstance(name, str)}
    by_sequence = {key: names for key, names in rule.items() if isinstance(key, tuple) and isinstance(names, tuple)}
    if labels in by_sequence and place >= 0:
        return by_sequence[labels][place]
    return by_label.get(label, by_label.get("*"))


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
_LINK_ROLES: Mapping[int, Role] = {1: "link 1", 2: "link 2"}
_PLAIN_ROLES: Mapping[Role, Role] = {
    "pooled stem": "stem",
    "pooled shortcut": "shortcut",
    "link 1": "link",
    "link 2": "link",
}
