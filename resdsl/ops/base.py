"""What a primitive layer tells about itself; every other part of the compiler asks, none knows a layer by name."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar, Literal

from resdsl.shape import Shape

Literals = int | float | bool | str | None | tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """A weight or buffer: its name on the torch module (`weight`, `running_mean`), its dimensions."""

    name: str
    dims: tuple[int, ...]

    @property
    def elements(self) -> int:
        """The number of values."""
        return prod(self.dims)


@dataclass(frozen=True, slots=True)
class TorchCall:
    """How torch makes or computes the layer, as plain data.

    With `form="module"`, `target` is a class: `nn.Conv2d(64, 128, 3, stride=2, padding=1, bias=False)`, made once.
    With `form="function"`, it is called on the inputs each time: `F.relu(x)`, `torch.flatten(x, 1)`.
    With `form="expression"`, `target` is a template over the inputs: `"{0} + {1}"`, `"{0}[:, :, ::2, ::2]"`;
    `precedence` says how tightly it binds, as Python's operators do (sum 1, product 2, unary 3, atom 4).
    """

    form: Literal["module", "function", "expression"]
    target: str
    args: tuple[Literals, ...] = ()
    kwargs: tuple[tuple[str, Literals], ...] = ()
    precedence: int = 4


@dataclass(frozen=True, slots=True)
class Window:
    """What one output pixel sees along one spatial dimension: `kernel` pixels, `dilation` apart, every `stride`."""

    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    padding: int = 0


@dataclass(frozen=True, slots=True)
class Op:
    """A primitive layer with its settings resolved: frozen plain data, equal when it computes the same.

    A subclass declares its settings as fields and overrides what differs from "elementwise, no weights".
    `NAME` is the word in `.res`, `EXAMPLE` a `.res` line that uses it, `LABEL` the stem of its module's name.
    """

    NAME: ClassVar[str]
    EXAMPLE: ClassVar[str]
    LABEL: ClassVar[str]
    SOURCE: ClassVar[str] = ""  # where it comes from: "He et al. 2016, §3.3"
    INPUTS: ClassVar[int] = 1

    def infer(self, *inputs: Shape) -> Shape:
        """The shape that leaves, from those that enter. Raises ShapeError where they cannot enter."""
        return inputs[0]

    def parameters(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        """The trainable tensors, in torch's order."""
        return ()

    def buffers(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        """The tensors of the state dict that are not trained, in torch's order."""
        return ()

    def n_params(self, *inputs: Shape) -> int:
        """The number of trainable values."""
        return sum(tensor.elements for tensor in self.parameters(*inputs))

    def macs(self, *inputs: Shape) -> int:
        """Multiply-adds for one sample: of convolutions and linear layers only, as the papers count."""
        return 0

    def torch_call(self, *inputs: Shape) -> TorchCall:
        """How torch makes it."""
        raise NotImplementedError(self.NAME)

    def window(self, shape: Shape) -> tuple[Window, ...] | None:
        """What one output pixel sees, by dimension; None when it sees everything."""
        return (Window(),) * shape.rank

    def is_weighted(self) -> bool:
        """Whether He et al. count it as a layer of depth: convolutions and linear layers."""
        return False

    def is_identity(self, *inputs: Shape) -> bool:
        """Whether it changes nothing here, so that the graph leaves it out."""
        return False

    def is_random(self) -> bool:
        """Whether training draws random numbers in it."""
        return False

    def saves(self) -> Literal["nothing", "input", "output"]:
        """Which values autograd keeps for the backward pass, beside the weights."""
        return "nothing"

    def gain(self) -> float | None:
        """The constant by which it scales the signal: 1 for additions, k for `scale(k)`; None where it is not constant."""
        return None


