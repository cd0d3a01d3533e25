"""The strategies `modules` and `graph`, which are torch.compile's: equal to the module, and never eager in silence."""

import copy

import pytest
import torch
from torch._dynamo.utils import counters

from resdsl import load
from resdsl.emit.torch import build
from tests.combinations import combined, named
from tests.compile.compare import assert_compiled_equals_eager
from tests.compile.test_units import NETWORK, network, x
from tests.reference.compare import batch

STRATEGIES = ["modules", "graph"]


@pytest.fixture(autouse=True)
def afresh():
    torch._dynamo.reset()
    counters.clear()


def n_graphs():
    return counters["stats"]["unique_graphs"]


NETWORKS = {
    "pre-activation": ("preact_basic", ""),
    "squeeze-and-excitation": ("se_basic", ""),
    "links": ("basic", "link middle over each stage via projection  link root over all via conv_shortcut"),
    "each sample": ("basic", "survive linear(0.5), per = sample"),
    "taps": ("basic", "tap s1, s2"),
}


@combined(strategy=named(*STRATEGIES), of=NETWORKS)
def test_it_computes_what_the_module_computes(strategy, of):
    block, more = of
    assert_compiled_equals_eager(network(block, more=more), x(), strategy=strategy)


def test_modules_may_be_dropped():
    assert_compiled_equals_eager(network(more="survive uniform(0.5)"), x(), strategy="modules", seeds=range(4), steps=4)


def test_dropped_blocks_are_no_part_of_one_graph():
    model = network(more="survive uniform(0.5)")
    eager = copy.deepcopy(model)
    model.compile("graph", backend="aot_eager")
    with pytest.raises(ValueError, match=r"a graph for each set of blocks .* train with `units` or `modules`"):
        model.train()(x())
    assert (model.eval()(x()) - eager.eval()(x())).abs().max() < 1e-12


@pytest.mark.parametrize(("strategy", "n_wanted"), [("modules", 16), ("graph", 1)])
def test_twelve_kinds_of_block_are_all_compiled(strategy, n_wanted):
    widths = " + ".join(f"basic({width})" for width in range(4, 16))
    text = NETWORK.replace("{block} * 2", widths).format(
        block="", wider="basic(16)", shortcut="identity else zero_pad", more=""
    )
    model = build(load(text)).train()
    model.compile(strategy, backend="aot_eager")
    model(torch.randn(2, 3, 8, 8)).sum().backward()
    assert n_graphs() == n_wanted


@pytest.mark.slow
@pytest.mark.parametrize(("strategy", "n_a_size"), [("modules", 5), ("graph", 1)])
def test_more_kinds_of_input_than_torchs_limit_are_all_compiled(strategy, n_a_size):
    model = network().train()
    model.compile(strategy, backend="aot_eager", dynamic=False)
    sizes = range(8, 8 + 2 * 10, 2)
    for size in sizes:
        model(batch(2, 3, size, size)).sum().backward()
    assert n_graphs() == n_a_size * len(sizes)
