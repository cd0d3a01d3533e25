"""A network for inference computes what the network computes, folded, in any precision, compiled, and as a package."""

import copy
import pickle
import subprocess
import sys

import pytest
import torch
from torch import nn

import resdsl
from resdsl import for_inference, load
from resdsl.emit.extern import register, unregister
from resdsl.emit.torch import build
from resdsl.emit.torch_cpp import CompilerError
from resdsl.emit.torch_inference import Inference, distance
from tests.emit.lent import Attention
from tests.passes.trained import assert_same, images, outputs, trained

NET = """res 1 use "std.res" network net {
  input 3x16x16
  stem conv(3x3, 8) -> bn -> relu
  stage s1 : basic(8) * 2
  stage s2 /2 : preact_basic(16) * 2
  head bn -> relu -> global_avgpool -> linear(5)
  shortcut identity else projection
  survive linear(0.5)
}"""


def single(graph):
    """A trained network in float32, and a batch for it."""
    return trained(graph).float(), images(graph).float()


def test_it_takes_and_gives_float32_and_computes_the_same():
    model, x = single(load(NET))
    fast = for_inference(model)
    assert_same(outputs(fast, x), outputs(model, x), 1e-5)
    assert not any(parameter.requires_grad for parameter in fast.parameters())
    assert not any(isinstance(module, nn.Dropout) for module in fast.modules())
    assert sum(isinstance(module, nn.BatchNorm2d) for module in fast.modules()) == 3  # in front of an activation


@pytest.mark.parametrize(("precision", "tolerance"), [("bf16", 3e-2), ("fp16", 4e-3), ("fp64", 1e-6)])
def test_it_computes_in_the_precision_that_is_asked_for_and_gives_float32(precision, tolerance):
    model, x = single(load(NET))
    fast = for_inference(model, precision=precision)
    assert {parameter.dtype for parameter in fast.parameters()} == {fast.dtype}
    (given,) = outputs(fast, x)
    assert given.dtype == torch.float32
    assert_same([given], outputs(model, x), tolerance)


def test_a_spec_and_a_state_dict_do_as_well_as_a_module():
    model, x = single(load(NET))
    assert_same(outputs(for_inference(NET, trained=model.state_dict()), x), outputs(model, x), 1e-5)
    assert outputs(for_inference(NET), x)[0].shape == (2, 5)


def test_a_moved_schedule_and_later_weights_are_those_that_are_folded():
    model, x = single(load(NET))
    model.set_survival(0.25)
    with torch.no_grad():
        model.stem.conv.weight.mul_(2)
    assert_same(outputs(for_inference(model), x), outputs(model, x), 1e-5)


@pytest.mark.parametrize(
    "text",
    [
        "input 3x32 stem conv(3, 4) -> bn -> relu stage s : basic(4) * 2 head global_avgpool -> linear(3)",
        "input 3x4x8x8 stem conv(3, 4) -> bn -> relu stage s /2 : basic(8) shortcut projection",
        "input 6 stem linear(4) -> bn -> relu",
        "input 3x8x8 stem conv(3, 4) -> bn stage s : basic(4) stage t : basic(4) tap s, t",
    ],
)
def test_signals_volumes_vectors_and_features(text):
    model, x = single(load(f'res 1 use "std.res" network net {{ {text} }}'))
    assert_same(outputs(for_inference(model), x), outputs(model, x), 1e-5)


def test_a_foreign_block_comes_along():
    register("attention", Attention)
    try:
        text = """res 1 use "std.res" extern block attention(heads = 1) -> (in) / 1, params = 4 * in * in + 4 * in
          network net { input 3x6x6 stem conv(3x3, 8) -> bn stage s : attention(heads = 2) * 2 }"""
        model, x = single(load(text))
        assert_same(outputs(for_inference(model), x), outputs(model, x), 1e-4)
    finally:
        unregister("attention")


def test_it_copies_and_pickles():
    model, x = single(load(NET))
    fast = for_inference(model)
    for other in (copy.deepcopy(fast), pickle.loads(pickle.dumps(fast))):
        assert_same(outputs(other, x), outputs(fast, x), 0)


def test_an_unpickled_module_says_itself_what_it_is(tmp_path):
    model, x = single(load("resnet_cifar_sd", depth=8))
    model.set_survival(0.5)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    torch.save({"x": x, "y": outputs(model, x)[0]}, tmp_path / "given.pt")
    program = """
import pickle, torch, resdsl
from pathlib import Path
model, given = pickle.loads(Path("model.pkl").read_bytes()), torch.load("given.pt")
y = resdsl.for_inference(model)(given["x"])
assert (y - given["y"]).abs().max() <= 1e-5 * given["y"].abs().max()
"""
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


