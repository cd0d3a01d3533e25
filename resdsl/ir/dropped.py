"""What is left of a block when stochastic depth drops its residual branch."""

from __future__ import annotations

from resdsl.ir.unit import Node, Unit
from resdsl.record import evolve


def drop_residual(unit: Unit) -> tuple[Unit, tuple[int, ...]]:
    """The unit with its residual branch f set to zero, and the number of each of its nodes in the whole unit.

    What the zero makes superfluous is gone: `x + f` is x, `g * f` is zero, and no layer is left that only they needed
    (Huang et al. 2016, §3: a dropped block computes nothing). A unit without a mark where f is dropped stays as it is.
    So does f, with its mark, where a layer would make something else of zeros: a norm after the addition's f.

    Raises:
        ValueError: where nothing is left: the block has no path around its residual branch.
    """
    n_inputs = len(unit.inputs)
    zeros: set[int] = set()
    stands_for = list(range(n_inputs))
    for value, node in enumerate(unit.nodes, start=n_inputs):
        inputs = [stands_for[source] for source in node.inputs]
        is_zero = [source in zeros for source in inputs]
        made = "zero" if node.part == "survive" else node.op.of_zeros(*is_zero) if any(is_zero) else "computed"
        if made == "zero":
            zeros.add(value)
        stands_for.append(inputs[made] if isinstance(made, int) else value)
    if stands_for[unit.output] in zeros:
        raise ValueError(f"nothing is left of `{unit.definition}` without its residual branch")
    return _without_dead(unit, stands_for)


def _without_dead(unit: Unit, stands_for: list[int]) -> tuple[Unit, tuple[int, ...]]:
    n_inputs = len(unit.inputs)
    output = stands_for[unit.output]
    wired = [tuple(stands_for[source] for source in node.inputs) for node in unit.nodes]
    needed = {output}
    for value in range(n_inputs + len(unit.nodes) - 1, n_inputs - 1, -1):
        if value in needed:
            needed.update(wired[value - n_inputs])
    numbers = {value: value for value in range(n_inputs)}
    nodes: list[Node] = []
    origins: list[int] = []
    for value, (node, inputs) in enumerate(zip(unit.nodes, wired, strict=True), start=n_inputs):
        if value in needed:
            numbers[value] = n_inputs + len(nodes)
            nodes.append(evolve(node, inputs=tuple(numbers[source] for source in inputs)))
            origins.append(value - n_inputs)
    return evolve(unit, nodes=tuple(nodes), output=numbers[output]), tuple(origins)


def is_droppable(unit: Unit) -> bool:
    """Whether it has a mark where its residual branch is dropped."""
    return any(node.part == "survive" for node in unit.nodes)
