"""torch.export takes every network of the library as one graph, folded or not, and the graph computes the same."""

import pytest
import torch
from torch import nn

from resdsl import for_inference, load
from resdsl.compiler import library, read
from resdsl.emit.torch import build
from tests.passes.families import SIZES, SMALL
from tests.passes.trained import assert_same, images, outputs, trained

QUICK = (
    "plain_cifar", "preresnet_cifar_b", "preresnet_cifar_bottleneck", "pyramidnet",
    "resnet_cifar_b", "resnet_cifar_c", "resnet_cifar_sd", "resnet_cifar_sd_uniform", "ror", "pre_ror3",
    "ror3_pooled", "swapout_resnet", "wrn", "wrresnet",
)  # fmt: skip
"""Of the small families, those that are quick to trace and differ most."""

ALL = [found.definition.name for path in library() for found in read(path).networks()]


def assert_exports(model: nn.Module, x: torch.Tensor) -> None:
    program = torch.export.export(model, (x,))
    assert_same(outputs(program.module(), x), outputs(model, x))


@pytest.mark.parametrize("name", QUICK)
def test_a_family_exports_and_its_graph_computes_the_same(name):
    graph = load(name, **SMALL[name])
    assert_exports(trained(graph), images(graph, SIZES.get(name)))


@pytest.mark.parametrize("name", ["resnet_cifar_sd", "pre_ror3", "wrresnet"])
def test_a_folded_network_exports_and_its_graph_computes_the_same(name):
    graph = load(name, **SMALL[name])
    assert_exports(for_inference(trained(graph), precision="fp64"), images(graph))


def test_one_exported_graph_takes_any_batch():
    graph = load("resnet_cifar_sd", depth=8)
    model, x = trained(graph), images(graph)
    program = torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    many = torch.cat([x] * 4)
    assert_same(outputs(program.module(), many), outputs(model, many))


def test_an_exported_graph_is_saved_and_loads_alone(tmp_path):
    graph = load("resnet_cifar_sd", depth=8)
    model, x = trained(graph), images(graph)
    torch.export.save(torch.export.export(model, (x,)), tmp_path / "net.pt2")
    assert_same(outputs(torch.export.load(tmp_path / "net.pt2").module(), x), outputs(model, x))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SMALL if name not in QUICK])
def test_every_other_family_exports_and_its_graph_computes_the_same(name):
    graph = load(name, **SMALL[name])
    assert_exports(trained(graph), images(graph, SIZES.get(name)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_every_network_of_the_library_exports(name):
    graph = load(name)
    model = build(graph, device="meta").eval()
    x = torch.empty(2, *graph.input.dims, device="meta")
    program = torch.export.export(model, (x,))
    assert [out.shape for out in outputs(program.module(), x)] == [out.shape for out in outputs(model, x)]
    assert len(program.state_dict) == len(model.state_dict())
