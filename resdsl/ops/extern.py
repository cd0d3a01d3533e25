"""Foreign blocks: layers that the host program registers from Python, known here by their signature alone."""

from __future__ import annotations

from resdsl.ops.base import Op, TorchCall
from resdsl.ops.setting import Value
from resdsl.record import record
from resdsl.shape import Shape


@record
class Extern(Op):
    """A residual branch that a Python class computes: `(C, H, W) -> (channels, ⌈H/stride⌉, ⌈W/stride⌉)`.

    The class is registered under `name` by the host program, and made with the channels that enter and the arguments
    by name: `Attention(channels, heads=8)`. What it weighs and costs is what its signature says.

    Attributes:
        name: the block's name in `.res`.
        arguments: name and value of each parameter of the signature.
        channels: the channels that leave.
        stride: the ratio of the spatial sizes.
        n_weights: trainable values, as the signature says.
        n_macs: multiply-adds for one sample, as the signature says.
    """

    name: str
    arguments: tuple[tuple[str, Value], ...]
    channels: int
    stride: int
    n_weights: int
    n_macs: int

    NAME = ""
    LABEL = "extern"
    EXAMPLE = "extern block attention(heads = 8) -> (in) / 1, params = 4 * in * in"

    def __str__(self) -> str:
        """The block with its arguments, as a stage names it."""
        arguments = ", ".join(f"{name} = {value}" for name, value in self.arguments)
        return f"{self.name}({arguments})"

    def infer(self, *inputs: Shape) -> Shape:
        """The shape that the signature promises."""
        return Shape(self.channels, tuple(-(-size // self.stride) for size in inputs[0].spatial))

    def n_params(self, *inputs: Shape) -> int:
        """What the signature says."""
        return self.n_weights

    def macs(self, *inputs: Shape) -> int:
        """What the signature says."""
        return self.n_macs

    def torch_call(self, *inputs: Shape) -> TorchCall:
        """The registered class, by the block's name; emission resolves it."""
        return TorchCall("module", f"extern.{self.name}", (inputs[0].channels,), self.arguments)  # pyright: ignore[reportArgumentType]

    def window(self, shape: Shape) -> None:
        """Unknown: it may see everything."""
        return

    def is_weighted(self) -> bool:
        """As one layer: nothing else is known."""
        return True
