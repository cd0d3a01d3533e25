"""A registered spec answers all that timm asks of a model, as timm's own models do."""

import copy
import pickle
import warnings

import pytest
import torch

import resdsl
from resdsl import ResError
from tests.integrations.nets import CONV_HEAD, PRE, ROR, TWO_LINEAR

IMAGES = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def create():
    """Registers a spec and creates it, as two lines of a user would."""
    import timm

    def run(spec, *, params=None, name="resdsl_net", **arguments):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the name is taken anew by each test
            resdsl.timm.register(name, spec, params=params)
        return timm.create_model(name, **arguments)

    return run


@pytest.mark.parametrize(("spec", "size"), [(ROR, 16), (PRE, 16), (TWO_LINEAR, 8), (CONV_HEAD, 8)])
def test_features_and_head_are_the_network(create, spec: str, size: int):
    model = create(spec).eval()
    images = IMAGES[:, :, :size, :size]
    assert list(model.state_dict()) == list(resdsl.build(spec).state_dict())
    features = model.forward_features(images)
    assert features.shape[1] == model.num_features
    assert torch.equal(model.forward_head(features), model(images))
    before = model.forward_head(features, pre_logits=True)
    assert before.shape[:2] == (2, model.head_hidden_size)
    if spec is CONV_HEAD:  # nothing in it is a classifier
        assert torch.equal(before, model(images))
    else:
        assert torch.equal(model.get_classifier()(before), model(images))


def test_it_agrees_with_timm_s_own_resnet18(create):
    """The oracle is timm's: weights, logits, features, groups of layers."""
    import timm

    spec = 'res 1 use "resnet.res" network mine = resnet18 { keys timm }'
    theirs = timm.create_model("resnet18").eval()
    mine = create(spec).eval()
    mine.load_state_dict(theirs.state_dict())
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(mine(images), theirs(images))
    torch.testing.assert_close(mine.forward_features(images), theirs.forward_features(images))
    assert mine.num_features == theirs.num_features == 512
    assert mine.pretrained_cfg["classifier"] == theirs.pretrained_cfg["classifier"] == "fc"
    assert mine.pretrained_cfg["first_conv"] == theirs.pretrained_cfg["first_conv"] == "conv1"
    for own, other in zip(mine.feature_info[1:], theirs.feature_info[1:]):  # theirs[0] is before the pooling
        assert own == {key: other[key] for key in own}

    from timm.models import group_parameters

    for coarse in (False, True):
        groups = [group_parameters(model, model.group_matcher(coarse), reverse=True) for model in (mine, theirs)]
        assert groups[0] == groups[1]

    last, kept = mine.forward_intermediates(images, indices=[1, 4])
    wanted = theirs.forward_intermediates(images, indices=[1, 4], intermediates_only=True)
    torch.testing.assert_close(kept, wanted)
    assert last is kept[-1]


def test_features_only_gives_what_is_asked_and_drops_the_rest(create):
    model = create(ROR).eval()
    backbone = create(ROR, features_only=True, out_indices=(1, 2)).eval()
    assert [name for name, _ in backbone.model.named_children()] == ["stem", "a", "b"]
    assert (backbone.feature_info.channels(), backbone.feature_info.reduction()) == ([4, 8], [1, 2])
    state = model.state_dict()
    backbone.model.load_state_dict({key: state[key] for key in backbone.model.state_dict()})
    wanted = model.forward_intermediates(IMAGES, indices=[1, 2], intermediates_only=True)
    assert all(map(torch.equal, backbone(IMAGES), wanted))
    assert len(create(PRE, features_only=True)(IMAGES)) == 3  # the stem and two stages


def test_drop_path_is_timm_s_schedule(create):
    """timm's: rates from 0 to the one given, evenly, over all blocks."""
    model = create(ROR, drop_path_rate=0.3)
    assert model.survival() == pytest.approx((1 - torch.linspace(0, 0.3, 6)).tolist())
    kept = torch.stack([torch.as_tensor(scale).flatten() for scale in model.train().draw(IMAGES)])
    assert kept.shape == (6, 2)  # drawn for each sample
    assert all(scale == 0 or scale == pytest.approx(1 / 0.7) for scale in kept[5].tolist())  # rescaled in training
    assert create(PRE, drop_path_rate=0.2).survival()[-1] == pytest.approx(0.8)
    assert create(TWO_LINEAR, drop_path_rate=0.2).survival() == [1.0]


