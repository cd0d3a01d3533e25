"""Of any network, what is known before a module exists is what torch finds out: shapes, weights, multiply-adds."""

import pytest
import torch
from hypothesis import given, settings
from torch.utils.flop_counter import FlopCounterMode

from resdsl import load
from resdsl.analysis.cost import cost
from resdsl.emit.state import state_keys
from resdsl.emit.torch import build
from tests.networks import NAME, UNSHRUNK, networks

N = 2


def assert_counts(text: str) -> None:
    graph = load(text, NAME)
    model = build(graph, device="meta").eval()
    with FlopCounterMode(display=False) as counter:
        given = model(torch.empty(N, *graph.input.dims, device="meta"))
    if graph.taps:
        wanted = {label: graph.shape_of(graph.section(label).last + 1) for label in graph.taps}
        assert {label: tuple(feature.shape) for label, feature in given.items()} == {
            label: (N, *shape.dims) for label, shape in wanted.items()
        }
    else:
        assert tuple(given.shape) == (N, *graph.output.dims)
    total = cost(graph).total
    assert total.macs * 2 * N == counter.get_total_flops()
    assert total.params == sum(parameter.numel() for parameter in model.parameters())
    assert total.buffers == sum(buffer.numel() for buffer in model.buffers())
    assert list(state_keys(graph, graph.keys)) == list(model.state_dict())


@settings(UNSHRUNK, max_examples=12)
@given(networks(most_stages=3, most_blocks=3))
def test_static_counts_are_those_of_torch(text: str):
    assert_counts(text)


@pytest.mark.slow
@settings(UNSHRUNK, max_examples=150)
@given(networks())
def test_static_counts_of_many_networks_are_those_of_torch(text: str):
    assert_counts(text)
