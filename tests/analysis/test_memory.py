"""Predicted memory, against what torch keeps and holds when it runs the emitted modules on the CPU."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import resdsl
from resdsl.analysis.memory import memory
from resdsl.compiler import load
from resdsl.ir.graph import Graph, flatten
from resdsl.ops import Op
from resdsl.shape import Shape

# ---------------------------------------------------------------- training

SMALL = 'res 1 use "resnet.res" network net = {} {{ input 3x64x64 }}'
NETS = {
    "ResNet-18": SMALL.format("resnet18"),
    "ResNet-50": SMALL.format("resnet50"),
    "SE-ResNet-50": 'res 1 use "senet.res" network net = se_resnet50 { input 3x64x64 }',
    "Pre-ResNet-110": "preresnet110",
    "WRN-16-4": "wrn16_4",
    "RoR-3-110": "ror3_110",
    "gates": "resnet110_exclusive_gate",
    "scales": "resnet110_scale_both",
    "dropout on the shortcut": "resnet110_dropout_shortcut",
    "weighted residual": "wrresnet118",
    "ELU": "elu_resnet110",
    "three dimensions": 'res 1 use "resnet3d.res" network net = resnet3d18 { input 3x4x32x32 }',
    "a vector": "res 1 network net { input 20 layers body : linear(30) -> relu -> linear(10) }",
    "a first layer that keeps what it makes": """
      res 1 network net { input 4x8x8  stem relu -> conv(3x3, 8)  head global_avgpool -> linear(10) }
    """,
    "layers without a memory of their own": """
      res 1 use "std.res"
      network net {
        input 4x8x8
        stem  conv(3x3, 8) -> maxpool(2x2, /2, padding = 0)
        stage s1 /2 : basic(8) * 2
        stage s2    : basic(16) { shortcut zero_pad }
        head  flatten -> linear(10)
        shortcut identity else avg_zero_pad
      }
    """,
}


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", NETS)
def test_training_keeps_what_is_predicted_to_the_byte(name: str, batch: int) -> None:
    graph = load(NETS[name])
    assert kept_by_autograd(resdsl.build(graph).train(), sample(graph, batch)) == memory(graph, batch=batch).saved


def test_double_precision_takes_twice_as_much() -> None:
    graph = load("resnet20")
    predicted = memory(graph, batch=2, dtype="float64")
    assert kept_by_autograd(resdsl.build(graph).double().train(), sample(graph, 2).double()) == predicted.saved
    assert predicted.weights == 2 * memory(graph).weights == 8 * 269_722


def test_the_sections_hold_all_that_is_kept() -> None:
    found = memory(load("ror3_110"), batch=2)
    assert sum(found.sections.values()) == found.saved
    assert list(found.sections) == ["stem", "s1", "s2", "s3", "head"]


def test_buffers_are_those_of_the_module() -> None:
    graph = load("resnet50")
    model = resdsl.build(graph)
    assert memory(graph).buffers == sum(buffer.nbytes for buffer in model.buffers())
    assert memory(graph).weights == sum(parameter.nbytes for parameter in model.parameters())


def kept_by_autograd(model: nn.Module, x: torch.Tensor) -> int:
    """Bytes of the distinct memories that autograd keeps, without weights and buffers."""
    own = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        memory_of = tensor.untyped_storage()
        if memory_of.data_ptr() not in own:
            kept[memory_of.data_ptr()] = memory_of.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = model(x).sum()
    del loss  # until here everything kept is alive, so no address stands for two memories
    return sum(kept.values())


def sample(graph: Graph, batch: int) -> torch.Tensor:
    return torch.rand(batch, *graph.input.dims)


# ---------------------------------------------------------------- stochastic depth

DROPPING = {
    "the original blocks": """
      stage s1    : basic(4) * 2
      stage s2 /2 : basic(8) * 1
      shortcut identity else zero_pad
    """,
    "full pre-activation, where a dropped block hands on x itself": """
      stage s1    : preact_basic(4) * 3
      stage s2 /2 : preact_basic(8) * 1
      shortcut identity else conv_shortcut
    """,
    "links": """
      stage s1    : preact_basic(4) * 2
      stage s2 /2 : preact_basic(8) * 2
      shortcut identity else conv_shortcut
      link root over all via conv_shortcut
      link middle over each stage via identity else conv_shortcut
    """,
}


@pytest.mark.parametrize("name", DROPPING)
def test_what_is_kept_on_average_is_the_mean_over_all_patterns_of_dropping(name: str) -> None:
    text = f"""
      res 1 use "std.res"
      network net {{
        input 3x8x8
        stem conv(3x3, 4) -> bn -> relu
        {DROPPING[name]}
        head global_avgpool -> linear(10)
        survive linear(0.3)
      }}
    """
    graph = load(text)
    model = resdsl.build(graph).train()
    x = sample(graph, 2)
    mean = 0.0
    for pattern in product([True, False], repeat=len(graph.blocks)):
        chance = 1.0
        for block, is_kept in zip(graph.blocks, pattern, strict=True):
            chance *= block.survival if is_kept else 1 - block.survival
        model.draw = lambda pattern=pattern: [(is_kept, None) for is_kept in pattern]
        mean += chance * kept_by_autograd(model, x)
    assert memory(graph, batch=2).saved_expected == pytest.approx(mean, rel=1e-9)


def test_without_survival_what_is_expected_is_all() -> None:
    found = memory(load("resnet20"))
    assert found.saved_expected == found.saved


# ---------------------------------------------------------------- evaluation


class Held(TorchDispatchMode):
    """Counts the bytes of all tensors that operations made and nothing has freed, and their peak; weights aside."""

    def __init__(self, *models: nn.Module) -> None:
        super().__init__()
        weights = [tensor for model in models for tensor in (*model.parameters(), *model.buffers())]
        self.aside = {tensor.untyped_storage()._cdata for tensor in weights}
        self.alive: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            held = tensor.untyped_storage()
            if held._cdata not in self.alive and held._cdata not in self.aside:
                self.alive[held._cdata] = held.nbytes()
                weakref.finalize(held, self.alive.pop, held._cdata)
        self.peak = max(self.peak, sum(self.alive.values()))
        return result


def run_with_values_freed_after_their_last_use(graph: Graph, layers: list[Layer], x: torch.Tensor) -> None:
    flat = list(flatten(graph))
    last_use = {source: value for value, layer in enumerate(flat, start=1) for source in layer.inputs}
    values = {0: x}
    for value, (layer, run) in enumerate(zip(flat, layers, strict=True), start=1):
        values[value] = run(*(values[source] for source in layer.inputs))
        for source in set(layer.inputs):
            if last_use[source] == value:
                del values[source]


Layer = Callable[..., torch.Tensor]


def make_layers(graph: Graph) -> list[Layer]:
    """Every layer as torch computes it alone, its weights made beforehand."""
    shapes = [graph.input, *(layer.node.shape for layer in flatten(graph))]
    return [make_layer(layer.node.op, [shapes[source] for source in layer.inputs]) for layer in flatten(graph)]


def make_layer(op: Op, shapes: list[Shape]) -> Layer:
    call = op.torch_call(*shapes)
    names: dict[str, Any] = {"torch": torch, "nn": nn, "F": nn.functional}
    if call.form == "expression":
        places = [f"x{number}" for number in range(len(shapes))]
        return eval(f"lambda {', '.join(places)}: {call.target.format(*places)}", names)
    target = eval(call.target, names)
    if call.form == "module":
        return target(*call.args, **dict(call.kwargs)).eval()
    return lambda *inputs: target(*inputs, *call.args, **dict(call.kwargs))


@pytest.mark.parametrize("name", ["ResNet-18", "SE-ResNet-50", "WRN-16-4", "RoR-3-110", "gates", "a vector"])
def test_evaluation_holds_what_is_predicted_to_the_byte(name: str) -> None:
    graph = load(NETS[name])
    layers = make_layers(graph)
    x = sample(graph, 2)
    with torch.no_grad(), Held(*(layer for layer in layers if isinstance(layer, nn.Module))) as held:
        run_with_values_freed_after_their_last_use(graph, layers, x)
    assert memory(graph, batch=2).peak == x.nbytes + held.peak


@pytest.mark.parametrize("name", ["ResNet-50", "RoR-3-110"])
def test_eager_python_holds_a_little_more(name: str) -> None:
    """What a stage takes, and a block's x and f, live until the function that has a variable for them returns."""
    graph = load(NETS[name])
    model = resdsl.build(graph).eval()
    x = sample(graph, 2)
    with torch.no_grad(), Held(model) as held:
        model(x)
    widest = max(step.unit.output_shape.elements for step in graph.steps) * 2 * 4
    assert 0 <= x.nbytes + held.peak - memory(graph, batch=2).peak <= 3 * widest
