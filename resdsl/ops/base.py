"""What a primitive layer tells about itself; every other part of the compiler asks, none knows a layer by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import ClassVar, Literal, Self

from resdsl.ops.constant import Carries, Constant
from resdsl.ops.setting import Setting, SettingError, Value, resolve, write
from resdsl.record import record
from resdsl.shape import Shape

Literals = int | float | bool | str | None | tuple[int, ...]


OfZeros = int | Literal["zero", "computed"]


@record
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
    `precedence` says how tightly it binds, as Python's operators do (sum 1, product 2, unary 3, atom 4). An input
    that is itself an expression stands in parentheses unless it binds more tightly.
    """

    form: Literal["module", "function", "expression"]
    target: str
    args: tuple[Literals, ...] = ()
    kwargs: tuple[tuple[str, Literals], ...] = ()
    precedence: int = 4


@record
class Window:
    """What one output pixel sees along one spatial dimension: `kernel` pixels, `dilation` apart, every `stride`."""

    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    padding: int = 0


@record
class Saved:
    """What autograd keeps of a layer for the backward pass, beside its weights, as torch 2.13 does on the CPU.

    The same tensor is kept once, however many layers keep it: count distinct values of the graph, not layers.

    Attributes:
        inputs: the inputs that are kept, by number.
        output: whether what it computes is kept.
        floats: further values of the input's type, for each sample: a dropout mask.
        floats_per_batch: the same, once for the batch: the mean and deviation of a batch norm.
        indices: further 8-byte integers, for each sample: where each maximum was.
    """

    inputs: tuple[int, ...] = ()
    output: bool = False
    floats: int = 0
    floats_per_batch: int = 0
    indices: int = 0


@record
class Op:
    """A primitive layer with its settings resolved: frozen plain data, equal when it computes the same.

    A subclass declares its settings as fields and overrides what differs from "elementwise, no weights".
    `NAME` is the word in `.res` (empty for an operator), `EXAMPLE` a `.res` line that uses it, `LABEL` the stem of
    its module's name, `SETTINGS` its arguments in order, each with a field of the same name.
    """

    NAME: ClassVar[str]
    EXAMPLE: ClassVar[str]
    LABEL: ClassVar[str]
    SOURCE: ClassVar[str] = ""  # where it comes from: "He et al. 2016, §3.3"
    INPUTS: ClassVar[int] = 1
    SETTINGS: ClassVar[tuple[Setting, ...]] = ()

    @classmethod
    def make(cls, values: Mapping[str, Value], rank: int) -> Self:
        """The layer with these settings, as written or as its fields hold them; the others have their defaults.

        Args:
            values: by the setting's name.
            rank: the number of spatial dimensions of the input.

        Raises:
            SettingError: for an unknown name, a missing setting, or a value that a setting cannot take.
        """
        names = [setting.name for setting in cls.SETTINGS]
        for name in values:
            if name not in names:
                raise SettingError(name, f"`{cls.NAME}` has no setting `{name}`")
        fields: dict[str, Value] = {}
        for setting in cls.SETTINGS:
            value = values.get(setting.name, setting.default)
            if not isinstance(value, bool | int | float | str | tuple | None):
                raise SettingError(setting.name, f"`{cls.NAME}` needs `{setting.name}`")
            fields[setting.name] = resolve(setting, value, rank)
        return cls(**fields)

    def __str__(self) -> str:
        """The layer as `.res` writes it, without settings that have their default: `conv(3x3, 64, /2)`."""
        values: dict[str, Value] = {setting.name: getattr(self, setting.name) for setting in self.SETTINGS}
        rank = next((len(value) for value in values.values() if isinstance(value, tuple)), 0)
        arguments: list[str] = []
        for position, setting in enumerate(self.SETTINGS):
            others = {name: value for name, value in values.items() if name != setting.name}
            if not setting.is_required and self._is_made_from(others, rank):
                values = others
                continue
            written = write(setting, values[setting.name])
            is_plain = setting.is_required or setting.type == "stride" or position == 0
            arguments.append(written if is_plain else f"{setting.name} = {written}")
        return f"{self.NAME}({', '.join(arguments)})" if arguments else self.NAME

    def _is_made_from(self, values: Mapping[str, Value], rank: int) -> bool:
        """Whether these settings alone say all of it."""
        try:
            return self.make(values, rank) == self
        except SettingError:  # a default that does not go with them
            return False

    def infer(self, *inputs: Shape) -> Shape:
        """The shape that leaves, from those that enter. Raises ShapeError where they cannot enter."""
        return inputs[0]

    def parameters(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        """The trainable tensors, in torch's order."""
        return ()

    def buffers(self, *inputs: Shape) -> tuple[TensorSpec, ...]:
        """The tensors of the state dict that are not trained, in torch's order."""
        return ()

    def initial(self) -> tuple[tuple[str, float], ...]:
        """The tensors that start from a constant of the author's, with it: `(("bias", -6.0),)`."""
        return ()

    def n_params(self, *inputs: Shape) -> int:
        """The number of trainable values."""
        return sum(tensor.elements for tensor in self.parameters(*inputs))

    def macs(self, *inputs: Shape) -> int:
        """Multiply-adds for one sample: of convolutions and linear layers only, as the papers count; no biases."""
        return 0

    def torch_call(self, *inputs: Shape) -> TorchCall:
        """How torch makes it."""
        raise NotImplementedError(f"`{self.LABEL}` is the block's to write, no call of its own")

    def torch_source(self, *inputs: Shape) -> str:
        """The definition of the class that `torch_call` names, where torch has none; it needs `torch`, `nn` and `F`."""
        return ""

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

    def is_commutative(self) -> bool:
        """Whether the order of its inputs changes nothing, to the last bit."""
        return False

    def of_zeros(self, *is_zero: bool) -> OfZeros:
        """What it makes of inputs some of which are the constant zero.

        `zero`: the constant zero again; a number: the input of that number, as it is; `computed`: anything else.
        """
        return "zero" if all(is_zero) and self.gain() is not None else "computed"

    def wants_vector(self) -> bool:
        """Whether it takes a vector only, so that one pixel of channels is flattened in front of it."""
        return False

    def is_view(self) -> bool:
        """Whether what leaves shares the memory of what enters."""
        return False

    def saves(self, *inputs: Shape) -> Saved:
        """What autograd keeps for the backward pass, beside the weights."""
        return Saved()

    def gain(self) -> float | None:
        """The constant by which it scales a signal: 1 for an addition, k for `k * x`; None where it is not constant.

        Where training draws random numbers, the mean: 1 for dropout, which divides by what it keeps.
        """
        return None

    def constant(self) -> Constant | None:
        """What it is at evaluation, where it only scales and shifts each channel by constants; else None."""
        return None

    def carries(self, *inputs: Shape) -> Carries | None:
        """Which constants may stand in front of it as well as behind it: those that it commutes with."""
        return None

    def takes_behind(self, *, shifts: bool) -> Self | None:
        """The layer as it is when its own `weight` and `bias` hold constants that stood behind it.

        None where it has no weight and bias that it ends with. A layer without a bias gets one where something shifts.
        """
        return None

    def takes_before(self, *, shifts: bool) -> Self | None:
        """The same for constants that stood in front of it."""
        return None

    def kept(self) -> float:
        """The probability with which a value passes in training: 1 - rate for dropout."""
        return 1.0
