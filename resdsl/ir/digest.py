"""The digest of a graph: 64 hexadecimal digits that change when and only when the computed network does.

It is taken of the flat network, in an order that the wiring alone decides: from the output back, depth first. So it is
the same however the text was laid out, named, split into blocks and files, or its equations ordered. What counts:

- every layer that the output or a tap is computed from, its settings as `.res` writes them, and its wiring;
- the input's shape, the survival probabilities and the manner of dropping, the initialisation, what is tapped.

A sum or a product is the same in either order, since floating-point addition and multiplication commute to the last
bit; `(a + b) + c` and `a + (b + c)` differ, since they do not associate. Operands are put in order by what they
compute; two that compute alike, each with weights of its own, stay as written. A block that survives with probability
1 is the same as one without a schedule.
"""

from __future__ import annotations

from hashlib import sha256

from resdsl.ir.graph import Graph, Step, Survival
from resdsl.ir.unit import Node, Unit
from resdsl.record import record

_FORMAT = "resdsl digest 1"
_PRIME = 2**61 - 1


def digest(graph: Graph) -> str:
    """Takes time linear in the layers; equal on every platform and in every process."""
    flat = _Flat()
    values = flat.add_steps(graph)
    taps = [values[graph.section(label).last + 1] for label in graph.taps]
    numbers, lines = flat.canonical([values[-1], *taps])
    head = [_FORMAT, f"input {graph.input}", *(f"init {rule.name} {rule.arguments}" for rule in graph.init)]
    tail = [f"output {numbers[values[-1]]}", f"taps {[numbers[value] for value in taps]}"]
    return sha256("\n".join([*head, *lines, *tail]).encode()).hexdigest()


@record
class _Layer:
    """What every use of a node has in common: its text, a number made of it, its inputs within the unit."""

    text: str
    key: int
    inputs: tuple[int, ...]
    commutes: bool


class _Flat:
    """The flat network: of value v (0 is the network's input) the layer, the inputs in canonical order, and the key.

    The key is a number made of all that v computes. It only puts operands in order: where two keys happened to be
    equal, the order of writing would show in the digest, and nothing else.
    """

    def __init__(self) -> None:
        self.texts: list[str] = [""]
        self.inputs: list[tuple[int, ...]] = [()]
        self.keys: list[int] = [1]

    def add_steps(self, graph: Graph) -> list[int]:
        """Flattens the spine; the flat value of each value of the spine."""
        layers = {id(unit): _layers(unit) for unit in {id(step.unit): step.unit for step in graph.steps}.values()}
        spine = [0]
        for step in graph.steps:
            spine.append(self._add_step(step, layers[id(step.unit)], graph.survival, spine))
        return spine

    def _add_step(self, step: Step, layers: list[_Layer | None], survival: Survival | None, spine: list[int]) -> int:
        texts, all_inputs, keys = self.texts, self.inputs, self.keys
        values = [spine[value] for value in step.inputs]
        for number, layer in enumerate(layers):
            if layer is None:
                survive = step.unit.nodes[number]
                values.append(self._add_survive(step, survival, values[survive.inputs[0]]))
                continue
            inputs = tuple([values[value] for value in layer.inputs])
            if len(inputs) == 1:
                key = layer.key + 3 * keys[inputs[0]]
            elif layer.commutes:
                inputs = tuple(sorted(inputs, key=keys.__getitem__))
                key = layer.key + 3 * sum([keys[value] for value in inputs])
            else:
                key = layer.key + sum([place * keys[value] for place, value in enumerate(inputs, start=3)])
            values.append(len(texts))
            texts.append(layer.text)
            all_inputs.append(inputs)
            keys.append(key * (key + 1) % _PRIME)
        return values[step.unit.output]

    def _add_survive(self, step: Step, survival: Survival | None, value: int) -> int:
        if step.survival == 1 or survival is None:
            return value
        text = f"survive {step.survival!r} per {survival.per} rescale {survival.rescale}"
        key = _key(text) + 3 * self.keys[value]
        self.texts.append(text)
        self.inputs.append((value,))
        self.keys.append(key * (key + 1) % _PRIME)
        return len(self.texts) - 1

    def canonical(self, roots: list[int]) -> tuple[list[int], list[str]]:
        """Each value's number in canonical order, -1 where no root needs it; a line for each layer, in that order."""
        all_inputs, texts = self.inputs, self.texts
        numbers = [-1] * len(texts)
        numbers[0] = 0
        lines: list[str] = []
        for root in roots:
            stack = [root]
            while stack:
                value = stack[-1]
                if numbers[value] < 0:
                    inputs = all_inputs[value]
                    for source in inputs:
                        if numbers[source] < 0:
                            stack.append(source)
                            break
                    else:
                        lines.append(f"{texts[value]} < {' '.join([str(numbers[source]) for source in inputs])}")
                        numbers[value] = len(lines)
                        stack.pop()
                else:
                    stack.pop()
        return numbers, lines


def _layers(unit: Unit) -> list[_Layer | None]:
    """The layers of a unit; None for the one that marks the residual branch, which depends on the step."""
    return [None if node.part == "survive" else _layer(node) for node in unit.nodes]


def _layer(node: Node) -> _Layer:
    op = node.op
    text = f"{op} {node.shape}" if op.NAME else f"{op.LABEL}: {op} {node.shape}"
    return _Layer(text, _key(text), node.inputs, op.is_commutative())


def _key(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:7])
