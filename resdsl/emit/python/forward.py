"""Writes the computation of a unit as statements, the way a person would break and name them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from resdsl.emit.python.members import Member
from resdsl.emit.python.text import BODY, INDENT, WIDTH, call, call_arguments, shape_comment
from resdsl.ir.unit import Part, Unit
from resdsl.ops.base import TorchCall
from resdsl.shape import Shape

ATOM = 4
"""The precedence of names, calls and literals; sums have 1, products 2, signs 3."""


@dataclass(frozen=True, slots=True)
class Expression:
    """Python source of a value, and how tightly it binds."""

    text: str
    precedence: int = ATOM


@dataclass(frozen=True, slots=True)
class Operation:
    """One call or formula of the computation: a layer, or the layers of an `nn.Sequential`.

    Attributes:
        value: what it computes, by its number in the unit.
        inputs: the values it takes.
        call: the torch call; for modules, the target is what `forward` calls.
        is_weighted: whether it holds a convolution or linear layer.
        shape: what leaves it.
        part: where in the block it stands.
        group: the composite layer or link it belongs to.
        commutes: whether its two operands may change places.
    """

    value: int
    inputs: tuple[int, ...]
    call: TorchCall
    is_weighted: bool
    shape: Shape
    part: Part
    group: str
    commutes: bool = False

    @property
    def has_arguments(self) -> bool:
        """Whether more than values is written between its parentheses."""
        return bool(self.call.args or self.call.kwargs)

    def express(self, operands: Sequence[Expression]) -> Expression:
        """Its source, over those of its inputs."""
        if self.call.form == "expression":
            if self.commutes and operands[0].precedence > operands[1].precedence <= self.call.precedence:
                operands = operands[::-1]  # x + f + g rather than g + (x + f): the same to the last bit
            return Expression(_fill(self.call, operands), self.call.precedence)
        arguments = [] if self.call.form == "module" else call_arguments(self.call)
        return Expression(call(self.call.target, [*(operand.text for operand in operands), *arguments]))


@dataclass(frozen=True, slots=True)
class Inline:
    """What would stand inside a larger expression if a value were not given a name."""

    depth: int = 0
    n_weighted: int = 0
    has_arguments: bool = False


SCALE = TorchCall("expression", "scale * {0}", precedence=2)
SCALE_SAMPLES = TorchCall("expression", "scale.to({0}.dtype) * {0}", precedence=2)


def operations(unit: Unit, members: Sequence[Member], scale: TorchCall = SCALE) -> tuple[Operation, ...]:
    """The computation of a unit: its layers, those of one `nn.Sequential` as one; only what its output needs."""
    n_inputs = len(unit.inputs)
    last = {member.nodes[-1]: member for member in members}
    inner = {number for member in members for number in member.nodes[:-1]}
    found: list[Operation] = []
    for number, node in enumerate(unit.nodes):
        if number in inner:
            continue
        inputs, weighted = node.inputs, node.op.is_weighted()
        if node.part == "survive":
            torch_call = scale
        elif number in last:
            member = last[number]
            inputs = unit.nodes[member.nodes[0]].inputs
            weighted = any(unit.nodes[inside].op.is_weighted() for inside in member.nodes)
            torch_call = TorchCall("module", f"self.{member.path}")
        else:
            torch_call = node.op.torch_call(*unit.input_shapes(node))
        commutes = node.op.is_commutative()
        found.append(
            Operation(number + n_inputs, inputs, torch_call, weighted, node.shape, node.part, node.group, commutes)
        )
    return tuple(_needed(found, unit.output))


@dataclass(frozen=True, slots=True)
class Body:
    """A computation that is to be written as the body of a function.

    Attributes:
        computation: the operations, in order.
        output: the value that leaves.
        inputs: the variables that hold the unit's inputs, x first.
        result: the variable that the output is assigned to; empty where it is returned.
    """

    computation: Sequence[Operation]
    output: int
    inputs: Sequence[str]
    result: str = ""


def write_forward(body: Body) -> list[str]:
    """The statements of a body, each with the shape that it computes."""
    named = _values_to_name(body)
    while True:
        writer = _Writer(body, named)
        lines = list(writer.lines())
        if not writer.overlong:
            return lines
        named |= writer.overlong


def _needed(found: list[Operation], output: int) -> Iterator[Operation]:
    """Those of the operations that the output depends on."""
    needed = {output}
    for operation in reversed(found):
        if operation.value in needed:
            needed.update(operation.inputs)
    return (operation for operation in found if operation.value in needed)


def _fill(torch_call: TorchCall, operands: Sequence[Expression]) -> str:
    """A template with its operands in place, in parentheses where Python would otherwise read them otherwise.

    On the right of an operator of the same precedence there are parentheses too: floats are not associative.
    """
    template = torch_call.target

    def place(found: re.Match[str]) -> str:
        operand = operands[int(found[1])]
        before, after = template[: found.start()], template[found.end() :]
        if before.endswith(("(", ", ")) and after.startswith((")", ",")):
            return operand.text
        binds = (
            operand.precedence >= torch_call.precedence if not before else operand.precedence > torch_call.precedence
        )
        return operand.text if binds or operand.precedence == ATOM else f"({operand.text})"

    return re.sub(r"\{(\d+)\}", place, template)


def _values_to_name(body: Body) -> set[int]:
    """The values that get a variable of their own; the others stand inside the expression that takes them."""
    computation = body.computation
    producers = {operation.value: operation for operation in computation}
    uses = Counter(value for operation in computation for value in operation.inputs)
    uses[body.output] += 1
    named = {value for value, n_uses in uses.items() if n_uses > 1}
    path = [operation for operation in computation if operation.part in ("before", "residual")]
    weights_end_lines = bool(path) and path[-1].is_weighted
    inline: dict[int, Inline] = {}
    for operation in computation:
        parts: list[Inline] = []
        for value in operation.inputs:
            producer = producers.get(value)
            if producer is None or value in named:
                continue
            if _deserves_name(operation, producer, inline[value], weights_end_lines=weights_end_lines):
                named.add(value)
            else:
                parts.append(inline[value])
        inline[operation.value] = Inline(
            depth=1 + max((part.depth for part in parts), default=0),
            n_weighted=operation.is_weighted + sum(part.n_weighted for part in parts),
            has_arguments=operation.has_arguments or any(part.has_arguments for part in parts),
        )
    return named


def _deserves_name(taker: Operation, producer: Operation, inline: Inline, *, weights_end_lines: bool) -> bool:
    """Whether what the producer computes is named before the taker uses it.

    A line holds one convolution or linear layer: it begins with it in `conv -> bn -> relu`, and ends with it in
    `bn -> relu -> conv`.
    """
    if taker.part == "survive" or producer.part == "survive" or inline.depth >= _DEEPEST:
        return True
    if len(taker.inputs) > 1:
        is_residual = producer.part in ("before", "residual") and taker.part not in ("before", "residual")
        return (is_residual and inline.n_weighted > 0) or inline.n_weighted + inline.has_arguments > 1
    if taker.has_arguments or taker.call.form == "expression":
        return inline.n_weighted > 0 or (taker.has_arguments and inline.has_arguments)
    if weights_end_lines and producer.is_weighted and producer.part in ("before", "residual") and not producer.group:
        return True
    return taker.is_weighted and inline.n_weighted > 0


class _Writer:
    """Writes the statements for one choice of named values."""

    def __init__(self, body: Body, named: set[int]) -> None:
        self.body = body
        self.named = named
        self.producers = {operation.value: operation for operation in body.computation}
        self.statements = [op for op in body.computation if op.value in named or op.value == body.output]
        self.variables = dict(enumerate(body.inputs))
        self.uses = Counter(value for operation in body.computation for value in operation.inputs)
        self.last_use = self._last_uses()
        self.overlong: set[int] = set()
        """Values inside lines that are too long; named, they would make them shorter."""
        self._from_residual = _depending_on_residual(body.computation)

    def lines(self) -> Iterator[str]:
        """The statements, in order."""
        holders = {name: value for value, name in self.variables.items()}
        for place, operation in enumerate(self.statements):
            expression = operation.express([self._inlined(value) for value in operation.inputs]).text
            if operation.part == "survive":
                variable = self.variables[operation.inputs[0]]
                yield f"{BODY}if scale is not None:"
                yield f"{BODY}{INDENT}{variable} = {expression}"
            else:
                variable = self._variable(operation, holders, place)
                statement = f"{variable} = {expression}" if variable else f"return {expression}"
                if len(BODY) + len(statement) > WIDTH:
                    self.overlong |= self._longest_inside(operation)
                yield f"{BODY}{statement}  {shape_comment(operation.shape)}"
            self.variables[operation.value] = variable
            holders[variable] = operation.value
        left = self.variables[self.body.output]
        if left != self.body.result:
            yield f"{BODY}{self.body.result} = {left}" if self.body.result else f"{BODY}return {left}"

    def _inlined(self, value: int) -> Expression:
        if value in self.variables:
            return Expression(self.variables[value])
        operation = self.producers[value]
        return operation.express([self._inlined(inside) for inside in operation.inputs])

    def _last_uses(self) -> Mapping[int, int]:
        """For each named value, the number of the last statement that reads it."""
        last: dict[int, int] = {}
        for place, operation in enumerate(self.statements):
            waiting = list(operation.inputs)
            while waiting:
                value = waiting.pop()
                if value in self.named or value not in self.producers:
                    last[value] = place
                else:
                    waiting += self.producers[value].inputs
        last[self.body.output] = len(self.statements)
        return last

    def _variable(self, operation: Operation, holders: Mapping[str, int], place: int) -> str:
        """The variable of a statement: the part's usual one unless its value is still wanted; empty for `return`."""
        if operation.value == self.body.output and operation.value not in self.named:
            return self.body.result
        free = (
            name for name in self._usual_variables(operation) if self.last_use.get(holders.get(name, -1), -1) <= place
        )
        return next(free)

    def _usual_variables(self, operation: Operation) -> Iterator[str]:
        match operation.part:
            case "chain":
                usual = ("x", "g", "y")
            case "before":
                usual = ("h",) if self.uses[operation.value] > 1 else ("f", "h")
            case "residual" | "survive":
                usual = ("f", "g")
            case "shortcut" | "link" | "after" if operation.value in self._from_residual or len(operation.inputs) > 1:
                usual = ("y",)
            case "link" if operation.group in self.body.inputs:
                usual = (operation.group, "g")
            case _:
                usual = ("s", "g") if self._feeds_sum(operation.value) else ("g", "s")
        yield from usual
        number = 2
        while True:
            yield f"{usual[-1]}{number}"
            number += 1

    def _feeds_sum(self, value: int) -> bool:
        """Whether the value is a summand and nothing else; another factor of x or f is a gate."""
        takers = [operation for operation in self.body.computation if value in operation.inputs]
        return all(len(taker.inputs) > 1 and taker.call.precedence == _SUM for taker in takers)

    def _longest_inside(self, operation: Operation) -> set[int]:
        """The longest expression inside a statement, if there is one."""
        inside = [value for value in operation.inputs if value not in self.variables]
        return {max(inside, key=lambda value: len(self._inlined(value).text))} if inside else set()


def _depending_on_residual(computation: Sequence[Operation]) -> set[int]:
    """The values that are computed from the residual branch."""
    found: set[int] = set()
    for operation in computation:
        if operation.part in ("residual", "survive") or found.intersection(operation.inputs):
            found.add(operation.value)
    return found


_SUM = 1
_DEEPEST = 4
"""Calls are nested no deeper than this."""
