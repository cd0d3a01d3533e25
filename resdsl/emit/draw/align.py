"""Which parts of several networks stand beside each other: their stages in order, their chains between these."""

from __future__ import annotations

from collections.abc import Sequence

from resdsl.emit.draw.viewmodel import Chain, Net, Stage

Part = Chain | Stage


def align(nets: Sequence[Net]) -> list[tuple[Part | None, ...]]:
    """Rows of parts, one of each net or None: chains before the first stage, the first stage, chains after it, …

    Chains before the last stage of a net stand on the lines before that stage, those after it on the last lines.
    """
    split = [_split(net) for net in nets]
    n_stages = max((len(one) for one in split), default=1) - 1
    rows: list[tuple[Part | None, ...]] = []
    for number in range(n_stages + 1):
        chains = [_chains(one, number, n_stages) for one in split]
        longest = max(map(len, chains), default=0)
        rows += (tuple(_item(of_net, i) for of_net in chains) for i in range(longest))
        if number < n_stages:
            rows.append(tuple(_stage(net, number) for net in nets))
    return rows


def _split(net: Net) -> list[list[Chain]]:
    """The chains before each stage, then those after the last."""
    groups: list[list[Chain]] = [[]]
    for part in net.parts:
        if isinstance(part, Chain):
            groups[-1].append(part)
        else:
            groups.append([])
    return groups


def _chains(groups: list[list[Chain]], number: int, n_stages: int) -> list[Chain]:
    """The chains before stage `number`; what follows a net's last stage waits for the last line of all nets."""
    last = len(groups) - 1
    if number == n_stages:
        return groups[last]
    return groups[number] if number < last else []


def _stage(net: Net, number: int) -> Stage | None:
    return net.stages[number] if number < len(net.stages) else None


def _item(chains: list[Chain], number: int) -> Chain | None:
    return chains[number] if number < len(chains) else None
