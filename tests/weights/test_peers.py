"""Weights go from models of torchvision, timm and pytorchcv into networks of `.res` and back, to the last digits."""

import pytest

from benchmarks.peers import PEERS, TOLERANCE, carry

QUICK = {
    "torchvision:regnet_y_400mf",
    "torchvision:resnet18",
    "timm:legacy_seresnet18",
    "timm:resnet50d",
    "timm:regnety_002",
    "timm:resnetv2_50",
    "pytorchcv:resnet20_cifar10",
    "pytorchcv:preresnet20_cifar10",
    "pytorchcv:ror3_56_cifar10",
    "pytorchcv:nin_cifar10",
}
"""One of each kind of layout that takes a second or two; `python benchmarks/peers.py` carries all of them."""

CHOSEN = [peer for peer in PEERS if f"{peer.library}:{peer.name}" in QUICK]


def test_the_table_has_at_least_25_models_of_three_libraries():
    assert len({(peer.library, peer.name) for peer in PEERS}) == len(PEERS) >= 25
    assert {peer.library for peer in PEERS} == {"torchvision", "timm", "pytorchcv"}
    assert len(CHOSEN) == len(QUICK)


@pytest.mark.parametrize("peer", CHOSEN, ids=lambda peer: f"{peer.library}:{peer.name}")
def test_the_same_weights_give_the_same_logits_in_both_layouts(peer, tmp_path):
    carried = carry(peer, tmp_path)
    assert carried.into <= TOLERANCE
    assert carried.back <= TOLERANCE


@pytest.mark.slow
@pytest.mark.parametrize(
    "peer",
    [peer for peer in PEERS if not peer.is_large and peer not in CHOSEN],
    ids=lambda peer: f"{peer.library}:{peer.name}",
)
def test_the_same_weights_give_the_same_logits_in_both_layouts_of_the_larger_ones(peer, tmp_path):
    carried = carry(peer, tmp_path)
    assert max(carried.into, carried.back) <= TOLERANCE
