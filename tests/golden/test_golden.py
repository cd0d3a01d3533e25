"""Networks written in `.res` compute what torchvision and pytorchcv compute, forward, backward and in their statistics.

The files of `data/` were made by running those libraries (see `data/README.md`); the weights are mapped by the naming
schemes, so a wrong name is a wrong number.
"""

import json
from pathlib import Path

import pytest
import torch

from resdsl import load
from resdsl.emit.state import key_map, state_keys
from resdsl.emit.torch import build
from tests.golden.check import check

HERE = Path(__file__).parent
FILES = sorted((HERE / "data").glob("*.json"))
TOLERANCES = {
    "n_params": 0,
    "eval_logits": 1e-11,
    "eval_abs_sum": 1e-11,
    "train_logits": 1e-9,
    "train_abs_sum": 1e-9,
    "grad_norms": 1e-8,
    "grad_norm_all": 1e-8,
    "buffers_after": 1e-9,
    "eval_logits_f32": 1e-5,
}


def golden(path):
    return json.loads(path.read_text())


def network(path):
    """The network that a file is about, and the scheme of the library's names."""
    peer, name = path.stem.split("__")
    graph = load(HERE / f"{peer}.res", network=name)
    return graph, "pytorchcv_ror" if name.startswith("ror") else peer


def test_every_peer_is_here():
    assert len(FILES) == 16


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_network_computes_what_its_peer_computes(path):
    graph, scheme = network(path)
    errors = check(build(graph), golden(path), key_map(graph, graph.keys, scheme))
    assert errors.keys() == TOLERANCES.keys()
    assert {quantity: error for quantity, error in errors.items() if not error <= TOLERANCES[quantity]} == {}


@pytest.mark.parametrize("path", [path for path in FILES if "torchvision" in path.stem], ids=lambda path: path.stem)
def test_the_state_dict_of_a_torchvision_network_has_its_names_shapes_and_order(path):
    graph, _ = network(path)
    state = build(graph, device="meta").state_dict()
    assert [[key, list(value.shape)] for key, value in state.items()] == [[n, s] for n, s, _ in golden(path)["state"]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_multiply_adds_are_those_of_the_peer(path):
    graph, _ = network(path)
    assert tuple(golden(path)["macs_input_shape"][1:]) == graph.input.dims
    assert sum(step.unit.macs for step in graph.steps) == golden(path)["macs"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scheme_names_every_tensor_of_the_peer_once(path):
    graph, scheme = network(path)
    assert sorted(state_keys(graph, scheme)) == sorted(name for name, _, _ in golden(path)["state"])


def test_a_batch_norm_that_differs_in_the_last_digit_of_its_epsilon_is_noticed():
    path = HERE / "data" / "pytorchcv__resnet20_cifar10.json"
    graph, scheme = network(path)
    model = build(graph)
    [*_, last] = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    last.eps = 1.1e-5
    errors = check(model, golden(path), key_map(graph, "native", scheme))
    assert 1e-9 < errors["eval_logits"] < 1e-6


def test_a_convolution_that_takes_the_weights_of_another_is_noticed():
    path = HERE / "data" / "pytorchcv__resnet20_cifar10.json"
    graph, scheme = network(path)
    names = key_map(graph, "native", scheme)
    one, other = "stage1.0.conv1.weight", "stage1.0.conv2.weight"
    names[one], names[other] = names[other], names[one]
    assert check(build(graph), golden(path), names)["eval_logits"] > 1e-3
