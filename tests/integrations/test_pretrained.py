"""A folder of `model.res` and `model.safetensors` is a trained network; nothing in it is run."""

import pytest
import torch
from safetensors.torch import load_file, save_file

import resdsl
from resdsl import ResError
from resdsl.integrations.huggingface import HubNetwork
from tests.integrations.nets import PRE, ROR

IMAGES = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def trained(spec, **params) -> torch.nn.Module:
    """A network whose statistics are no longer those it began with."""
    model = resdsl.build(spec, **params).train()
    model(IMAGES)
    return model.eval()


@pytest.mark.parametrize(("spec", "params"), [(ROR, {"n": 1, "classes": 3}), (PRE, {}), ("resnet_cifar", {"depth": 8})])
def test_what_is_saved_is_loaded(spec: str, params: dict[str, int], tmp_path):
    model = trained(spec, **params)
    resdsl.save_pretrained(model, tmp_path / "net")
    assert sorted(path.name for path in (tmp_path / "net").iterdir()) == ["model.res", "model.safetensors"]
    loaded = resdsl.from_pretrained(tmp_path / "net")
    assert not loaded.training
    assert torch.equal(loaded(IMAGES), model(IMAGES))
    resdsl.save_pretrained(loaded, tmp_path / "again")
    assert resdsl.load(tmp_path / "again" / "model.res").digest == resdsl.load(spec, params=params).digest


def test_the_author_s_text_is_kept_and_its_parameters_stand_at_its_end(tmp_path):
    resdsl.save_pretrained(resdsl.build(ROR, n=1), tmp_path)
    text = (tmp_path / "model.res").read_text()
    assert text == f"{ROR}\n\n# resdsl: network ror(n = 1)\n"


@pytest.mark.parametrize("more", ["", "block unused(width) { residual conv(3, width) }"])
def test_a_spec_with_files_of_its_own_is_saved_without_them(more: str, tmp_path):
    """The files together, or, where two define one name, the network with every name resolved."""
    (tmp_path / "net.res").write_text(f"{ROR}\n{more}")
    (tmp_path / "more.res").write_text(f'res 1 use "net.res" {more} network more = ror(n = 1) {{ act elu }}')
    model = trained(tmp_path / "more.res")
    resdsl.save_pretrained(model, tmp_path / "saved")
    (tmp_path / "net.res").unlink()
    loaded = resdsl.from_pretrained(tmp_path / "saved")
    assert torch.equal(loaded(IMAGES), model(IMAGES))
    if not more:
        assert loaded.state_dict().keys() == model.state_dict().keys()


def test_the_types_of_the_weights_are_kept(tmp_path):
    resdsl.save_pretrained(trained(PRE).double(), tmp_path)
    assert {p.dtype for p in resdsl.from_pretrained(tmp_path).parameters()} == {torch.float64}


def test_the_hub_s_mixin_writes_and_reads_the_same_folder(tmp_path):
    model = trained(PRE)
    HubNetwork(model).save_pretrained(tmp_path)
    assert "library_name: resdsl" in (tmp_path / "README.md").read_text()
    assert torch.equal(resdsl.from_pretrained(tmp_path)(IMAGES), model(IMAGES))
    assert torch.equal(HubNetwork.from_pretrained(tmp_path)(IMAGES), model(IMAGES))
    assert load_file(tmp_path / "model.safetensors").keys() == model.state_dict().keys()  # no prefix


def test_weights_of_another_network_are_refused(tmp_path):
    resdsl.save_pretrained(resdsl.build(ROR), tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    state["head.linear.weight"] = torch.zeros(3, 16)
    state["head.other"] = state.pop("head.linear.bias")
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(ResError) as raised:
        resdsl.from_pretrained(tmp_path)
    for name in ("head.linear.bias", "head.other", "head.linear.weight"):
        assert name in str(raised.value)


def test_a_folder_is_never_run(tmp_path):
    """Pickles and Python files lie there unread; a truncated file is refused."""
    resdsl.save_pretrained(resdsl.build(PRE), tmp_path)
    (tmp_path / "modeling.py").write_text("raise SystemExit('ran')")
    resdsl.from_pretrained(tmp_path)
    weights = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(ResError, match="is a damaged safetensors file"):
        resdsl.from_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(resdsl.build(PRE), tmp_path / "pytorch_model.bin")
    with pytest.raises(ResError, match=r"model\.safetensors.* cannot be read"):
        resdsl.from_pretrained(tmp_path)
    (tmp_path / "model.res").write_text("__import__('os')")
    with pytest.raises(ResError):
        resdsl.from_pretrained(tmp_path)


def test_a_module_that_this_process_has_not_built_needs_its_graph(tmp_path):
    with pytest.raises(ValueError, match="has not built `Linear`"):
        resdsl.save_pretrained(torch.nn.Linear(1, 1), tmp_path)


def test_a_missing_library_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch):
    import sys

    for name in ("timm", "timm_network"):
        monkeypatch.delitem(sys.modules, f"resdsl.integrations.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "timm.models", None)
    monkeypatch.delitem(vars(resdsl), "timm", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"`resdsl\.timm` needs timm\.models: `pip install 'resdsl\[timm\]'`"):
        resdsl.timm  # noqa: B018
