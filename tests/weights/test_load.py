"""Checkpoints are recognised, matched by name and shape, and loaded whole unless a part is said to be enough."""

import runpy

import pytest
import torch

import resdsl
from resdsl import Code, ResError, load_weights
from resdsl.emit.state import key_map
from resdsl.weights.fit import Reading, fit_checkpoint
from resdsl.weights.suggest import suggest_renames
from tests.weights.conftest import TINY

LAYOUTS = ["native", "torchvision", "timm", "pytorchcv", "detectron2", "torch7", "caffe"]


def under(state, graph, scheme):
    names = key_map(graph, "torchvision", scheme)
    return {names[key]: value for key, value in state.items() if key in names}


def equal(one, other, but=()):
    return all(torch.equal(value, other[key]) for key, value in one.items() if not key.endswith(tuple(but)))


@pytest.mark.parametrize("scheme", LAYOUTS)
def test_a_layout_is_recognised_and_loaded(scheme, graph, trained, saved):
    model = resdsl.build(TINY)
    fit = load_weights(model, saved(under(trained.state_dict(), graph, scheme)))
    # torchvision's names are timm's where there is nothing that torchvision lacks
    assert fit.match.scheme == ("torchvision" if scheme == "timm" else scheme)
    assert fit.match.is_complete
    stored = [key for key in trained.state_dict() if scheme != "caffe" or not key.endswith("num_batches_tracked")]
    assert len(fit.match.pairs) == len(stored)
    assert len(fit.match.counters) == len(trained.state_dict()) - len(stored)
    assert equal(model.state_dict(), trained.state_dict(), but=["num_batches_tracked"] if scheme == "caffe" else [])


@pytest.mark.parametrize("prefix", ["module.", "model.backbone.", "_orig_mod."])
def test_what_stands_before_every_key_is_found(prefix, trained, saved):
    model = resdsl.build(TINY)
    state = {f"{prefix}{key}": value for key, value in trained.state_dict().items()}
    fit = load_weights(model, saved({"state_dict": state, "step": 1}, "net.pth"))
    assert fit.match.prefix == prefix
    assert equal(model.state_dict(), trained.state_dict())


def test_numbers_of_another_type_become_those_of_the_module(trained, saved):
    model = resdsl.build(TINY).double()
    state = {k: v.half() if v.is_floating_point() else v for k, v in trained.state_dict().items()}
    load_weights(model, saved(state))
    assert model.conv1.weight.dtype == torch.float64
    assert torch.equal(model.conv1.weight, state["conv1.weight"].double())


def test_what_does_not_fit_changes_nothing_and_is_told(trained, saved):
    model = resdsl.build(TINY)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    state = dict(trained.state_dict())
    del state["layer1.0.conv1.weight"]
    state["fc.weight"] = torch.zeros(5, 32)
    state["more"] = torch.zeros(1)
    path = saved(state)
    with pytest.raises(ResError) as caught:
        load_weights(model, path)
    [told] = caught.value.diagnostics
    n = len(before)
    assert told.code is Code.WEIGHTS_FIT
    assert told.message.startswith(f"{path}: named as torchvision; {n - 2} of {n} tensors fit")
    assert told.message.endswith("missing: layer1.0.conv1.weight; unexpected: more; of another shape: fc.weight")
    assert "`--partial` (`partial=True`) takes what fits" in told.help
    assert equal(before, model.state_dict())

    fit = load_weights(model, path, partial=True)
    assert "missing        1 tensor\n    layer1.0.conv1.weight: 4x8x1x1" in str(fit)
    assert "shape differs  1 tensor\n    fc.weight: 10x32 wanted, 5x32 there" in str(fit)
    assert torch.equal(model.fc.bias, state["fc.bias"])
    assert torch.equal(model.fc.weight, before["fc.weight"])


def test_where_nothing_fits_a_part_is_not_enough(saved):
    with pytest.raises(ResError, match="no name is known; 0 of"):
        load_weights(resdsl.build(TINY), saved({"x": torch.ones(2)}), partial=True)


def test_counts_of_batches_may_be_absent(trained, saved):
    state = {key: value for key, value in trained.state_dict().items() if not key.endswith("num_batches_tracked")}
    model = resdsl.build(TINY)
    fit = load_weights(model, saved(state))
    assert fit.match.is_complete
    assert "not stored     15 counts of batches, which start at 0" in str(fit)
    assert equal(trained.state_dict(), model.state_dict(), but=["num_batches_tracked"])


