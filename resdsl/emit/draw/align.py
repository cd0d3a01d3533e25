"""Which parts of several networks stand beside each other: their stages in order, their chains between these."""

from __future__ import annotations

from collections.abc import Sequence

from resdsl.emit.draw.viewmodel import Chain, Net, Stage

Part = Chain | Stage


def align(nets: Sequence[Net]) -> list[tuple[Part | None, ...]]:
    """Rows of parts, one of each net or None: chains before the first stage, the first stage, chains after it, …

    Chains before the last stage of a net stand on the lines before that stage, those after it on the last lines. A net
    without stages has its chains beside the stages that give the same size, as VGG-19 in He et al. 2016, Fig. 3.
    """
    longest = max(nets, key=lambda net: len(net.stages), default=None)
    sizes = [stage.output.size for stage in longest.stages] if longest else []
    split = [_Split(net, sizes) for net in nets]
    rows: list[tuple[Part | None, ...]] = []
    for number in range(len(sizes) + 1):
        between = [one.before(number, len(sizes)) for one in split]
        n_lines = max(map(len, between), default=0)
        rows += (tuple(_item(parts, i) for parts in between) for i in range(n_lines))
        if number < len(sizes):
            rows.append(tuple(_item(one.stages, number) for one in split))
    return rows


class _Split:
    """The stages of a net, or the chains that stand for some, with the chains between them.

    Attributes:
        stages: by number; None where a net without stages has nothing of the size.
        between: the chains before each of them, then those after the last.
    """

    def __init__(self, net: Net, sizes: Sequence[str]) -> None:
        self.stages: list[Part | None] = []
        self.between: list[list[Part]] = [[]]
        for part in net.parts:
            if isinstance(part, Stage):
                self._add(part)
            elif not net.stages and part.section.kind == "layers" and part.output.size in sizes[len(self.stages) :]:
                missing = sizes[len(self.stages) :].index(part.output.size)
                for _ in range(missing):
                    self._add(None)
                self._add(part)
            else:
                self.between[-1].append(part)

    def before(self, number: int, n_stages: int) -> list[Part]:
        """The chains before stage `number`; what follows a net's last stage waits for the last line of all nets."""
        last = len(self.between) - 1
        if number == n_stages:
            return self.between[last]
        return self.between[number] if number < last else []

    def _add(self, stage: Part | None) -> None:
        self.stages.append(stage)
        self.between.append([])


def _item(parts: Sequence[Part | None], number: int) -> Part | None:
    return parts[number] if number < len(parts) else None
