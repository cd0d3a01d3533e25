"""What the tests of layers share: a layer run by torch as its call is printed, and layers drawn by chance."""

from collections.abc import Callable

import hypothesis.strategies as st
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from resdsl.ops import OPS, TENSOR_OPS, Op, Setting, TorchCall
from resdsl.shape import Shape


class Printed(nn.Module):
    """A layer from the text that an emitted file would hold."""

    def __init__(self, op: Op, *shapes: Shape) -> None:
        super().__init__()
        names: dict[str, object] = {"torch": torch, "nn": nn, "F": F, "__name__": "printed"}
        exec(op.torch_source(*shapes), names)
        self.call = op.torch_call(*shapes)
        inputs = [f"x{number}" for number in range(op.INPUTS)]
        if self.call.form == "module":
            self.layer = eval(f"{self.call.target}({_arguments(self.call, [])})", names)
            return
        text = (
            self.call.target.format(*inputs)
            if self.call.form == "expression"
            else f"{self.call.target}({_arguments(self.call, inputs)})"
        )
        self.function: Callable[..., torch.Tensor] = eval(f"lambda {', '.join(inputs)}: {text}", names)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.layer(*inputs) if self.call.form == "module" else self.function(*inputs)

    @property
    def tensors(self) -> nn.Module:
        """What holds its weights; an empty module where it has none."""
        return self.layer if self.call.form == "module" else nn.Module()


def _arguments(call: TorchCall, inputs: list[str]) -> str:
    return ", ".join([*inputs, *map(repr, call.args), *(f"{name}={value!r}" for name, value in call.kwargs)])


SIZES = {
    "kernel": st.integers(1, 4),
    "dilation": st.integers(1, 3),
    "stride": st.integers(1, 3),
    "padding": st.integers(0, 3),
}

VALUES: dict[str, st.SearchStrategy[object]] = {
    "channels": st.integers(1, 8),
    "count": st.integers(1, 4),
    "whole": st.integers(0, 4),
    "number": st.sampled_from([0.25, 0.5, 1e-3, 2]),
    "probability": st.sampled_from([0, 0.1, 0.5, 1]),
    "flag": st.booleans(),
    "bias": st.sampled_from([False, True, 0, -6, 0.5]),
}


def settings_of(op: type[Op], rank: int) -> st.SearchStrategy[dict[str, object]]:
    """Values for all required settings and some of the others."""

    def values(setting: Setting) -> st.SearchStrategy[object]:
        if setting.type in SIZES:
            one = SIZES[setting.type]
            return one | st.tuples(*[one] * rank) if rank else one
        return st.sampled_from(setting.choices) if setting.type == "word" else VALUES[setting.type]

    return st.fixed_dictionaries(
        {setting.name: values(setting) for setting in op.SETTINGS if setting.is_required},
        optional={setting.name: values(setting) for setting in op.SETTINGS if not setting.is_required},
    )


def shapes(rank: int) -> st.SearchStrategy[Shape]:
    """Shapes with few channels, so that groups often divide them, and sizes around those of the windows."""
    channels = st.sampled_from([1, 2, 3, 4, 6, 8])
    return st.builds(Shape, channels, st.tuples(*[st.integers(1, 9)] * rank))


@pytest.fixture(scope="session")
def printed() -> type[Printed]:
    return Printed


@pytest.fixture(scope="session")
def draw_settings() -> Callable[[type[Op], int], st.SearchStrategy[dict[str, object]]]:
    return settings_of


@pytest.fixture(scope="session")
def draw_shapes() -> Callable[[int], st.SearchStrategy[Shape]]:
    return shapes


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with `op` runs for every layer, with `word` for each that has a word, with `operator` for the others."""
    if "word" in metafunc.fixturenames:
        metafunc.parametrize("word", OPS)
    if "operator" in metafunc.fixturenames:
        metafunc.parametrize("operator", [label for label in TENSOR_OPS if label != "survive"])
    if "op" in metafunc.fixturenames:
        every = {**OPS, **TENSOR_OPS}
        metafunc.parametrize("op", every.values(), ids=every.keys())