def test_num_classes_is_the_spec_s_parameter_or_a_new_classifier(create):
    assert create(ROR, num_classes=3)(IMAGES).shape == (2, 3)
    assert "classes = 3" in create(ROR, num_classes=3).__doc__
    assert create(PRE, num_classes=3)(IMAGES).shape == (2, 3)
    assert create(ROR, num_classes=0)(IMAGES).shape == (2, 16)
    assert create(ROR, num_classes=0, global_pool="")(IMAGES).shape == (2, 16, 4, 4)
    assert create(ROR, n=1, num_classes=3)(IMAGES).shape == (2, 3)
    model = create(PRE)
    model.reset_classifier(11)
    assert (model.num_classes, model(IMAGES).shape) == (11, (2, 11))
    assert model.get_classifier() is model.get_submodule("head.linear")


def test_other_channels_come_in(create):
    assert create(PRE, in_chans=1)(IMAGES[:, :1]).shape == (2, 7)


def test_dropout_stands_before_the_classifier(create):
    model = create(PRE, drop_rate=1.0)
    with torch.no_grad():
        model.get_classifier().bias.fill_(3.0)
    assert torch.equal(model.train()(IMAGES), torch.full((2, 7), 3.0))
    assert not torch.equal(model.eval()(IMAGES), torch.full((2, 7), 3.0))


def n_kept_for_backward(model: torch.nn.Module) -> tuple[torch.Tensor, int]:
    """A loss, and how many values autograd keeps for its backward pass."""
    kept = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        return model(IMAGES).square().sum(), sum(kept)


@pytest.mark.parametrize("spec", [ROR, PRE])
def test_checkpointing_changes_no_gradient_and_no_statistic(create, spec: str):
    plain = create(spec).train()
    saving = copy.deepcopy(plain)
    saving.set_grad_checkpointing()
    counts = []
    for model in (plain, saving, copy.deepcopy(saving)):
        torch.manual_seed(0)
        for _ in range(2):
            loss, n_kept = n_kept_for_backward(model)
            loss.backward()
        counts.append(n_kept)
        for found, wanted in zip(model.parameters(), plain.parameters()):
            assert torch.equal(found.grad, wanted.grad) if wanted.grad is not None else found.grad is None
        assert all(map(torch.equal, model.state_dict().values(), plain.state_dict().values()))
    assert counts[1] == counts[2] < 0.6 * counts[0]
    saving.set_grad_checkpointing(False)
    assert all("forward" not in vars(module) for module in saving.modules())


def test_a_model_copies_pickles_and_is_saved(create, tmp_path):
    model = create(ROR, num_classes=3, drop_path_rate=0.1).eval()
    torch.save(model.state_dict(), tmp_path / "state.pt")
    again = create(ROR, num_classes=3, drop_path_rate=0.1, checkpoint_path=str(tmp_path / "state.pt")).eval()
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), again):
        assert torch.equal(other(IMAGES), model(IMAGES))
        assert torch.equal(other.forward_features(IMAGES), model.forward_features(IMAGES))


def test_what_cannot_be_done_is_told(create):
    with pytest.raises(ResError, match="has no parameter `deep`"):
        create(ROR, deep=3)
    with pytest.raises(ValueError, match="`conv_head` does not end with a linear layer"):
        create(CONV_HEAD, num_classes=3)
    with pytest.raises(ValueError, match="goes with `num_classes=0`"):
        create(PRE, num_classes=3, global_pool="")
    with pytest.raises(ResError, match="there is no layer named `cnov`"):
        create(PRE.replace("stem conv", "stem cnov"))
    with pytest.raises(ValueError, match="features are NCHW, not NLC"):
        create(PRE).forward_intermediates(IMAGES, output_fmt="NLC")
