"""Groups blocks into stages, and names them after the modules that hold them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from resdsl.integrations.importer.blocks import SeenNetwork
from resdsl.integrations.importer.facts import as_name, home, unique
from resdsl.integrations.importer.trace import Trace


@dataclass(frozen=True, slots=True)
class SeenStage:
    """Blocks `first` to `last` (from 0) under a label."""

    label: str
    first: int
    last: int


def find_stages(trace: Trace, network: SeenNetwork) -> tuple[SeenStage, ...]:
    """A stage begins where the image shrinks, other layers stand between, or another module holds the blocks.

    Where one module holds all blocks, or each has one of its own, a stage begins where the channels change.
    """
    homes = [home(trace, block) for block in network.blocks]
    holders = [path.rpartition(".")[0] for path in homes]
    are_told = 1 < len(set(holders)) < len(holders)
    begins = [0]
    for number in range(1, len(network.blocks)):
        block = network.blocks[number]
        x, y = trace.values[block.x].shape, trace.values[block.junction].shape
        moved = holders[number] != holders[number - 1] if are_told else _widens_alone(trace, network, number)
        if x.spatial != y.spatial or network.chains[number] or moved:
            begins.append(number)
    taken = {"stem", "head"}
    ends = [*(begin - 1 for begin in begins[1:]), len(network.blocks) - 1]
    labels = [_label(holders[begin], place) for place, begin in enumerate(begins, start=1)]
    if len(set(labels)) < len(labels):
        labels = [f"s{place}" for place in range(1, len(begins) + 1)]
    return tuple(
        SeenStage(unique(label, taken), begin, end) for label, begin, end in zip(labels, begins, ends, strict=True)
    )


def _widens_alone(trace: Trace, network: SeenNetwork, number: int) -> bool:
    """Whether the channels change here, and not in the block before: growth in every block is no sequence of stages."""

    def changes(place: int) -> bool:
        block = network.blocks[place]
        return trace.values[block.x].shape.channels != trace.values[block.junction].shape.channels

    return changes(number) and not changes(number - 1)


def _label(holder: str, place: int) -> str:
    """`layer1` for `layer1`, `stage2` for `features.stage2.units`, `s3` where the module has no such name."""
    names = [name for name in holder.split(".") if re.fullmatch(r"[A-Za-z_]+\d+", name)]
    return as_name(names[-1]) if names else f"s{place}"
