"""Features are what the whole network computes at these places, whichever library asks for them."""

import copy
import pickle

import pytest
import torch

import resdsl
from resdsl import ResError
from resdsl.ir.verify import verify
from resdsl.passes.backbone import cut_backbone
from tests.integrations.nets import PRE, ROR


def outputs_of_stages(model: torch.nn.Module, images: torch.Tensor, labels: list[str]) -> dict[str, torch.Tensor]:
    """What leaves the last block of each stage, seen by hooks on the whole network."""
    found = {}
    for label in labels:
        block = model.get_submodule(label)[-1]
        block.register_forward_hook(lambda _, __, output, label=label: found.update({label: output}))
    model(images)
    return found


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("spec", "labels"), [(ROR, ["a", "b", "c"]), (ROR, ["b"]), (PRE, ["a"]), (PRE, ["b", "a"])])
def test_the_features_are_those_of_the_whole_network(spec: str, labels: list[str], images: torch.Tensor):
    model = resdsl.build(spec).eval()
    backbone = resdsl.Backbone(spec, out_features=labels).eval()
    state = model.state_dict()
    backbone.net.load_state_dict({key: state[key] for key in backbone.net.state_dict()})
    wanted = outputs_of_stages(model, images, labels)
    found = backbone(images)
    assert list(found) == sorted(labels)
    for label, feature in found.items():
        assert torch.equal(feature, wanted[label])
        shape = backbone.output_shape()[label]
        assert (shape.channels, 16 // shape.stride) == (feature.shape[1], feature.shape[2])


def test_nothing_beyond_the_last_feature_is_made():
    graph = cut_backbone(resdsl.load(ROR), ["b"])
    verify(graph)
    assert [section.label for section in graph.sections] == ["stem", "a", "b"]
    assert [link.name for link in graph.links] == ["middle", "middle"]  # `root` ends beyond it
    wanted = [1 - l / 6 * 0.5 for l in range(1, 5)]  # l and L are the whole network's
    assert [step.survival for step in graph.blocks] == pytest.approx(wanted)


def test_every_stage_is_a_feature_unless_some_are_named():
    backbone = resdsl.Backbone(PRE)
    assert backbone.out_channels == [4, 8]
    assert backbone.size_divisibility == 4
    assert resdsl.Backbone("resnet_cifar", depth=8, widen=2).out_channels == [32, 64, 128]


def test_a_section_that_there_is_not_is_told():
    with pytest.raises(ResError, match="has no section `d`"):
        resdsl.Backbone(ROR, out_features=["d"])


def test_a_backbone_copies_and_pickles(images: torch.Tensor):
    backbone = resdsl.Backbone(ROR, out_features=["c"]).eval()
    for other in (copy.deepcopy(backbone), pickle.loads(pickle.dumps(backbone))):
        assert torch.equal(other(images)["c"], backbone(images)["c"])


# ---------------------------------------------------------------- mmengine


def test_frozen_stages_neither_train_nor_move_their_statistics(images: torch.Tensor):
    from mmengine.registry import MODELS

    import resdsl.integrations.mmengine  # noqa: F401  what `custom_imports` does

    config = {"type": "ResDSLBackbone", "spec": PRE, "frozen_stages": 1, "out_indices": (0, 1)}
    backbone = MODELS.build(config).train()
    before = copy.deepcopy(backbone.state_dict())
    sum(feature.sum() for feature in backbone(images)).backward()
    trained = {name.split(".")[2] for name, p in backbone.named_parameters() if p.grad is not None}
    moved = {key.split(".")[2] for key, value in backbone.state_dict().items() if not torch.equal(value, before[key])}
    assert trained == moved == {"b"}


def test_norm_eval_keeps_statistics_and_trains_weights(images: torch.Tensor):
    from resdsl.integrations.mmengine import ResDSLBackbone

    backbone = ResDSLBackbone(PRE, norm_eval=True).train()
    before = copy.deepcopy(backbone.state_dict())
    sum(feature.sum() for feature in backbone(images)).backward()
    assert all(torch.equal(value, before[key]) for key, value in backbone.state_dict().items())
    assert all(p.grad is not None for p in backbone.parameters())


def test_out_indices_that_there_are_not_are_told():
    from resdsl.integrations.mmengine import ResDSLBackbone

    with pytest.raises(ValueError, match=r"`pre` has 2 stages; `out_indices` is \(0, 2\)"):
        ResDSLBackbone(PRE, out_indices=(0, 2))


# ---------------------------------------------------------------- torchvision


@pytest.mark.parametrize("spec", [ROR, PRE])
def test_torchvision_s_extractor_finds_stages_by_their_labels(spec: str, images: torch.Tensor):
    from torchvision.models.feature_extraction import create_feature_extractor

    model = resdsl.build(spec).eval()
    extractor = create_feature_extractor(model, return_nodes={"a": "a", "b": "b"})
    wanted = outputs_of_stages(model, images, ["a", "b"])
    assert all(torch.equal(feature, wanted[label]) for label, feature in extractor(images).items())


# ---------------------------------------------------------------- transformers


def test_a_transformers_backbone_needs_no_file_after_it_was_saved(tmp_path, images: torch.Tensor):
    from transformers import AutoBackbone, AutoConfig

    from resdsl.integrations import transformers as adapter

    adapter.register()
    adapter.register()  # twice is once
    spec = tmp_path / "ror.res"
    spec.write_text(ROR)
    config = adapter.ResDSLConfig(spec=str(spec), params={"n": 1}, out_features=["a", "c"])
    assert (config.stage_names, config.out_indices) == (["stem", "a", "b", "c"], [1, 3])
    backbone = AutoBackbone.from_config(config).eval()
    assert backbone.channels == [4, 16]
    backbone.save_pretrained(tmp_path / "saved")
    spec.unlink()
    again = AutoBackbone.from_config(AutoConfig.from_pretrained(tmp_path / "saved"))
    loaded = adapter.ResDSLBackbone.from_pretrained(tmp_path / "saved").eval()
    assert again.state_dict().keys() == loaded.state_dict().keys()
    with pytest.raises(ValueError, match="a `ResDSLConfig` needs its `spec`"):
        adapter.ResDSLBackbone(adapter.ResDSLConfig())
    for found, wanted in zip(loaded(images).feature_maps, backbone(images).feature_maps):
        assert torch.equal(found, wanted)
    assert len(loaded(images, return_dict=False)[0]) == 2
