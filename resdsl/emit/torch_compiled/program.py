"""The program of one kind of step: which compiled function runs where, and what flows between them."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from resdsl.analysis.checkpoint import Checkpoint
from resdsl.emit.torch_compiled.inductor import Compiled


@dataclass(frozen=True, slots=True)
class Runnable:
    """A compiled function at one place of the network.

    Attributes:
        compiled: the function; None where the first input is the result.
        tensors: the places of its weights and statistics among all tensors of the network.
        changing: those of its inputs, by number, that it changes.
        takes_scale: whether its last input scales the residual branch.
        counts: the places, among the network's, of the counters of batches that it raises.
    """

    compiled: Compiled | None
    tensors: tuple[int, ...] = ()
    changing: tuple[int, ...] = ()
    takes_scale: bool = False
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """One step of the network.

    Attributes:
        inputs: the values of the spine that it takes.
        output: the one that it makes.
        kept: what runs.
        dropped: what runs where its residual branch is dropped; None where that does not happen.
        draw: its place among the draws of a step; None where nothing is drawn for it.
        spent: the values that nothing reads after it.
    """

    inputs: tuple[int, ...]
    output: int
    kept: Runnable
    dropped: Runnable | None
    draw: int | None
    spent: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Moves whose activations have one fate: kept for the backward pass, or computed again in it."""

    first: int
    beyond: int
    is_recomputed: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Moves that are one node of autograd.

    Attributes:
        moves: the moves.
        inputs: the values that they take from before.
        outputs: the values that are read afterwards.
        parameters: the places of the tensors that get a gradient.
        groups: the moves in groups, by their numbers here.
    """

    moves: tuple[Move, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    parameters: tuple[int, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Foreign:
    """A step that is run as its class is written.

    Attributes:
        module: the block.
        inputs: the values that it takes; of these, `masked` left a ReLU without its mask.
        output: the value that it makes.
        draw: its place among the draws of a step.
    """

    module: nn.Module
    inputs: tuple[int, ...]
    masked: frozenset[int]
    output: int
    draw: int | None


@dataclass(frozen=True, slots=True)
class Program:
    """A whole step.

    Attributes:
        parts: in order.
        leaving: the values that the network returns, by label; a network without taps has one without a label.
        masked: those of them that left a ReLU without its mask.
        checkpoint: which activations are computed again; None where that was not asked for.
    """

    parts: tuple[Stretch | Foreign, ...]
    leaving: tuple[tuple[str, int], ...]
    masked: frozenset[int]
    checkpoint: Checkpoint | None
