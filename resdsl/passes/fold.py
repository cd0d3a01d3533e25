"""Graph → the graph that computes the same at evaluation with fewer layers, its constants folded into its weights.

    conv -> bn -> relu -> dropout -> conv -> bn, kept with p_l       becomes       conv -> relu -> conv

What a layer does at evaluation is often no more than `y = s · x + t` with constants for each channel: a batch norm, a
dropout, a scale, the p_l of stochastic depth. Four cases, tried in this order:

1. It does nothing at evaluation, and goes.
2. It stands behind a layer that ends with a weight and a bias of its own, and goes into them: W' = s · W,
   b' = s · b + t. Between them there may be what it commutes with: `s · (a + b) + t` is `(s · a + t) + s · b` where
   both a and b can take their part, and s · relu(x) = relu(s · x) where s > 0. Nothing else may read what is scaled.
3. It stands in front of a convolution or linear layer, and goes into that: W' = W · s, b' = b + W · t, a shift only
   where the convolution pads nothing.
4. It stays: the norm before the activation of a pre-activation block, the 0.5 of `0.5 * x + f`. A p_l that stays is a
   weight of its own, so that equal blocks still share one class.

Units stay units: equal blocks have equal folded blocks, and differ in their weights alone.
"""

from __future__ import annotations

from resdsl.ir.graph import Graph
from resdsl.ir.unit import Node, Unit
from resdsl.ops import Affine, LearnedScale, Op
from resdsl.ops.constant import Carries, Constant, Survived, Times
from resdsl.record import evolve, record, state


@record
class Part:
    """A constant that went into a weight: what it is, of which layer of the unfolded unit, whether it shifts there."""

    constant: Constant
    node: int
    with_shift: bool = True

    @property
    def shifts(self) -> bool:
        """Whether it adds anything."""
        return self.with_shift and self.constant.shifts


@record
class FoldedNode:
    """How a layer's tensors come from those of the unfolded unit.

    Attributes:
        origin: the layer that it was; None for a scale that begins from 1.
        before: what stood in front of it, in the order of computation.
        behind: what stood behind it, in the order of computation.
    """

    origin: int | None
    before: tuple[Part, ...] = ()
    behind: tuple[Part, ...] = ()


@record
class FoldedUnit:
    """A unit as it is at evaluation; `nodes` says of each of its layers how it came about."""

    unit: Unit
    nodes: tuple[FoldedNode, ...]


@record
class Folded:
    """A folded graph.

    Attributes:
        graph: computes at evaluation what `source` computes, of the tensors that `steps` tells how to make.
        source: the graph that was folded.
        steps: of each step of the graph, how its layers came about.
    """

    graph: Graph
    source: Graph
    steps: tuple[FoldedUnit, ...]


def fold(graph: Graph) -> Folded:
    """Folds what is constant at evaluation; takes time linear in the steps and in the layers of distinct units.

    The folded graph draws nothing, initialises nothing (its weights are made from others), and has native names.
    """
    survived = Times() if graph.survival is not None and graph.survival.rescale == "train" else Survived()
    folded = {unit: _fold_unit(unit, survived) for unit in graph.units}
    steps = tuple(folded[step.unit] for step in graph.steps)
    spine = tuple(evolve(step, unit=made.unit, survival=None) for step, made in zip(graph.steps, steps, strict=True))
    return Folded(evolve(graph, steps=spine, survival=None, init=(), keys="native"), graph, steps)


def _fold_unit(unit: Unit, survived: Constant) -> FoldedUnit:
    work = _Work(unit)
    waiting: list[tuple[int, Part]] = []
    for number, node in enumerate(unit.nodes):
        constant = node.op.constant()
        if constant is None:
            continue
        part = Part(survived if isinstance(constant, Survived) else constant, number)
        if part.constant == Times() or work.goes_behind(number, part):
            work.leave_out(number)
        else:
            waiting.append((number, part))
    for number, part in reversed(waiting):  # the nearest first: what stands farther off goes in front of it
        if work.goes_before(number, part):
            work.leave_out(number)
    return work.result()


@state
class _Layer:
    """A layer while its unit is folded."""

    op: Op
    inputs: tuple[int, ...]
    before: tuple[Part, ...] = ()
    behind: tuple[Part, ...] = ()
    is_left_out: bool = False


