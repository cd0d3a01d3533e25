"""Networks of the library compute what pytorchcv's of the same name compute, with the same weights, in float64."""

from __future__ import annotations

import json

import pytest
import torch

from resdsl import build
from tests.specs.conftest import Library
from tests.specs.make_peers import FILE, compute

PEERS: dict[str, dict[str, list[float]]] = json.loads(FILE.read_text("utf-8"))
LARGE = ("se_resnet50", "se_resnext50", "resnet50_d", "senet154", "vgg19", "pyramidnet_imagenet")
TOLERANCE = {"eval": 1e-11, "train": 1e-9, "gradient": 1e-8}


@pytest.mark.parametrize(
    "call", [pytest.param(call, marks=pytest.mark.slow if call.startswith(LARGE) else ()) for call in PEERS]
)
def test_a_network_computes_what_its_peer_does(call: str, library: Library) -> None:
    peer = PEERS[call]
    (file,) = [path.name for path, network in library.networks if network.name == call.partition("(")[0]]
    module = build(f'res 1 use "{file}" network peer = {call}')
    found = compute(module, int(peer["size"]), trains="train" in peer)
    for quantity, values in found.items():
        wanted = torch.tensor(peer[quantity], dtype=torch.float64)
        off = (torch.tensor(values, dtype=torch.float64) - wanted).abs().max() / wanted.abs().max()
        assert off < TOLERANCE[quantity], quantity
