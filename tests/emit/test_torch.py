"""The built module is the emitted file, to the last bit; it copies, pickles, moves and shows its lines."""

import copy
import importlib.util
import inspect
import io
import multiprocessing
import pickle
import traceback

import pytest
import torch
from torch import nn

from resdsl import load
from resdsl.emit.python.file import emit_file
from resdsl.emit.torch import build
from resdsl.emit.write import write_file

SPECS = {
    "post": """
        stem conv(3x3, 4) -> bn -> relu
        stage s1 : basic(4) * 3
        stage s2 /2 : bottleneck(4) * 2
        head global_avgpool -> linear(5)
        shortcut identity else projection
        init he_fan_out""",
    "pre": """
        stem conv(3x3, 4)
        stage s1 : wide(8, rate = 0.3) * 2
        stage s2 /2 : preact_basic(16) * 2
        head bn -> relu -> global_avgpool -> linear(5)
        shortcut identity else conv_shortcut
        init he_fan_in""",
    "gated": """
        stem conv(3x3, 4) -> bn -> relu
        stage s1 : se_basic(4, reduction = 2) * 2
        stage s2 /2 : basic(8) * 2
        head global_avgpool -> linear(5)
        shortcut exclusive_gate(-3) else zero_pad
        init he_fan_out, zero_residual""",
    "ror": """
        stem conv(3x3, 4) -> bn -> relu
        stage s1 : basic(4) * 4
        stage s2 /2 : basic(8) * 4
        head global_avgpool -> linear(5)
        shortcut identity else zero_pad
        link inner over each 2 via conv_shortcut
        link middle over each stage via conv_shortcut
        link root over all via conv_shortcut
        survive linear(0.5)
        init xavier""",
    "odd": """
        stem conv(3x3, 4) -> layernorm -> pelu -> spatial_dropout(0.1)
        stage s1 : weighted_basic(4) * 2
        layers up : conv(3x3, 8, /2) -> bernoulli(0.5) -> prelu(per = channel) -> maxout(2)
        stage s2 : elu_basic(4) * 2
        head conv(1x1, 6, bias = 0) -> global_maxpool -> linear(5)
        shortcut identity
        survive linear(0.8), per = sample, rescale = train
        tap s1, s2
        init normal(0.1)""",
}


def graph_of(name):
    return load(f'res 1 use "std.res" network {name} {{ input 3x8x8 {SPECS[name]} }}')


def train_step(model, x):
    """Everything that a training step leaves: outputs, loss, gradients, buffers."""
    output = model.train()(x)
    outputs = list(output.values()) if isinstance(output, dict) else [output]
    loss = sum(value.pow(2).mean() for value in outputs)
    loss.backward()
    gradients = [parameter.grad for parameter in model.parameters()]
    return [*outputs, loss, *gradients, *model.buffers()]


def assert_bit_equal(ours, theirs):
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert (one is None and other is None) or torch.equal(one, other)


def batch():
    return torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture(params=SPECS)