def test_it_does_not_train():
    fast = for_inference(NET)
    assert fast.eval() is fast
    with pytest.raises(ValueError, match="does not train; train the one that it was made from"):
        fast.train()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"a.b": torch.ones(1)}, "it lacks 'stem.conv'"),
        ({}, "it has no weights"),
        (build(load(NET.replace("linear(5)", "linear(6)"))).state_dict(), "size mismatch for head.linear.bias"),
        (build(load(NET.replace("basic(8)", "basic(9)"))).state_dict(), "size"),
    ],
)
def test_another_networks_state_dict_is_told_in_one_line(state, message):
    with pytest.raises(ValueError, match=f"the state dict is not that of `net`: .*{message}") as caught:
        for_inference(NET, trained=state)
    assert "\n" not in str(caught.value)


def test_a_module_from_elsewhere_is_told_what_does_instead():
    with pytest.raises(ValueError, match="`Linear` was not built by resdsl: `for_inference\\(SPEC, trained="):
        for_inference(nn.Linear(2, 2))


def test_without_a_compiler_there_is_one_line(monkeypatch, tmp_path):
    from torch._inductor import config, cpp_builder

    monkeypatch.setattr(config.cpp, "cxx", (None, "/nonexistent/g++"))
    cpp_builder.cpp_compiler_search.cache_clear()
    fast = for_inference(NET)
    with pytest.raises(CompilerError, match="install g\\+\\+ or clang\\+\\+, or name one in CXX"):
        fast.save(tmp_path / "net.pt2")
    assert list(tmp_path.iterdir()) == []
    cpp_builder.cpp_compiler_search.cache_clear()


# ---------------------------------------------------------------- compiled


@pytest.mark.slow
def test_compiled_in_place_it_computes_the_same_for_every_batch_and_layout():
    model, x = single(load(NET))
    fast = for_inference(model)
    keys = list(fast.state_dict())
    fast.compile()
    assert list(fast.state_dict()) == keys
    wanted = outputs(model, x)
    assert_same(outputs(fast, x), wanted, 1e-5)
    assert_same(outputs(fast, x.contiguous(memory_format=torch.channels_last)), wanted, 1e-5)
    assert_same(outputs(fast, x[:1]), [wanted[0][:1]], 1e-5)
    assert_same(outputs(copy.deepcopy(fast), x), wanted, 1e-5)


@pytest.mark.slow
def test_one_function_serves_any_batch():
    model, x = single(load(NET))
    fast = for_inference(model)
    fast.compile(any_batch=True)
    many = torch.cat([x] * 3)
    for batch in (x, x[:1], many):
        assert_same(outputs(fast, batch), outputs(model, batch), 1e-5)
    assert len(fast._compiled_call_impl._functions) == 1


RUNS_ALONE = """
import sys
sys.modules["resdsl"] = None
import torch
given = torch.load("given.pt")
for name, tolerance in (("fp32", 1e-5), ("bf16", 3e-2), ("any", 1e-5)):
    net = torch._inductor.aoti_load_package(f"{name}.pt2")
    y = net(given["x"])
    assert y.dtype == torch.float32
    assert (y - given["y"]).abs().max() <= tolerance * given["y"].abs().max(), name
    assert net.get_metadata()["network"] == "net"
assert net(torch.cat([given["x"]] * 3)).shape == (6, 5)
"""


@pytest.mark.slow
def test_a_package_runs_in_a_process_without_resdsl(tmp_path):
    model, x = single(load(NET))
    with torch.no_grad():
        torch.save({"x": x, "y": model(x)}, tmp_path / "given.pt")
    for_inference(model).save(tmp_path / "fp32.pt2", batch=2)
    for_inference(model, precision="bf16").save(tmp_path / "bf16.pt2", batch=2)
    for_inference(model).save(tmp_path / "any.pt2", any_batch=True)
    subprocess.run([sys.executable, "-c", RUNS_ALONE], cwd=tmp_path, check=True)
    assert distance(str(tmp_path / "fp32.pt2"), build(load(NET)), 2) > 1e-3  # other weights


@pytest.mark.slow
def test_a_package_of_features_gives_them_by_name(tmp_path):
    model, x = single(load(NET.replace("survive", "tap s1, s2 survive")))
    for_inference(model).save(tmp_path / "net.pt2", batch=2)
    given = torch._inductor.aoti_load_package(str(tmp_path / "net.pt2"))(x)
    assert list(given) == ["s1", "s2", "head"]
    assert_same(list(given.values()), outputs(model, x), 1e-5)


def test_the_public_name_is_there():
    assert isinstance(resdsl.for_inference(NET), Inference)
