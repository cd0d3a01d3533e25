"""Writes what stochastic depth adds to a network: the probabilities, and the one draw of each step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from resdsl.emit.python.repeats import repeats
from resdsl.emit.python.text import BODY, INDENT, WIDTH, filled
from resdsl.ir.graph import Graph

RUN = '''\
def run(block, draw, *inputs):
    """The block; only its shortcut, and what follows the junction, where its residual branch is dropped."""
    is_kept, scale = draw
    return block(*inputs, scale) if is_kept else block.skip(*inputs)
'''
"""Stands before the network's class where whole batches drop blocks.

`skip` does not go through the block's `__call__`: under FSDP, `register_fsdp_forward_method(block, "skip")`.
"""


def write_probabilities(graph: Graph) -> list[str]:
    """The statements in the network's `__init__` that set p_l.

    A float64 tensor on the CPU, and no buffer: a float32 buffer would round p_l, `.to()` would move it to where every
    reading waits for the device, and a Python float on a module makes torch.compile specialise each block on its own.
    """
    numbers = [step.survival for step in graph.steps if step.survival is not None]
    lines = [f"{BODY}p = {_formula(numbers) or numbers}"]
    if len(lines[0]) > WIDTH:
        lines = [f"{BODY}p = [", *filled(map(repr, numbers), BODY + INDENT), f"{BODY}]"]
    return [
        *lines,
        f'{BODY}self._schedule = torch.tensor(p, dtype=torch.float64, device="cpu")',
        f"{BODY}self._survival = self._schedule.clone()",
    ]


def write_methods(graph: Graph) -> list[str]:
    """The methods of the network that draw, read and set; without a schedule there is nothing to draw.

    Every network can be asked, so that a program need not know which of its networks drops blocks.
    """
    survival = graph.survival
    if survival is None:
        return list(_METHODS_WITHOUT_SCHEDULE.strip("\n").split("\n"))
    n_blocks = sum(step.survival is not None for step in graph.steps)
    draw = _DRAWS[survival.per, survival.rescale].format(n_blocks=n_blocks, spread=_spread(graph))
    return (draw + _METHODS).rstrip("\n").split("\n")


def _spread(graph: Graph) -> str:
    """The expression that gives every sample's number, in `kept`, the dimensions of the branch that it multiplies."""
    ranks = [step.unit.output_shape.rank for step in graph.steps if step.survival is not None]
    if len(set(ranks)) == 1:
        return f"kept.view({', '.join([str(len(ranks)), '-1', *['1'] * (ranks[0] + 1)])})"
    every = " + ".join(f"{list(pattern)} * {times}" for times, pattern in repeats(ranks))
    return f"[row.view(-1, *(1,) * (rank + 1)) for row, rank in zip(kept, {every})]"


def _formula(numbers: Sequence[float]) -> str:
    """A formula that gives these numbers to the last bit; empty where none of the usual ones does."""
    n_blocks, last = len(numbers), numbers[-1]
    if len(set(numbers)) == 1:
        return f"[{last!r}] * {n_blocks}"
    if list(numbers) == [1 - l / n_blocks * (1 - last) for l in range(1, n_blocks + 1)]:
        return f"[1 - l / {n_blocks} * (1 - {last!r}) for l in range(1, {n_blocks + 1})]"
    if list(numbers) == [1 - (l - 1) / (n_blocks - 1) * (1 - last) for l in range(1, n_blocks + 1)]:
        return f"[1 - (l - 1) / {n_blocks - 1} * (1 - {last!r}) for l in range(1, {n_blocks + 1})]"
    return ""


_DRAWS: Mapping[tuple[Literal["batch", "sample"], Literal["eval", "train"]], str] = {
    ("batch", "eval"): '''\
    def draw(self):
        """For each block, whether its residual branch f is kept, and what scales f (None: nothing does).

        In training one draw for the whole batch, from torch's default generator on the CPU; at evaluation p_l scales f.
        """
        if self.training:
            kept = torch.rand({n_blocks}, dtype=torch.float64, device="cpu") < self._survival
            return [(is_kept, None) for is_kept in kept.tolist()]
        return [(True, p) for p in self._survival]
''',
    ("batch", "train"): '''\
    def draw(self):
        """For each block, whether its residual branch f is kept, and what scales f (None: nothing does).

        In training one draw for the whole batch, from torch's default generator on the CPU; what is kept is f / p_l.
        """
        if self.training:
            kept = torch.rand({n_blocks}, dtype=torch.float64, device="cpu") < self._survival
            return list(zip(kept.tolist(), 1 / self._survival))
        return [(True, None)] * {n_blocks}
''',
    ("sample", "eval"): '''\
    def draw(self, x):
        """For each block, what scales its residual branch f (None: nothing does).

        In training 0 or 1 for every sample, from torch's default generator on the CPU; at evaluation p_l.
        """
        if self.training:
            kept = torch.rand({n_blocks}, len(x), dtype=torch.float64, device="cpu") < self._survival[:, None]
            kept = kept.to(x)
            return {spread}
        return self._survival
''',
    ("sample", "train"): '''\
    def draw(self, x):
        """For each block, what scales its residual branch f (None: nothing does).

        In training 0 or 1 / p_l for every sample, from torch's default generator on the CPU; at evaluation nothing.
        """
        if self.training:
            kept = torch.rand({n_blocks}, len(x), dtype=torch.float64, device="cpu") < self._survival[:, None]
            kept = (kept / self._survival[:, None]).to(x)
            return {spread}
        return [None] * {n_blocks}
''',
}
"""The method `draw`, by who shares a draw and when f is rescaled."""

_METHODS = '''
    def survival(self):
        """p_l of every block that may be dropped, in order."""
        return self._survival.tolist()

    def set_survival(self, scale):
        """Moves every p_l to 1 - scale * (1 - p_l) of the schedule: 0 keeps all blocks, 1 is the schedule itself."""
        p = 1 - scale * (1 - self._schedule)
        if not ((p > 0) & (p <= 1)).all():
            raise ValueError(f"a scale of {scale} takes a survival probability out of (0, 1]")
        self._survival.copy_(p)
'''

_METHODS_WITHOUT_SCHEDULE = '''
    def survival(self):
        """p_l of every block that may be dropped, in order: there is none."""
        return []

    def set_survival(self, scale):
        """Moves no p_l: there is no schedule, and no block is ever dropped."""
'''
