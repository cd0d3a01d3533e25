"""Any network computes the same numbers run, compiled, exported, folded away, and as the file that is written."""

import pytest
import torch
from hypothesis import given, settings

from resdsl import load
from resdsl.emit import emit
from resdsl.emit.python.file import emit_file
from resdsl.emit.res import print_res
from tests.networks import NAME, UNSHRUNK, networks
from tests.passes.trained import assert_same, images, outputs, trained


def alone(graph):
    """The network of the emitted text, which is run without resdsl."""
    file = emit_file(graph)
    assert file.text == emit(graph, "python")
    assert "resdsl" not in {
        line.split()[1].partition(".")[0] for line in file.text.splitlines() if line[:7] == "import "
    }
    names: dict[str, object] = {"__name__": "alone"}
    exec(compile(file.text, "net.py", "exec"), names)
    return names[file.class_name]()


def step(model, x):
    """What a training step leaves: outputs, gradients, buffers."""
    torch.manual_seed(1)
    given = model.train()(x)
    outs = list(given.values()) if isinstance(given, dict) else [given]
    sum(out.pow(2).mean() for out in outs).backward()
    return [*outs, *(p.grad for p in model.parameters()), *model.buffers()]


def assert_text_runs(text: str) -> None:
    """Bit for bit: the file is what `build` runs."""
    graph = load(text, NAME)
    model, file = trained(graph), alone(graph).double().eval()
    assert list(file.state_dict()) == list(model.state_dict())
    file.load_state_dict(model.state_dict())
    x = images(graph)
    for ours, theirs in zip(outputs(file, x), outputs(model, x), strict=True):
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(step(file, x), step(model, x), strict=True):
        assert (ours is None) == (theirs is None)
        assert ours is None or torch.equal(ours, theirs)


def assert_prints(text: str) -> None:
    """The network as a `.res` program of its own is the same network."""
    graph = load(text, NAME)
    assert load(print_res(graph)).digest == graph.digest


def assert_compiles(text: str, backend: str) -> None:
    graph = load(text, NAME)
    model, x = trained(graph), images(graph)
    wanted = outputs(model, x)
    torch._dynamo.reset()
    assert_same(outputs(torch.compile(model, backend=backend, fullgraph=True), x), wanted, 1e-10)
    torch._dynamo.reset()


def assert_exports(text: str) -> None:
    graph = load(text, NAME)
    model, x = trained(graph), images(graph)
    assert_same(outputs(torch.export.export(model, (x,)).module(), x), outputs(model, x))


small = networks(most_stages=2, most_blocks=2)


@settings(UNSHRUNK, max_examples=8)
@given(small)
def test_the_written_file_computes_what_build_computes(text: str):
    assert_text_runs(text)


@settings(UNSHRUNK, max_examples=20)
@given(networks())
def test_a_network_printed_is_the_same_network(text: str):
    assert_prints(text)


@settings(UNSHRUNK, max_examples=2)
@given(small)
def test_compiled_computes_what_eager_computes(text: str):
    assert_compiles(text, "aot_eager")


@settings(UNSHRUNK, max_examples=2)
@given(small)
def test_exported_computes_what_eager_computes(text: str):
    assert_exports(text)


@pytest.mark.slow
@settings(UNSHRUNK, max_examples=60)
@given(networks(most_stages=3, most_blocks=3))
def test_many_networks_compute_the_same_in_every_way(text: str):
    assert_text_runs(text)
    assert_prints(text)
    assert_compiles(text, "aot_eager")
    assert_exports(text)


@pytest.mark.slow
@settings(UNSHRUNK, max_examples=8)
@given(small)
def test_networks_compute_the_same_under_inductor(text: str):
    assert_compiles(text, "inductor")
