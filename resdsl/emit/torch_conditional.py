"""Stochastic depth as one graph: which blocks are kept is an input, and a dropped block is not computed.

An emitted network draws on the host and leaves out what is dropped: the quickest in eager mode and under
`model.compile()`, and no single graph. Where one is wanted, for torch.export or whole-network compilation, each block
that may be dropped is a `torch.cond` here. Its branches may change nothing, so they are the pure functions of the
lowered network, and the statistics of norms are written behind them: a dropped block leaves its own as they were.

Two differences from the network itself: weights of a dropped block have gradients of zero rather than none, so weight
decay and momentum still move them; and what enters a block lives until its branch is chosen.
"""

# pyright: basic

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from resdsl.emit.lowered.file import emit_lowered
from resdsl.emit.lowered.region import RegionFunction
from resdsl.emit.torch import graph_of, import_text
from resdsl.ir.graph import Graph


class Conditional(nn.Module):
    """A network whose draw is an argument: `forward(x, kept)`, with `kept = draw()` one boolean a block.

        program = torch.export.export(Conditional(model), (x, kept), strict=True)

    It holds the network as `network`, and shares its weights and statistics.

    Raises:
        ValueError: where nothing of the network is dropped for a whole batch, or nobody knows what it was built from.
    """

    def __init__(self, network: nn.Module, graph: Graph | None = None) -> None:
        super().__init__()
        known = graph or graph_of(network)
        if known.survival is None or known.survival.per != "batch":
            raise ValueError(f"`{known.name}` drops no block for a whole batch; it is one graph as it is")
        self.network = network
        file = emit_lowered(known)
        # Masks that gradients are multiplied by need an autograd function, which no branch may hold: plain ReLU does.
        self._functions: Any = import_text(f"{file.text}{_PLAIN}", f"{known.name}_conditional")
        self._about = {function.name: function for function in file.functions.values()}
        self._blocks = sum(step.survival is not None for step in known.steps)
        self._is_divided = known.survival.rescale == "train"

    def draw(self) -> Tensor:
        """Which blocks are kept in one step, drawn as the network draws."""
        network: Any = self.network
        return torch.rand(self._blocks, dtype=torch.float64, device="cpu") < network._survival  # noqa: SLF001

    def forward(self, x: Tensor, kept: Tensor) -> Any:
        """What the network gives in training where these blocks are kept; at evaluation `kept` means nothing."""
        if not self.training:
            return self.network(x)
        network: Any = self.network
        number = iter(range(self._blocks))

        def call(function: Callable[..., Any], place: str, *inputs: Tensor) -> Tensor:
            about = self._about[function.__name__]
            scaled: dict[str, Any] = {"scale": None} if about.takes_scale else {}
            y, *updates = _listed(function(*inputs, *self._tensors(about, place), **_TRAINING, **scaled))
            self._update(about, place, updates)
            self._count(place, about.moded, 1)
            return y

        def skip(
            function: Callable[..., Any], dropped: Callable[..., Any] | None, place: str, *inputs: Tensor
        ) -> Tensor:
            about = self._about[function.__name__]
            block = next(number)
            branches = self._branches(function, dropped, len(inputs), is_divided=self._is_divided)
            is_kept, divisor = kept[block], network._survival[block].to(x)  # noqa: SLF001
            y, *updates = torch.cond(is_kept, *branches, (*inputs, *self._tensors(about, place), divisor))
            self._update(about, place, updates)
            always = self._about[dropped.__name__].moded if dropped is not None else ()
            self._count(place, always, 1)  # norms of the shortcut
            self._count(place, [path for path in about.moded if path not in always], is_kept.long())
            return y

        return self._functions.network(x, call, skip)

    def _branches(
        self, function: Callable[..., Any], dropped: Callable[..., Any] | None, n_inputs: int, *, is_divided: bool
    ) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """What computes a block kept and dropped, of the same tensors; both give y and what the statistics become.

        The last operand is p_l, by which a kept branch is divided where the network rescales in training.
        """
        parameters = self._about[function.__name__].parameters
        updated = [n_inputs + number for number, each in enumerate(parameters) if each.updated != "never"]
        own: list[int] = []
        if dropped is not None:
            paths = [parameter.path for parameter in parameters]
            own = [n_inputs + paths.index(each.path) for each in self._about[dropped.__name__].parameters]

        def if_kept(*operands: Tensor) -> tuple[Tensor, ...]:
            *tensors, p = operands
            scale = 1 / p if is_divided else None
            return tuple(each.contiguous() for each in _listed(function(*tensors, **_TRAINING, scale=scale)))

        def if_dropped(*operands: Tensor) -> tuple[Tensor, ...]:
            if dropped is None:
                y, updates = operands[0].clone(), {}
            else:
                y, *new = _listed(dropped(*operands[:n_inputs], *(operands[place] for place in own), **_TRAINING))
                moved = [place for place in own if place in updated]
                updates = dict(zip(moved, new, strict=True))
            left = (updates.get(place, operands[place].clone()) for place in updated)
            return (y.contiguous(), *left)

        return if_kept, if_dropped

    def _tensors(self, about: RegionFunction, place: str) -> list[Tensor]:
        """The tensors that a function takes; of those that are written afterwards, copies for the backward pass."""
        found = [(parameter, getattr(*self._site(place, parameter.path))) for parameter in about.parameters]
        return [one if parameter.updated == "never" else one.detach().clone() for parameter, one in found]

    def _update(self, about: RegionFunction, place: str, updates: Sequence[Tensor]) -> None:
        """Writes what tensors become."""
        changing = [parameter for parameter in about.parameters if parameter.updated != "never"]
        with torch.no_grad():
            for parameter, new in zip(changing, updates, strict=True):
                getattr(*self._site(place, parameter.path)).copy_(new.detach())

    def _count(self, place: str, paths: Sequence[str], by: Any) -> None:
        """Counts the batch in the norms among some modules."""
        for path in paths:
            module: Any = self.network.get_submodule(_absolute(place, path))
            if hasattr(module, "num_batches_tracked"):
                module.num_batches_tracked.add_(by)

    def _site(self, place: str, path: str) -> tuple[nn.Module, str]:
        module, _, name = _absolute(place, path).rpartition(".")
        return self.network.get_submodule(module), name


def _absolute(place: str, path: str) -> str:
    return path[1:] if path.startswith("/") else ".".join(part for part in (place, path) if part)


def _listed(given: Tensor | tuple[Tensor, ...]) -> list[Tensor]:
    return list(given) if isinstance(given, tuple) else [given]


_TRAINING = {"training": True, "batch_statistics": True}
_PLAIN = """

def take_over(x):
    return x


hand_over = F.relu
"""