class _Work:
    """A unit that is being folded; values are numbered as in it, and a layer that is left out hands its input on."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.n_inputs = len(unit.inputs)
        self.layers = [_Layer(node.op, node.inputs) for node in unit.nodes]
        self.readers: list[list[int]] = [[] for _ in range(self.n_inputs + len(unit.nodes))]
        for number, node in enumerate(unit.nodes):
            for value in node.inputs:
                self.readers[value].append(number)
        self.output = unit.output
        self.readers[unit.output].append(_OUTSIDE)

    def leave_out(self, number: int) -> None:
        """Hands the layer's input on to whoever reads what it computes."""
        layer = self.layers[number]
        layer.is_left_out = True
        value, (source,) = self.n_inputs + number, layer.inputs
        readers = self.readers[source]
        readers.remove(number)
        readers += self.readers[value]
        for reader in set(self.readers[value]) - {_OUTSIDE}:
            taker = self.layers[reader]
            taker.inputs = tuple(source if taken == value else taken for taken in taker.inputs)
        self.readers[value] = []
        self.output = source if self.output == value else self.output

    def goes_behind(self, number: int, part: Part) -> bool:
        """Puts the constant into the layers that compute what it reads, if they can take it."""
        places = self._behind(self.layers[number].inputs[0], part)
        for place, taken in places or ():
            layer = self.layers[place]
            layer.behind = (*layer.behind, taken)
            layer.op = layer.op.takes_behind(shifts=taken.shifts) or layer.op
        return places is not None

    def goes_before(self, number: int, part: Part) -> bool:
        """Puts the constant into the layer that reads what it computes, if that can take it."""
        place = self._before(self.n_inputs + number, part)
        if place is None:
            return False
        layer = self.layers[place]
        layer.before = (part, *layer.before)
        layer.op = layer.op.takes_before(shifts=part.shifts) or layer.op
        return True

    def _behind(self, value: int, part: Part) -> list[tuple[int, Part]] | None:
        """The layers that take the constant behind a value, each with its share; None where one of them cannot."""
        if value < self.n_inputs or len(self.readers[value]) != 1:
            return None
        number = value - self.n_inputs
        layer = self.layers[number]
        if layer.op.takes_behind(shifts=part.shifts) is not None:
            return [(number, part)]
        carries = self._carries(number, part)
        if carries is None:
            return None
        if carries.inputs == "one":
            return self._behind_one(number, part)
        found: list[tuple[int, Part]] = []
        for place, source in enumerate(layer.inputs):
            share = part if place == 0 or carries.inputs == "every" else evolve(part, with_shift=False)
            inside = self._behind(source, share)
            if inside is None:
                return None
            found += inside
        return found

    def _behind_one(self, number: int, part: Part) -> list[tuple[int, Part]] | None:
        """The same for a product: any one of its factors that can."""
        channels = self.unit.nodes[number].shape.channels
        for source in self.layers[number].inputs:
            if part.constant.is_scalar or self.unit.shape_of(source).channels == channels:
                inside = self._behind(source, part)
                if inside is not None:
                    return inside
        return None

    def _before(self, value: int, part: Part) -> int | None:
        """The layer that takes the constant in front of it, where it alone reads the value."""
        if len(self.readers[value]) != 1 or self.readers[value][0] == _OUTSIDE:
            return None
        number = self.readers[value][0]
        layer = self.layers[number]
        if layer.op.takes_before(shifts=part.shifts) is not None:
            return number
        if len(layer.inputs) > 1 or self._carries(number, part) is None:
            return None
        return self._before(self.n_inputs + number, part)

    def _carries(self, number: int, part: Part) -> Carries | None:
        """How the layer commutes with the constant; None where it does not."""
        node = self.unit.nodes[number]
        carries = node.op.carries(*self.unit.input_shapes(node))
        if carries is None or (part.shifts and not carries.shifts):
            return None
        if carries.signs == "positive" and not part.constant.is_positive:
            return None
        return carries if carries.channels or part.constant.is_scalar else None

    def result(self) -> FoldedUnit:
        """The unit of the layers that are left."""
        numbers = {value: value for value in range(self.n_inputs)}
        nodes: list[Node] = []
        made: list[FoldedNode] = []
        for number, layer in enumerate(self.layers):
            if layer.is_left_out:
                continue
            numbers[self.n_inputs + number] = self.n_inputs + len(nodes)
            inputs = tuple(numbers[value] for value in layer.inputs)
            node, origin = self._rest(number, layer, inputs)
            nodes.append(node)
            made.append(origin)
        return FoldedUnit(evolve(self.unit, nodes=tuple(nodes), output=numbers[self.output]), tuple(made))

    def _rest(self, number: int, layer: _Layer, inputs: tuple[int, ...]) -> tuple[Node, FoldedNode]:
        """A layer that stays, as it is at evaluation."""
        node = self.unit.nodes[number]
        constant = node.op.constant()
        if isinstance(constant, Survived):
            scale = evolve(node, op=LearnedScale(), inputs=inputs, part="residual")
            return scale, FoldedNode(None, behind=(Part(constant, number),))
        if isinstance(constant, Times):
            return evolve(node, op=Affine(constant.scale, constant.shift), inputs=inputs), FoldedNode(None)
        return evolve(node, op=layer.op, inputs=inputs), FoldedNode(number, layer.before, layer.behind)


_OUTSIDE = -1
"""The reader of a unit's output."""
