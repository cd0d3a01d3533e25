"""How to train a network on many devices: by which strategy, what each device holds, what is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Literal

from resdsl.analysis.checkpoint import checkpoint_policies, checkpoint_within
from resdsl.analysis.cost import cost
from resdsl.analysis.memory import BYTES, DType, memory
from resdsl.analysis.partition import partition
from resdsl.ir.cut import cut_graph
from resdsl.ir.graph import Graph
from resdsl.ir.unit import Unit
from resdsl.record import record

Strategy = Literal["ddp", "fsdp", "pipeline"]
Optimizer = Literal["sgd", "momentum", "adam"]

STATES: Mapping[Optimizer, int] = {"sgd": 0, "momentum": 1, "adam": 2}
"""How many further numbers an optimizer keeps for each weight."""


@record
class Asked:
    """What there is to train with.

    Attributes:
        n_devices: how many devices; all are alike.
        n_bytes: the memory of each.
        batch: the samples of one step, over all devices.
        n_microbatches: the parts in which a batch goes through a pipeline; None for four times as many as devices.
        optimizer: what keeps numbers for each weight; `momentum` is SGD with it.
        dtype: of activations and of what is sent of them. Weights, gradients and the optimizer's are float32.
    """

    n_devices: int
    n_bytes: int
    batch: int
    n_microbatches: int | None = None
    optimizer: Optimizer = "momentum"
    dtype: DType = "float32"


@record
class Rank:
    """What one device does; all numbers are bytes where they are not said to be others.

    Attributes:
        first: the first step of the spine that it computes.
        beyond: the step after its last.
        samples: how many it computes at once.
        state: weights, gradients, what the optimizer keeps, buffers. DDP has the gradients once where
            `gradient_as_bucket_view` is set.
        gathered: whole weights and gradients that are there for a time, where others are in shards.
        activations: what is alive of the activations at most: see `Checkpoint.peak`.
        sent: what it sends in one step.
        macs: multiply-adds of one sample, without what is computed again.
        recomputed: multiply-adds of one sample that are computed again.
        groups: the steps that are computed again, counted from the whole network's first; see `Checkpoint.groups`.
    """

    first: int
    beyond: int
    samples: int
    state: int
    gathered: int
    activations: int
    sent: int
    macs: int
    recomputed: int
    groups: tuple[tuple[int, int], ...]

    @property
    def total(self) -> int:
        """All that it holds at once."""
        return self.state + self.gathered + self.activations


@record
class Plan:
    """One way to train on all devices.

    Attributes:
        strategy: torch's engine for it.
        ranks: by device; under `ddp` and `fsdp` all are alike.
        balance: the work of the busiest device, in shares of the mean: 1 is perfect. By multiply-adds.
        idle: the share of a step in which a device of a pipeline waits: (S - 1) / (M + S - 1) for S stages and M
            microbatches (Huang et al. 2019, arXiv:1811.06965, §2.3); 0 for the others.
        n_microbatches: into how many parts the batch of a pipeline is cut; 1 for the others.
        fits: whether every device can hold its part.
    """

    strategy: Strategy
    ranks: tuple[Rank, ...]
    balance: float
    idle: float
    n_microbatches: int
    fits: bool

    @property
    def time(self) -> float:
        """How long a step takes by multiply-adds, in shares of one where nothing is idle, uneven or computed again.

        The backward pass counts as two forward passes. What is sent is not in it.
        """
        busiest = max(3 * rank.macs + rank.recomputed for rank in self.ranks)
        all_macs = sum(rank.macs for rank in self.ranks)
        return busiest * len(self.ranks) / (3 * all_macs) / (1 - self.idle) if all_macs else 1.0


def plans(graph: Graph, asked: Asked) -> dict[Strategy, Plan | str]:
    """Every strategy with its plan, or the sentence that says why there is none.

    Args:
        graph: the network.
        asked: what there is to train with.
    """
    found: dict[Strategy, Plan | str] = {"ddp": _whole(graph, asked, "ddp"), "fsdp": _whole(graph, asked, "fsdp")}
    try:
        found["pipeline"] = _pipeline(graph, asked)
    except ValueError as error:
        found["pipeline"] = str(error)
    return found


def choose(found: Mapping[Strategy, Plan | str]) -> Plan | None:
    """The plan to take: the quickest of those that fit; of equal ones DDP, which sends least, then FSDP."""
    fitting = [plan for plan in found.values() if not isinstance(plan, str) and plan.fits]
    return min(fitting, key=lambda plan: plan.time, default=None)


# ---------------------------------------------------------------- every device has the whole network


def _whole(graph: Graph, asked: Asked, strategy: Literal["ddp", "fsdp"]) -> Plan:
    n = asked.n_devices
    samples = -(-asked.batch // n)
    held = memory(graph)
    copies = 2 + STATES[asked.optimizer]  # the weights, their gradients, what the optimizer keeps
    if strategy == "ddp":
        state, gathered, longest = copies * held.weights + held.buffers, 0, None
        sent = 2 * held.weights * (n - 1) // n  # a ring all-reduce
    else:
        state = copies * _shard_bytes(graph, n) + held.buffers
        gathered = _gathered_bytes(graph) if n > 1 else 0
        longest = 1  # of a group that is computed again FSDP2 keeps all weights whole until their gradients are there
        sent = 3 * held.weights * (n - 1) // n  # gathered for the forward and the backward pass; gradients scattered
    room = asked.n_bytes - state - gathered
    try:
        policy = checkpoint_within(graph, room, batch=samples, dtype=asked.dtype, longest=longest)
        fits = True
    except ValueError:
        policies = checkpoint_policies(graph, batch=samples, dtype=asked.dtype, longest=longest)
        policy = min(policies, key=lambda policy: policy.peak)
        fits = False
    macs = cost(graph).total.macs
    rank = Rank(
        0, len(graph.steps), samples, state, gathered, policy.peak, sent, macs, policy.macs, policy.groups
    )  # fmt: skip
    return Plan(strategy, (rank,) * n, 1.0, 0.0, 1, fits)


def _shard_bytes(graph: Graph, n: int) -> int:
    """What a device keeps of the weights: FSDP2 cuts each along its first dimension, and pads the last shard."""
    shards = {unit: sum(_shards(unit, n)) for unit in graph.units}
    return sum(shards[step.unit] for step in graph.steps) * BYTES["float32"]


def _shards(unit: Unit, n: int) -> Iterator[int]:
    for node in unit.nodes:
        for weight in node.op.parameters(*unit.input_shapes(node)):
            first, *others = weight.dims or (1,)
            size = -(-first // n)
            for other in others:
                size *= other
            yield size


def _gathered_bytes(graph: Graph) -> int:
    """The weights of a step and of the one that is gathered ahead, and the gradients of one: the largest of them."""
    sizes = [step.unit.n_params * BYTES["float32"] for step in graph.steps]
    ahead = max((one + other for one, other in pairwise(sizes)), default=sizes[0])
    return ahead + max(sizes)


# ---------------------------------------------------------------- every device has a stage


def _pipeline(graph: Graph, asked: Asked) -> Plan:
    n = asked.n_devices
    parts = partition(graph, n)
    n_microbatches = asked.n_microbatches or min(4 * n, asked.batch)
    samples = -(-asked.batch // n_microbatches)
    bounds = [0, *parts.cuts, len(graph.steps)]
    ranks: list[Rank] = []
    for number, stage in enumerate(cut_graph(graph, parts.cuts)):
        held = memory(stage)
        state = (2 + STATES[asked.optimizer]) * held.weights + held.buffers
        in_flight = min(n_microbatches, n - number)  # one forward, one backward: Narayanan et al. 2019, §3.2
        room = asked.n_bytes - state
        policies = checkpoint_policies(stage, batch=samples, dtype=asked.dtype)
        kept = [((in_flight - 1) * each.saved + each.peak, each) for each in policies]
        fitting = [pair for pair in kept if pair[0] <= room]
        activations, policy = (
            min(fitting, key=lambda pair: (pair[1].macs, pair[0])) if fitting else min(kept, key=lambda pair: pair[0])
        )
        first, beyond = bounds[number], bounds[number + 1]
        crossing = [graph.shape_of(beyond).elements] if number < n - 1 else []  # activations onward
        crossing += [graph.shape_of(first).elements] if number else []  # their gradients back
        sent = sum(crossing) * asked.batch * BYTES[asked.dtype]
        groups = tuple((one + first, other + first) for one, other in policy.groups)
        ranks.append(Rank(first, beyond, samples, state, 0, activations, sent, parts.macs[number], policy.macs, groups))
    idle = (n - 1) / (n_microbatches + n - 1)
    fits = all(rank.total <= asked.n_bytes for rank in ranks)
    return Plan("pipeline", tuple(ranks), parts.balance, idle, n_microbatches, fits)