def graph(request):
    return graph_of(request.param)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_written_file_imported_is_the_built_module_bit_for_bit(graph, seed, tmp_path):
    file = emit_file(graph)
    path = tmp_path / "net.py"
    write_file(path, file.text)
    spec = importlib.util.spec_from_file_location(f"net_{graph.name}_{seed}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    torch.manual_seed(seed)
    imported = getattr(module, file.class_name)()
    torch.manual_seed(seed)
    model = build(graph)
    ours, theirs = model.state_dict(), imported.state_dict()
    assert list(ours) == list(theirs)
    assert_bit_equal(list(ours.values()), list(theirs.values()))
    torch.manual_seed(seed)
    after = train_step(model, batch())
    torch.manual_seed(seed)
    assert_bit_equal(after, train_step(imported, batch()))
    with torch.no_grad():
        ours, theirs = model.eval()(batch()), imported.eval()(batch())
    assert_bit_equal(*([*out.values()] if isinstance(out, dict) else [out] for out in (ours, theirs)))
    assert model.spec == imported.spec


def test_the_state_dict_goes_there_and_back(graph):
    model, other = build(graph), build(graph)
    other.load_state_dict(model.state_dict(), strict=True)
    assert_bit_equal(list(model.state_dict().values()), list(other.state_dict().values()))


@pytest.mark.parametrize("make_copy", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_computes_the_same_and_shares_nothing(graph, make_copy):
    model = build(graph)
    other = make_copy(model)
    assert type(other) is type(model)
    torch.manual_seed(3)
    ours = train_step(model, batch())
    torch.manual_seed(3)
    assert_bit_equal(ours, train_step(other, batch()))
    with torch.no_grad():
        next(model.parameters()).add_(1)
    assert not torch.equal(next(model.parameters()), next(other.parameters()))


def test_a_saved_module_loads():
    model = build(graph_of("ror"))
    saved = io.BytesIO()
    torch.save(model, saved)
    saved.seek(0)
    other = torch.load(saved, weights_only=False)
    assert_bit_equal(list(model.state_dict().values()), list(other.state_dict().values()))
    assert other.spec == model.spec


def test_a_block_pickles_by_itself():
    block = build(graph_of("post")).s1[1]
    assert type(pickle.loads(pickle.dumps(block))) is type(block)


def work(model, results):
    """In another process: what the module gives there."""
    results.put((type(model).__name__, model.eval()(batch()).sum().item(), model.spec))


def test_a_module_goes_to_a_spawned_process():
    model = build(graph_of("ror"))
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=work, args=(model, results))
    process.start()
    name, total, spec = results.get(timeout=120)
    process.join()
    assert (name, spec) == ("Ror", model.spec)
    assert total == model.eval()(batch()).sum().item()


def test_equal_networks_share_their_classes_and_others_do_not():
    one, other = build(graph_of("post")), build(graph_of("post"))
    assert type(one) is type(other)
    assert type(one.s1[0]) is type(one.s1[2])
    assert type(build(graph_of("pre"))) is not type(one)


def test_a_class_that_somebody_derives_pickles_as_their_own():
    global Mine  # noqa: PLW0603  pickle finds classes by their module

    class Mine(type(build(graph_of("post")))):
        pass

    Mine.__qualname__ = "Mine"
    assert pickle.dumps(Mine())[:200].count(b"Mine") == 1


def test_a_traceback_shows_the_emitted_line():
    model = build(graph_of("post"))
    try:
        model(torch.randn(1, 7, 8, 8))
    except RuntimeError:
        text = traceback.format_exc()
    assert "x = self.stem(x)  # (N, 4, 8, 8)" in text
    assert "<resdsl post " in text


def test_the_source_of_a_class_is_there_to_inspect():
    model = build(graph_of("post"))
    assert inspect.getsource(type(model)).startswith("class Post(nn.Module):")
    assert inspect.getsource(type(model.s1[0])) in emit_file(graph_of("post")).text


def test_a_module_on_the_meta_device_has_shapes_and_no_values(graph):
    model = build(graph, device="meta")
    assert {tensor.device.type for tensor in (*model.parameters(), *model.buffers())} == {"meta"}
    plain = build(graph).state_dict()
    assert {key: value.shape for key, value in model.state_dict().items()} == {
        key: value.shape for key, value in plain.items()
    }
    output = model.eval()(torch.empty(2, 3, 8, 8, device="meta"))
    assert all(value.is_meta for value in (output.values() if isinstance(output, dict) else [output]))


def test_a_module_on_the_meta_device_can_be_filled():
    model = build(graph_of("ror"), device="meta")
    other = build(graph_of("ror"))
    model.load_state_dict(other.state_dict(), assign=True)
    assert torch.equal(model.eval()(batch()), other.eval()(batch()))


def test_the_default_device_and_dtype_are_the_hosts():
    with torch.device("meta"):
        assert next(build(graph_of("post")).parameters()).is_meta
    torch.set_default_dtype(torch.float64)
    try:
        assert next(build(graph_of("post")).parameters()).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", ["post", "pre", "gated", "ror"])
def test_channels_last_changes_the_memory_and_not_the_result(name):
    model = build(graph_of(name)).double().eval()
    x = batch().double()
    wanted = model(x)
    got = model.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
    assert (got - wanted).abs().max() < 1e-12 * wanted.abs().max()


def test_taps_return_features_by_label_then_the_output():
    model = build(graph_of("odd")).eval()
    features = model(batch())
    assert {label: tuple(value.shape) for label, value in features.items()} == {
        "s1": (4, 4, 8, 8),
        "s2": (4, 4, 4, 4),
        "head": (4, 5),
    }
    assert model.feature_info == [
        {"module": "s1", "num_chs": 4, "reduction": 1},
        {"module": "s2", "num_chs": 4, "reduction": 2},
    ]
    seen = {}
    for name in ("s1", "s2"):
        blocks = getattr(model, name)
        blocks[-1].register_forward_hook(lambda *event, name=name: seen.__setitem__(name, event[-1]))
    features = model(batch())
    assert all(torch.equal(features[name], seen[name]) for name in seen)


def test_a_backbone_without_a_head_returns_its_last_stage_once():
    spec = 'res 1 use "std.res" network net { input 3x8x8 stem conv(3x3, 4) '
    spec += "stage s1 : basic(4) * 1 stage s2 /2 : basic(8) * 1 "
    taps = build(load(spec + "shortcut identity else zero_pad tap s1, s2 }"))
    assert list(taps(batch())) == ["s1", "s2"]
    plain = build(load(spec + "shortcut identity else zero_pad }"))
    plain.load_state_dict(taps.state_dict())
    assert torch.equal(plain.eval()(batch()), taps.eval()(batch())["s2"])


@pytest.mark.parametrize(("rank", "conv"), [(1, nn.Conv1d), (3, nn.Conv3d)])
def test_signals_and_volumes_are_built_as_images_are(rank, conv):
    size = "x".join(["8"] * rank)
    spec = f'res 1 use "std.res" network net {{ input 2x{size} stem conv(3, 4) -> bn -> relu stage s1 : basic(4) * 2 '
    spec += (
        "stage s2 /2 : basic(8) * 2 head global_avgpool -> linear(3) shortcut identity else zero_pad init he_fan_out }"
    )
    model = build(load(spec))
    assert isinstance(model.stem.conv, conv)
    assert model(torch.randn(2, 2, *[8] * rank)).shape == (2, 3)


def test_the_spec_of_a_module_is_its_text_and_loads_as_the_same_network():
    graph = load("ror3", depth=20)
    model = build(graph)
    assert model.spec.startswith(graph.spec.rstrip())
    assert model.spec.endswith("# resdsl: network ror3(depth = 20)\n")
    assert load(model.spec).digest == graph.digest
