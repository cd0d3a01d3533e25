"""torch.compile takes the emitted module as it is: whole in one graph, or block by block, one graph a distinct unit."""

import pytest
import torch
from torch._dynamo.testing import CompileCounter

from tests.emit.test_torch import SPECS, assert_bit_equal, batch, build, graph_of, train_step


@pytest.fixture(autouse=True)
def fresh():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def close(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        assert (one is None) == (other is None)
        if one is not None and one.is_floating_point():
            assert (one - other).abs().max() <= 1e-10 * other.abs().max().clamp_min(1e-3)


@pytest.mark.parametrize("name", ["post", "pre", "gated", "odd"])
def test_a_training_step_is_one_graph_and_computes_what_eager_computes(name):
    if name in ("pre", "odd"):  # what is drawn on the way would differ
        model = build(graph_of(name)).double().eval()
        compiled = torch.compile(model, backend="aot_eager", fullgraph=True)
        x = batch().double()
        outputs = [out if isinstance(out, dict) else {"": out} for out in (compiled(x), model(x))]
        close(list(outputs[0].values()), list(outputs[1].values()))
        return
    torch.manual_seed(0)
    eager = build(graph_of(name)).double()
    torch.manual_seed(0)
    model = build(graph_of(name)).double()
    wanted = train_step(eager, batch().double())
    model.compile(backend="aot_eager", fullgraph=True)
    close(train_step(model, batch().double()), wanted)
    assert not any("_orig_mod" in key for key in model.state_dict())


def test_a_dropping_network_computes_the_same_compiled_whatever_is_dropped():
    for seed in (0, 1):
        torch.manual_seed(0)
        eager = build(graph_of("ror")).double()
        torch.manual_seed(0)
        model = build(graph_of("ror")).double()
        for module in model.modules():
            if hasattr(module, "skip"):
                module.compile(backend="aot_eager", fullgraph=True)
        torch.manual_seed(seed)
        wanted = train_step(eager, batch().double())
        torch.manual_seed(seed)
        close(train_step(model, batch().double()), wanted)


def test_block_by_block_equal_blocks_share_one_compilation():
    model = build(graph_of("ror")).eval()
    counter = CompileCounter()
    blocks = [block for block in model.modules() if hasattr(block, "skip")]
    for block in blocks:
        block.compile(backend=counter)
    with torch.no_grad():
        model(batch())
    assert counter.frame_count == len({type(block) for block in blocks})
    with torch.no_grad():
        model.set_survival(0.5)
        model(batch())
    assert counter.frame_count == len({type(block) for block in blocks})


def test_moving_the_schedule_recompiles_nothing_and_takes_effect():
    model = build(graph_of("ror")).double().eval()
    counter = CompileCounter()
    compiled = torch.compile(model, backend=counter, fullgraph=True)
    with torch.no_grad():
        before = compiled(batch().double())
        assert counter.frame_count == 1
        model.set_survival(0.25)
        after = compiled(batch().double())
    assert counter.frame_count == 1
    assert not torch.equal(before, after)
    torch._dynamo.reset()
    with torch.no_grad():
        assert (model(batch().double()) - after).abs().max() < 1e-10


@pytest.mark.parametrize("name", SPECS)
def test_export_takes_every_module(name):
    model = build(graph_of(name)).eval()
    program = torch.export.export(model, (batch(),))
    results = (program.module()(batch()), model(batch()))
    outputs = [list(out.values()) if isinstance(out, dict) else [out] for out in results]
    assert_bit_equal(*outputs)