def test_unknown_names_are_guessed_from_order_and_shape_and_taken_only_if_said(trained, graph, saved):
    names = [f"m{number:04}.{key.rpartition('.')[2]}" for number, key in enumerate(trained.state_dict())]
    state = dict(zip(names, trained.state_dict().values()))
    path = saved(state)
    guessed = suggest_renames(fit_checkpoint(graph, path, Reading()).match)
    assert {rename.key: rename.wanted for rename in guessed} == dict(zip(state, trained.state_dict()))
    with pytest.raises(ResError):
        load_weights(resdsl.build(TINY), path)
    assert fit_checkpoint(graph, path, Reading(suggested=True)).match.is_complete


def test_nothing_is_guessed_where_there_are_more_of_a_kind_than_are_missing(graph, trained, saved):
    state = dict(trained.state_dict())
    del state["fc.bias"]
    path = saved({**state, "one.bias": torch.zeros(10), "two.bias": torch.zeros(10)})
    assert suggest_renames(fit_checkpoint(graph, path, Reading()).match) == ()


def test_renames_lead_from_paths_to_names(trained, saved):
    state = {key.replace("layer1.", "first.").replace("fc.", "out."): v for key, v in trained.state_dict().items()}
    model = resdsl.build(TINY)
    load_weights(model, saved(state), renames={"first": "layer1", "out": "fc"})
    assert equal(trained.state_dict(), model.state_dict())


def test_a_layout_that_lacks_names_fits_the_parts_that_it_names(saved):
    # weights of a plain ResNet for one that was given squeeze-and-excitation and a link
    plain = resdsl.load(TINY)
    changed = TINY.replace("keys torchvision", "link root over all via conv_shortcut").replace(
        "bottleneck(", "se_bottleneck("
    )
    model = resdsl.build(changed)
    fit = load_weights(model, saved(resdsl.build(plain).state_dict()), partial=True)
    assert fit.match.scheme == "torchvision"
    assert not fit.match.unexpected
    assert not fit.match.differing
    own = set(model.state_dict())
    assert len(fit.match.missing) == sum("squeeze" in key or "root" in key for key in own) > 0
    assert "no name in this layout" in str(fit)


def test_the_network_of_an_emitted_file_knows_itself(trained, saved, graph, tmp_path):
    (tmp_path / "net.py").write_text(resdsl.emit(graph, to="python"))
    model = runpy.run_path(str(tmp_path / "net.py"))["Tiny"]()
    load_weights(model, saved(trained.state_dict()))
    assert equal(trained.state_dict(), model.state_dict())


def test_a_module_of_somebody_else_needs_its_spec(trained, saved):
    path = saved(trained.state_dict())
    with pytest.raises(ResError, match="that resdsl did not emit does not tell its network"):
        load_weights(torch.nn.Linear(2, 2), path)
    with pytest.raises(ResError, match="the module has other tensors than the network `tiny`"):
        load_weights(torch.nn.Linear(2, 2), path, spec=TINY)


def test_copies_and_subclasses_know_their_network(trained, saved):
    import copy

    path = saved(trained.state_dict())
    model = copy.deepcopy(resdsl.build(TINY))
    assert load_weights(model, path).match.is_complete


def test_conversion_leads_there_and_back(graph, trained, saved, tmp_path):
    path = saved(trained.state_dict())
    for scheme in LAYOUTS:
        there, back = tmp_path / f"{scheme}.safetensors", tmp_path / "back.pth"
        resdsl.convert_weights(graph, path, there, to=scheme)
        fit = resdsl.convert_weights(graph, there, back, reading=Reading(keys=scheme))
        assert fit.match.is_complete
        assert list(torch.load(back)) == list(trained.state_dict())
        assert equal(trained.state_dict(), torch.load(back), but=["num_batches_tracked"] if scheme == "caffe" else [])


def test_conversion_keeps_the_numbers_type_and_refuses_what_has_no_name(graph, trained, saved, tmp_path):
    state = {k: v.bfloat16() if v.is_floating_point() else v for k, v in trained.state_dict().items()}
    output = tmp_path / "o.safetensors"
    resdsl.convert_weights(graph, saved(state), output, to="detectron2")
    from safetensors import safe_open

    with safe_open(output, "pt") as file:
        assert file.get_tensor("stem.conv1.weight").dtype == torch.bfloat16
        assert file.metadata() == {"format": "pt", "network": "tiny", "keys": "detectron2"}
    with pytest.raises(ResError, match="has no name for"):
        resdsl.convert_weights(graph, saved(state), tmp_path / "p.safetensors", to="torchvision_vgg")
    with pytest.raises(ResError, match=r"weights are written as .safetensors, .pth, .pt; `o.onnx` is none of them"):
        resdsl.convert_weights(graph, saved(state), "o.onnx")
    assert not (tmp_path / "p.safetensors").exists()
