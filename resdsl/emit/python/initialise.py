"""Writes the weight initialisation that a network's `init` rules ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from resdsl.diagnostics import Code, Diagnostic, ResError, nearest
from resdsl.emit.names import is_module, tensor_names
from resdsl.emit.python.text import BODY, INDENT, broken
from resdsl.ir.graph import Graph, InitRule
from resdsl.ir.unit import Unit


@dataclass(frozen=True, slots=True)
class Rule:
    """One initialisation.

    Attributes:
        conv: the statement for a convolution's weight, over `{0}`, `{1}` (the rule's numbers); empty to leave it.
        linear: the same for a linear layer's.
        zero_biases: which biases start from zero; those to which the `.res` text gives a number keep that.
        zero_residual: whether the last layer of each residual branch starts from zero, so that f is zero at first.
        n_arguments: how many numbers the rule takes.
        about: where it comes from.
    """

    conv: str = ""
    linear: str = ""
    zero_biases: tuple[str, ...] = ()
    zero_residual: bool = False
    n_arguments: int = 0
    about: str = ""


INIT_RULES: Mapping[str, Rule] = {
    "he_fan_out": Rule(
        conv='nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")',
        zero_biases=("conv", "linear"),
        about="N(0, 2 / (k² n_out)): He et al. 2015, as in fb.resnet.torch",
    ),
    "he_fan_in": Rule(
        conv='nn.init.kaiming_normal_(module.weight, nonlinearity="relu")',
        zero_biases=("conv", "linear"),
        about="N(0, 2 / (k² n_in)): He et al. 2015; He et al. 2016b; wide-residual-networks",
    ),
    "xavier": Rule(
        conv="nn.init.xavier_uniform_(module.weight)",
        linear="nn.init.xavier_uniform_(module.weight)",
        zero_biases=("conv", "linear"),
        about="Glorot and Bengio 2010",
    ),
    "normal": Rule(
        conv="nn.init.normal_(module.weight, std={0})",
        linear="nn.init.normal_(module.weight, std={0})",
        zero_biases=("conv", "linear"),
        n_arguments=1,
        about="N(0, std²) for every convolution and linear layer",
    ),
    "linear_normal": Rule(
        linear="nn.init.normal_(module.weight, std={0})",
        zero_biases=("linear",),
        n_arguments=1,
        about="N(0, std²) for linear layers: 0.01 in Goyal et al. 2017",
    ),
    "linear_zero_bias": Rule(zero_biases=("linear",), about="linear layers' biases from zero: fb.resnet.torch"),
    "zero_residual": Rule(zero_residual=True, about="f = 0 at first: Goyal et al. 2017, §5.1"),
    "torch": Rule(about="what torch does by itself"),
}
"""Every rule by its name in `init …`; without one, torch's own initialisation stands."""


def check_init(graph: Graph) -> None:
    """Raises ResError where a rule does not exist, or takes another number of arguments."""
    problems = [problem for rule in graph.init if (problem := _problem(rule, graph)) is not None]
    if problems:
        raise ResError(problems)


@dataclass(frozen=True, slots=True)
class Constant:
    """A tensor that starts from a constant: of which unit's which layer, and the number."""

    unit: Unit
    node: int
    tensor: str
    value: float


def write_init(graph: Graph, paths: Mapping[Unit, Mapping[int, str]], classes: Mapping[Unit, str]) -> list[str]:
    """The statements at the end of the network's `__init__`: rules first, then what layers ask for themselves.

    Args:
        graph: the network.
        paths: the place of each layer's module in its unit's class: `conv1`, `downsample[0]`.
        classes: the class of each unit that has one; the layers of others are the network's own.
    """
    rules = [(INIT_RULES[rule.name], [repr(number) for number in rule.arguments]) for rule in graph.init]
    lines = list(_write_rules(graph, rules))
    owners: dict[tuple[str, str], list[str]] = {}  # of each filling, the classes that have it; "" is the network
    for constant in _constants(graph, rules):
        fill = "nn.init.zeros_({})" if constant.value == 0 else f"nn.init.constant_({{}}, {constant.value!r})"
        owner = classes.get(constant.unit, "")
        of = owners.setdefault((fill, f"{paths[constant.unit][constant.node]}.{constant.tensor}"), [])
        if owner not in of:
            of.append(owner)
    loops: dict[tuple[str, ...], list[str]] = {}
    for (fill, place), of in owners.items():
        if "" in of:
            lines.append(BODY + fill.format(f"self.{place}"))
        if any(of):
            loops.setdefault(tuple(name for name in of if name), []).append(fill.format(f"module.{place}"))
    if loops:
        lines.append(f"{BODY}for module in self.modules():")
    for of, fills in loops.items():
        opening, closing = ("if isinstance(module, (", ")):") if len(of) > 1 else ("if isinstance(module, ", "):")
        lines += broken(opening, of, closing, BODY + INDENT)
        lines += [f"{BODY}{INDENT * 2}{fill}" for fill in fills]
    return lines


