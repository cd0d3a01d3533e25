"""Which weights survive a change of a spec: what has the same key and the same shape before and after it."""

from __future__ import annotations

from dataclasses import dataclass

from resdsl.emit.state import StateTensor, state_tensors
from resdsl.ir.graph import Graph


@dataclass(frozen=True, slots=True)
class Survival:
    """The state dicts of two networks, held against each other by key.

    Attributes:
        kept: what has the same key and shape in both: a checkpoint of the first gives it to the second.
        reshaped: what has the same key and another shape: that of the first, that of the second.
        lost: what only the first has.
        new: what only the second has.
    """

    kept: tuple[StateTensor, ...]
    reshaped: tuple[tuple[StateTensor, StateTensor], ...]
    lost: tuple[StateTensor, ...]
    new: tuple[StateTensor, ...]

    @property
    def is_whole(self) -> bool:
        """Whether a checkpoint of the first is one of the second."""
        return not (self.reshaped or self.lost or self.new)


def surviving_weights(first: Graph, second: Graph) -> Survival:
    """What of the first network's weights the second takes as they are, each by its own scheme's names.

    Raises:
        ResError: where a naming scheme has no name for a part of its network.
    """
    before = {tensor.key: tensor for tensor in state_tensors(first, first.keys)}
    after = {tensor.key: tensor for tensor in state_tensors(second, second.keys)}
    shared = [(tensor, after[key]) for key, tensor in before.items() if key in after]
    return Survival(
        tuple(one for one, other in shared if one.dims == other.dims),
        tuple((one, other) for one, other in shared if one.dims != other.dims),
        tuple(tensor for key, tensor in before.items() if key not in after),
        tuple(tensor for key, tensor in after.items() if key not in before),
    )