def _problem(rule: InitRule, graph: Graph) -> Diagnostic | None:
    known = INIT_RULES.get(rule.name)
    if known is None:
        near = nearest(rule.name, INIT_RULES)
        help = f"did you mean `{near}`?" if near else f"the rules are {', '.join(f'`{name}`' for name in INIT_RULES)}"
        return Diagnostic(Code.INIT_RULE, f"there is no weight initialisation `{rule.name}`", graph.span, help=help)
    if len(rule.arguments) != known.n_arguments:
        wanted = ("no number", "one number")[known.n_arguments]
        return Diagnostic(Code.INIT_RULE, f"`{rule.name}` takes {wanted}; {len(rule.arguments)} are given", graph.span)
    return None


def _write_rules(graph: Graph, rules: Sequence[tuple[Rule, list[str]]]) -> Iterator[str]:
    """The loop over all modules that fills weights and biases by kind of layer; where rules differ, the last holds."""
    branches: list[tuple[str, list[str]]] = []
    for kind in _TARGETS:
        layers = list(_layers(graph, kind))
        statements = [text.format(*numbers) for rule, numbers in rules if (text := getattr(rule, kind))]
        body = statements[-1:]
        if _zeroes_all_biases(graph, kind, rules):
            zero = "nn.init.zeros_(module.bias)"
            all_have_bias = all("bias" in tensor_names(unit, number) for unit, number in layers)
            body += [zero] if all_have_bias else ["if module.bias is not None:", f"{INDENT}{zero}"]
        if layers and body:
            branches.append((_one_of(list(dict.fromkeys(_target(unit, number) for unit, number in layers))), body))
    for number, (classes, body) in enumerate(branches):
        if number == 0:
            yield f"{BODY}for module in self.modules():"
        yield f"{BODY}{INDENT}{'elif' if number else 'if'} isinstance(module, {classes}):"
        yield from (f"{BODY}{INDENT * 2}{line}" for line in body)


def _zeroes_all_biases(graph: Graph, kind: str, rules: Sequence[tuple[Rule, list[str]]]) -> bool:
    """Whether the loop over all modules zeroes the biases of a kind.

    It does where a rule asks for it and some bias has no number of its own, and where biases are to start from zero and
    there is none that torch's own initialisation must keep.
    """
    numbers = [
        dict(unit.nodes[number].op.initial()).get("bias")
        for unit, number in _layers(graph, kind)
        if "bias" in tensor_names(unit, number)
    ]
    by_rule = any(kind in rule.zero_biases for rule, _ in rules)
    return (by_rule or None not in numbers) and (0.0 in numbers or (by_rule and None in numbers))


def _layers(graph: Graph, kind: str) -> Iterator[tuple[Unit, int]]:
    """The convolutions, or the linear layers, of the distinct units."""
    for unit in graph.units:
        for number, node in enumerate(unit.nodes):
            if node.part != "survive" and _target(unit, number) in _TARGETS[kind]:
                yield unit, number


def _target(unit: Unit, number: int) -> str:
    node = unit.nodes[number]
    return node.op.torch_call(*unit.input_shapes(node)).target


def _constants(graph: Graph, rules: Sequence[tuple[Rule, list[str]]]) -> Iterator[Constant]:
    """The tensors that start from constants: ends of residual branches, then those that have a number in the text."""
    zeroed = {kind for kind in _TARGETS if _zeroes_all_biases(graph, kind, rules)}
    done = {(unit, number) for kind in zeroed for unit, number in _layers(graph, kind)}
    for unit in graph.units:
        if any(rule.zero_residual for rule, _ in rules):
            yield from _residual_end(unit)
        for number, node in enumerate(unit.nodes):
            for tensor, value in node.op.initial():
                if value or tensor != "bias" or (unit, number) not in done:
                    yield Constant(unit, number, tensor, value)


def _residual_end(unit: Unit) -> Iterator[Constant]:
    """The last layer with weights on the residual branch: a norm's scale, or a convolution.

    The layers of a composite layer, such as a gate on f, do not count where f itself has others.
    """
    weighted = [
        number
        for number, node in enumerate(unit.nodes)
        if node.part == "residual" and is_module(unit, node) and "weight" in tensor_names(unit, number)
    ]
    plain = [number for number in weighted if not unit.nodes[number].group]
    for number in (plain or weighted)[-1:]:
        tensors = ("weight", "bias") if unit.nodes[number].op.is_weighted() else ("weight",)  # a norm's bias is zero
        yield from (Constant(unit, number, name, 0.0) for name in tensors if name in tensor_names(unit, number))


def _one_of(classes: Sequence[str]) -> str:
    """What `isinstance` takes: one class, or several in parentheses."""
    return classes[0] if len(classes) == 1 else f"({', '.join(classes)})"


_TARGETS: Mapping[str, tuple[str, ...]] = {"conv": ("nn.Conv1d", "nn.Conv2d", "nn.Conv3d"), "linear": ("nn.Linear",)}
